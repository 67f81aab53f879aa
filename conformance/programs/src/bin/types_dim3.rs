//! Extents and indices have x as the fastest varying dimension, for grids and blocks.

use wasi_cuda::LaunchConfig;
use wasi_cuda_conformance_programs::{default_device, kernels};

const GRID: [u32; 3] = [3, 4, 2];
const BLOCK: [u32; 3] = [5, 2, 3];

fn main() -> wasi_cuda::Result<()> {
    let device = default_device();
    let stream = device.stream()?;
    let indices = device.load_ptx(kernels::INDICES)?.function("indices")?;

    let (blocks, threads) = (count(GRID), count(BLOCK));
    let mut out = device.alloc_zeros::<[u32; 6]>(blocks * threads)?;
    let config = LaunchConfig::new((GRID[0], GRID[1], GRID[2]), (BLOCK[0], BLOCK[1], BLOCK[2]));
    stream.launch(&indices, config, (&mut out,))?;

    for (number, seen) in stream.clone_dtoh(&out)?.into_iter().enumerate() {
        let block = index(number / threads, GRID);
        let thread = index(number % threads, BLOCK);
        assert_eq!(
            seen,
            [
                block[0], block[1], block[2], thread[0], thread[1], thread[2]
            ],
            "thread {number} should have this block's index and this index in it"
        );
    }
    Ok(())
}

fn count(extent: [u32; 3]) -> usize {
    extent.iter().product::<u32>() as usize
}

fn index(number: usize, extent: [u32; 3]) -> [u32; 3] {
    let number = number as u32;
    [
        number % extent[0],
        number / extent[0] % extent[1],
        number / (extent[0] * extent[1]),
    ]
}
