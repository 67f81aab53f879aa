//! What may be pending is limited: data that alone is more is refused, and a full queue waits.

use wasi_cuda::bindings::wasi::cuda::memory::Buffer;
use wasi_cuda::{LaunchConfig, Quota, Result};
use wasi_cuda_conformance_programs::{Setup, at, functions::*, ok, refused_with, runs_well};

/// What the suite's default setup allows.
const OPERATIONS: u32 = 1024;
const BYTES: usize = 16 << 20;

fn main() -> Result<()> {
    let setup = Setup::new();
    let stream = &setup.stream;
    let large = Buffer::new(setup.device.raw(), 2 * BYTES as u64)?;
    let data = vec![1; BYTES + 1];
    refused_with(
        WRITE,
        Quota::PendingWork,
        stream.raw().write(at(&large, 0), &data),
    );
    for _ in 0..4 {
        ok(WRITE, stream.raw().write(at(&large, 0), &data[..BYTES]));
    }

    // Ten times as many as may be pending at once, of operations that take hardly any time.
    let mut counter = stream.clone_htod(&[0u32])?;
    for _ in 0..10 * OPERATIONS {
        let arguments = (&mut counter, 1u32, 1u32, 1u32);
        stream.launch(&setup.affine, LaunchConfig::new(1, 1), arguments)?;
    }
    let count = ok(READ, stream.clone_dtoh(&counter));
    assert_eq!(
        count,
        [10 * OPERATIONS],
        "every enqueued launch should have run"
    );

    capture_too_many_operations(&setup);
    capture_too_many_bytes(&setup, &large, &data);
    runs_well(&setup.device);
    Ok(())
}

fn capture_too_many_operations(setup: &Setup) {
    let stream = &setup.stream;
    let buffer = Buffer::new(setup.device.raw(), 4).expect("a small buffer should be allocated");
    ok(BEGIN_CAPTURE, stream.begin_capture());
    for _ in 0..=OPERATIONS {
        ok(FILL, stream.raw().fill(at(&buffer, 0), 4, 1));
    }
    refused_with(END_CAPTURE, Quota::PendingWork, stream.end_capture());
    // The stream no longer captures and nothing of it ran.
    let bytes = ok(READ, stream.raw().read(at(&buffer, 0), 4));
    assert_eq!(
        bytes, [0; 4],
        "what a refused capture recorded should be dropped"
    );
}

fn capture_too_many_bytes(setup: &Setup, large: &Buffer, data: &[u8]) {
    let stream = &setup.stream;
    ok(BEGIN_CAPTURE, stream.begin_capture());
    for _ in 0..3 {
        ok(WRITE, stream.raw().write(at(large, 0), &data[..BYTES / 2]));
    }
    refused_with(END_CAPTURE, Quota::PendingWork, stream.end_capture());
    ok(SYNCHRONIZE, stream.synchronize());
}
