//! Events are waited for, tell the time between them, and outlive their stream.

use std::time::Duration;

use wasi_cuda::{LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Setup, functions::*, ok, refused, runs_well};

fn main() -> Result<()> {
    let setup = Setup::new();
    elapsed(&setup)?;
    pending(&setup)?;
    runs_well(&setup.device);
    Ok(())
}

fn elapsed(setup: &Setup) -> Result<()> {
    let stream = setup.device.stream()?;
    let result = setup.device.alloc_zeros::<u64>(1)?;
    let start = ok(RECORD_EVENT, stream.record_event());
    stream.launch(
        &setup.count,
        LaunchConfig::new(1, 1),
        (&result, 20_000_000u64),
    )?;
    let end = ok(RECORD_EVENT, stream.record_event());
    drop(stream);

    ok(WAIT, end.wait());
    ok(WAIT, start.wait());
    ok(WAIT, end.wait());
    let time = ok(ELAPSED_SINCE, end.elapsed_since(&start));
    // Twenty million rounds take no device less than half a millisecond.
    assert!(
        time > Duration::from_micros(500),
        "the kernel should have taken longer than {time:?}"
    );
    refused(ELAPSED_SINCE, "invalid-argument", start.elapsed_since(&end));
    let none = ok(ELAPSED_SINCE, end.elapsed_since(&end));
    assert_eq!(none, Duration::ZERO, "an event is no time after itself");
    Ok(())
}

fn pending(setup: &Setup) -> Result<()> {
    let stream = &setup.stream;
    let flag = setup.device.alloc_zeros::<u32>(1)?;
    let before = stream.record_event()?;
    before.wait()?;
    stream.launch(&setup.endless, LaunchConfig::new(1, 1), (&flag,))?;
    let behind = stream.record_event()?;
    refused(ELAPSED_SINCE, "not-ready", behind.elapsed_since(&before));
    refused(ELAPSED_SINCE, "not-ready", before.elapsed_since(&behind));
    stream.cancel()?;
    refused(WAIT, "cancelled", behind.wait());
    refused(SYNCHRONIZE, "cancelled", stream.synchronize());
    Ok(())
}
