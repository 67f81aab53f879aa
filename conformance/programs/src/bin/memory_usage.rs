//! A device tells how much of its memory the guest uses, used at most, and may use.

use wasi_cuda::MemoryUsage;
use wasi_cuda_conformance_programs::{covers, default_device, functions::*};

const MIB: u64 = 1 << 20;
/// What the suite's default setup allows.
const LIMIT: u64 = 64 * MIB;

fn main() -> wasi_cuda::Result<()> {
    let device = default_device();
    let expect = |used, peak, when: &str| {
        let expected = MemoryUsage {
            used: used * MIB,
            peak: peak * MIB,
            limit: LIMIT,
        };
        assert_eq!(device.memory_usage(), expected, "memory in use {when}");
    };
    expect(0, 0, "before any buffer");
    let first = device.alloc_zeros::<u8>(2 << 20)?;
    expect(2, 2, "with a buffer of 2 MiB");
    let second = device.alloc_zeros::<u8>(3 << 20)?;
    expect(5, 5, "with another of 3 MiB");
    drop(first);
    expect(3, 5, "after the first was dropped");
    let third = device.alloc_zeros::<u8>(1 << 20)?;
    expect(4, 5, "with one more of 1 MiB");
    drop((second, third));
    expect(0, 5, "after all were dropped");
    covers(MEMORY_USAGE, "ok");
    Ok(())
}
