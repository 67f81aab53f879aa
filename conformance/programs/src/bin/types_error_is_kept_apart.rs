//! An error of one stream is no error of another, and takes nothing that the guest owns.

use wasi_cuda::Result;
use wasi_cuda_conformance_programs::{Setup, failure, functions::*, ok, refused, runs_well};

fn main() -> Result<()> {
    let setup = Setup::new();
    let bystander = setup.device.stream()?;
    let data = bystander.clone_htod(&[1u32, 2, 3, 4])?;

    let event = failure::fault(&setup, &setup.stream)?;
    refused(WAIT, "fault", event.wait());
    let kept = ok(READ, bystander.clone_dtoh(&data));
    assert_eq!(
        kept,
        [1, 2, 3, 4],
        "a buffer should keep its content when a kernel faults elsewhere"
    );
    ok(SYNCHRONIZE, bystander.synchronize());
    runs_well(&setup.device);

    refused(SYNCHRONIZE, "fault", setup.stream.synchronize());
    let kept = ok(READ, setup.stream.clone_dtoh(&data));
    assert_eq!(
        kept,
        [1, 2, 3, 4],
        "a buffer should keep its content after the fault was reported"
    );
    Ok(())
}
