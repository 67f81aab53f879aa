//! A kernel runs after its module and its device's handle are gone, and loading the same source twice
//! gives two modules that know nothing of each other.

use wasi_cuda::{LaunchConfig, Result};
use wasi_cuda_conformance_programs::{default_device, kernels};

fn main() -> Result<()> {
    let stream = default_device().stream()?;
    let device = default_device();
    let (first, second) = (
        device.load_ptx(kernels::BASIC)?,
        device.load_ptx(kernels::BASIC)?,
    );
    let (affine, other) = (first.function("affine")?, second.function("affine")?);
    drop((first, other, second, device));

    let mut data = stream.clone_htod(&[1u32, 2, 3])?;
    stream.launch(
        &affine,
        LaunchConfig::for_num_elems(3),
        (&mut data, 3u32, 10u32, 5u32),
    )?;
    assert_eq!(
        stream.clone_dtoh(&data)?,
        [15, 25, 35],
        "a kernel keeps its module loaded"
    );
    Ok(())
}
