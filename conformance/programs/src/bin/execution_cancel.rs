//! Cancelling stops what runs and drops what is enqueued, on this stream alone.

use wasi_cuda::{LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Setup, failure, functions::*, ok, refused, runs_well};

fn main() -> Result<()> {
    let setup = Setup::new();
    let stream = &setup.stream;
    let once = LaunchConfig::new(1, 1);

    // Nothing to cancel: nothing to report.
    ok(CANCEL, stream.cancel());
    ok(SYNCHRONIZE, stream.synchronize());

    let flag = setup.device.alloc_zeros::<u32>(1)?;
    let mut data = stream.clone_htod(&[1u32])?;
    stream.synchronize()?;
    stream.launch(&setup.endless, once, (&flag,))?;
    stream.launch(&setup.affine, once, (&mut data, 1u32, 5u32, 0u32))?;
    stream.fill(&mut data, 9)?;
    ok(CANCEL, stream.cancel());
    ok(CANCEL, stream.cancel());
    refused(SYNCHRONIZE, "cancelled", stream.synchronize());
    ok(SYNCHRONIZE, stream.synchronize());
    assert_ne!(
        stream.clone_dtoh(&data)?,
        [5],
        "a kernel behind the cancelled one should not run"
    );

    // Many threads stop as well as one.
    stream.launch(&setup.endless, LaunchConfig::new(1000, 256), (&flag,))?;
    ok(CANCEL, stream.cancel());
    refused(SYNCHRONIZE, "cancelled", stream.synchronize());

    // A stream that already failed keeps its error.
    let event = failure::fault(&setup, stream)?;
    refused(WAIT, "fault", event.wait());
    ok(CANCEL, stream.cancel());
    refused(SYNCHRONIZE, "fault", stream.synchronize());
    runs_well(&setup.device);
    Ok(())
}
