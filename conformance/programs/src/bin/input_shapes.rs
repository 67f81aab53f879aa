//! A launch with more blocks or threads than there is time for is refused or stopped, and a grid of the
//! largest extents does not overflow.

use std::time::Duration;

use wasi_cuda::{Error, LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Setup, runs_well};

fn main() -> Result<()> {
    let setup = Setup::new();
    let stream = &setup.stream;
    let properties = setup.device.properties();
    let mut data = stream.alloc_zeros::<u32>(1)?;
    stream.set_time_limit(Some(Duration::from_millis(200)))?;

    let most = properties.max_grid;
    let shapes = [
        LaunchConfig::new(0, 0),
        LaunchConfig::new(0, 256),
        LaunchConfig::new(1, 0),
        LaunchConfig::new(u32::MAX, 1),
        LaunchConfig::new(
            (u32::MAX, u32::MAX, u32::MAX),
            (u32::MAX, u32::MAX, u32::MAX),
        ),
        LaunchConfig::new((1 << 31, 1 << 31, 4), 1),
        LaunchConfig::new((most.x, most.y, most.z), properties.max_threads_per_block),
        LaunchConfig::new((most.x, 1, 1), 1),
    ];
    for config in shapes {
        match stream.launch(&setup.affine, config, (&mut data, 0u32, 1u32, 1u32)) {
            Err(Error::InvalidArgument(_) | Error::QuotaExceeded(_)) => {}
            other => panic!("a launch of {config:?} should be refused, but came {other:?}"),
        }
    }

    // As many as the quota allows: they end by themselves or by the time limit.
    let config = LaunchConfig::new(1 << 24, properties.max_threads_per_block);
    stream.launch(&setup.affine, config, (&mut data, 0u32, 1u32, 1u32))?;
    match stream.synchronize() {
        Ok(()) | Err(Error::DeadlineExceeded) => {}
        Err(error) => panic!("a huge grid should end or be stopped, but came: {error}"),
    }
    runs_well(&setup.device);
    Ok(())
}
