//! The host's own limit stops a kernel whatever limit the stream has.
//!
//! The host gives this program a time limit of 100 milliseconds.

use std::time::Duration;

use wasi_cuda::{LaunchConfig, Result, time_remaining};
use wasi_cuda_conformance_programs::{Setup, covers, functions::*, refused, runs_well};

fn main() -> Result<()> {
    let setup = Setup::new();
    let stream = &setup.stream;
    let flag = setup.device.alloc_zeros::<u32>(1)?;

    let remaining = time_remaining();
    assert_ne!(
        remaining,
        Some(Duration::ZERO),
        "there should be time left, or no limit of all work"
    );
    covers(TIME_REMAINING, "ok");

    for limit in [None, Some(Duration::from_secs(3600)), Some(Duration::MAX)] {
        stream.set_time_limit(limit)?;
        stream.launch(&setup.endless, LaunchConfig::new(1, 1), (&flag,))?;
        refused(SYNCHRONIZE, "deadline-exceeded", stream.synchronize());
    }
    runs_well(&setup.device);
    Ok(())
}
