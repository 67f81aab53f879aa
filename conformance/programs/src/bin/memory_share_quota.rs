//! A guest shares as much of its memory as its quotas say, and again what it gave back.

use wasi_cuda::bindings::wasi::cuda::types::ErrorCode;
use wasi_cuda::{Quota, Result};
use wasi_cuda_conformance_programs::{
    Region, covers, default_device, functions::*, ok, refused_with, runs_well,
};

/// What the suite's default setup allows.
const LIMIT: usize = 16 << 20;
const BUFFERS: usize = 64;

fn main() -> Result<()> {
    let device = default_device();
    let region = Region::new(LIMIT + 1);
    let share = |bytes| region.share(&device, 0..bytes);
    let first = match share(LIMIT / 2) {
        Err(ErrorCode::Unsupported(_)) => {
            covers(SHARE, "unsupported");
            return Ok(());
        }
        shared => ok(SHARE, shared),
    };
    refused_with(SHARE, Quota::MappedMemory, share(LIMIT + 1));
    refused_with(SHARE, Quota::MappedMemory, share(LIMIT));
    drop(first);
    drop(ok(SHARE, share(LIMIT / 2)));
    assert_eq!(
        device.memory_usage().used,
        0,
        "the guest's own memory should not count as the device's"
    );

    // Each of these is a buffer, and few of them are ranges as many as buffers may be.
    let buffers: Vec<_> = (1..BUFFERS)
        .map(|_| device.alloc_zeros::<u8>(1))
        .collect::<Result<_>>()?;
    let last = ok(SHARE, share(1));
    refused_with(SHARE, Quota::Buffers, share(1));
    refused_with(BUFFER, Quota::Buffers, device.alloc_zeros::<u8>(1));
    drop(last);
    drop(ok(SHARE, share(1)));
    drop(buffers);
    runs_well(&device);
    Ok(())
}
