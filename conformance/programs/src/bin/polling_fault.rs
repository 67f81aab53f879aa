//! A pollable of a stream that faults becomes ready, and so does one made afterwards.

use wasi_cuda::Result;
use wasi_cuda_conformance_programs::{Setup, covers, failure, functions::*, refused, runs_well};

fn main() -> Result<()> {
    let setup = Setup::new();
    let event = failure::fault(&setup, &setup.stream)?;
    event.subscribe().block();
    assert!(
        event.subscribe().ready(),
        "an event that was reached stays ready"
    );
    covers(SUBSCRIBE, "ok");
    refused(WAIT, "fault", event.wait());
    refused(SYNCHRONIZE, "fault", setup.stream.synchronize());
    runs_well(&setup.device);
    Ok(())
}
