//! Threads of a block work together: shuffles within warps, shared memory and a barrier between them.

use wasi_cuda::{LaunchConfig, Result};
use wasi_cuda_conformance_programs::{default_device, kernels, runs_well};

/// No multiple of any block's size.
const N: u32 = 10_007;

fn main() -> Result<()> {
    let device = default_device();
    let stream = device.stream()?;
    let block_sum = device.load_ptx(kernels::BLOCK)?.function("block_sum")?;
    let info = block_sum.info();
    assert!(
        info.shared_memory >= 128,
        "the kernel has an array of 128 bytes in shared memory: {info:?}"
    );

    let numbers: Vec<u32> = (0..N).map(|i| i.wrapping_mul(2_654_435_761)).collect();
    let data = stream.clone_htod(&numbers)?;
    for threads in [32, 64, 96, 256, 1024] {
        let blocks = N.div_ceil(threads);
        let mut sums = stream.alloc_zeros::<u32>(blocks as usize)?;
        let config = LaunchConfig::new(blocks, threads);
        stream.launch(&block_sum, config, (&data, N, &mut sums))?;
        let expected: Vec<u32> = numbers
            .chunks(threads as usize)
            .map(|part| part.iter().fold(0, |sum: u32, x| sum.wrapping_add(*x)))
            .collect();
        assert_eq!(
            stream.clone_dtoh(&sums)?,
            expected,
            "the sums of blocks of {threads} threads"
        );
    }
    runs_well(&device);
    Ok(())
}
