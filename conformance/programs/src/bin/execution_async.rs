//! An event completes with what its stream did, as `wait` reports it, in a task.

use std::time::Duration;

use wasi_cuda::{Event, LaunchConfig, Result, Stream};
use wasi_cuda_conformance_programs::{
    Gate, Setup, async_check, functions::*, ok, refused, runs_well, tasks::both,
};

async_check!(check);

async fn check() {
    let setup = Setup::new();
    ends_as_its_stream(&setup)
        .await
        .expect("a stream should work");
    side_by_side(&setup).await.expect("streams should work");
    runs_well(&setup.device);
}

async fn ends_as_its_stream(setup: &Setup) -> Result<()> {
    let stream = setup.device.stream()?;
    let flag = setup.device.alloc_zeros::<u32>(1)?;
    let event = stream.record_event()?;
    ok(COMPLETION, event.raw().completion().await);
    ok(COMPLETION, event.raw().completion().await);

    // A kernel that fails before the event is recorded would fail the recording too.
    let gate = Gate::close(setup, &stream)?;
    let faulty = (&flag, -4i64, 0u32, 0u32);
    stream.launch(&setup.write_4, LaunchConfig::new(1, 1), faulty)?;
    let event = stream.record_event()?;
    gate.open()?;
    refused(COMPLETION, "fault", event.raw().completion().await);
    refused(SYNCHRONIZE, "fault", stream.synchronize_async().await);

    stream.set_time_limit(Some(Duration::from_millis(20)))?;
    let event = endless(setup, &stream)?;
    refused(COMPLETION, "deadline-exceeded", event.completed().await);
    refused(
        SYNCHRONIZE,
        "deadline-exceeded",
        stream.synchronize_async().await,
    );

    stream.set_time_limit(None)?;
    let event = endless(setup, &stream)?;
    ok(CANCEL, stream.cancel());
    refused(COMPLETION, "cancelled", event.completed().await);
    refused(SYNCHRONIZE, "cancelled", stream.synchronize_async().await);
    Ok(())
}

/// A kernel that waits until somebody writes to its flag, which nobody does, and an event behind it.
fn endless(setup: &Setup, stream: &Stream) -> Result<Event> {
    let flag = setup.device.alloc_zeros::<u32>(1)?;
    let gate = Gate::close(setup, stream)?;
    stream.launch(&setup.endless, LaunchConfig::new(1, 1), (&flag,))?;
    let event = stream.record_event()?;
    gate.open()?;
    Ok(event)
}

/// One task waits for what another lets go on.
async fn side_by_side(setup: &Setup) -> Result<()> {
    let stream = setup.device.stream()?;
    let gate = Gate::close(setup, &stream)?;
    let event = stream.record_event()?;
    let (waited, opened) = both(event.completed(), async { gate.open() }).await;
    ok(COMPLETION, waited);
    opened
}
