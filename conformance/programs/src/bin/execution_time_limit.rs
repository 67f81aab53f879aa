//! A kernel that runs past a stream's time limit is stopped, and others are not.
//!
//! The host gives this program no time limit of its own, so that it would not end without the stream's.

use std::time::{Duration, Instant};

use wasi_cuda::{LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Setup, functions::*, ok, refused, runs_well};

fn main() -> Result<()> {
    let setup = Setup::new();
    let stream = &setup.stream;
    let flag = setup.device.alloc_zeros::<u32>(1)?;
    let once = LaunchConfig::new(1, 1);
    refused(
        SET_TIME_LIMIT,
        "invalid-argument",
        stream.set_time_limit(Some(Duration::ZERO)),
    );

    for config in [once, LaunchConfig::new(64, 256)] {
        ok(
            SET_TIME_LIMIT,
            stream.set_time_limit(Some(Duration::from_millis(30))),
        );
        let start = Instant::now();
        stream.launch(&setup.endless, config, (&flag,))?;
        refused(SYNCHRONIZE, "deadline-exceeded", stream.synchronize());
        let took = start.elapsed();
        assert!(
            took >= Duration::from_millis(30),
            "the kernel was stopped after {took:?}, before its limit"
        );
    }

    // The limit is a launch's own, so short kernels may take longer together.
    let mut data = stream.clone_htod(&[1u32; 1000])?;
    for _ in 0..100 {
        stream.launch(
            &setup.affine,
            LaunchConfig::for_num_elems(1000),
            (&mut data, 1000u32, 1u32, 1u32),
        )?;
    }
    assert_eq!(
        stream.clone_dtoh(&data)?,
        [101; 1000],
        "short kernels should run within a limit"
    );

    // The largest limit is no overflow, and none is none of the stream's own.
    ok(SET_TIME_LIMIT, stream.set_time_limit(Some(Duration::MAX)));
    stream.launch(&setup.affine, once, (&mut data, 1u32, 1u32, 1u32))?;
    ok(SYNCHRONIZE, stream.synchronize());
    ok(SET_TIME_LIMIT, stream.set_time_limit(None));
    stream.launch(&setup.affine, once, (&mut data, 1u32, 1u32, 1u32))?;
    ok(SYNCHRONIZE, stream.synchronize());
    runs_well(&setup.device);
    Ok(())
}
