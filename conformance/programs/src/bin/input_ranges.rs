//! Ranges past a buffer's end are refused, also when offset and length together overflow 64 bits.

use wasi_cuda::bindings::wasi::cuda::memory::Buffer;
use wasi_cuda::{Quota, Result};
use wasi_cuda_conformance_programs::{
    at, covers, default_device, functions::*, ok, refused, refused_with, runs_well,
};

const SIZE: u64 = 1000;
const INVALID: &str = "invalid-argument";

fn main() -> Result<()> {
    let device = default_device();
    let stream = device.stream()?;
    let raw = stream.raw();
    let (buffer, other) = (
        Buffer::new(device.raw(), SIZE)?,
        Buffer::new(device.raw(), 2 * SIZE)?,
    );

    let past_the_end = [
        (0, SIZE + 4),
        (4, SIZE),
        (SIZE, 4),
        (SIZE + 4, 0),
        (SIZE + 24, 4),
        (1 << 32, 4),
        (u64::MAX - 3, 4),
        (u64::MAX - 3, 8),
        (4, u64::MAX - 3),
        (u64::MAX - 3, u64::MAX - 3),
        (1 << 63, 1 << 63),
    ];
    for (offset, length) in past_the_end {
        refused(READ, INVALID, raw.read(at(&buffer, offset), length));
        refused(FILL, INVALID, raw.fill(at(&buffer, offset), length, 1));
        refused(
            COPY,
            INVALID,
            raw.copy(at(&buffer, offset), at(&other, 0), length),
        );
        refused(
            COPY,
            INVALID,
            raw.copy(at(&other, 0), at(&buffer, offset), length),
        );
        if let Ok(length @ ..=4096) = usize::try_from(length) {
            refused(
                WRITE,
                INVALID,
                raw.write(at(&buffer, offset), &vec![1; length]),
            );
        }
    }
    for (offset, length) in [
        (0, 1),
        (0, 3),
        (1, 4),
        (2, 4),
        (3, 1),
        (0, SIZE - 1),
        (SIZE - 4, 3),
    ] {
        refused(FILL, INVALID, raw.fill(at(&buffer, offset), length, 1));
    }

    let content = ok(READ, raw.read(at(&buffer, 0), SIZE));
    assert!(
        content.iter().all(|&byte| byte == 0),
        "what was refused should have written nothing"
    );
    sizes(&device);
    runs_well(&device);
    Ok(())
}

/// Buffers of sizes that no device has; a read of more than a guest can address.
fn sizes(device: &wasi_cuda::Device) {
    let used = device.memory_usage().used;
    for size in [
        1 << 63,
        u64::MAX,
        u64::MAX - 255,
        u64::MAX - 256,
        (1 << 63) - 1,
        1 << 48,
    ] {
        refused_with(BUFFER, Quota::Memory, Buffer::new(device.raw(), size));
    }
    refused(BUFFER, INVALID, Buffer::new(device.raw(), 0));
    assert_eq!(
        device.memory_usage().used,
        used,
        "buffers that were refused should use no memory"
    );
    covers(MEMORY_USAGE, "ok");
}
