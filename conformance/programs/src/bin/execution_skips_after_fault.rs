//! After a fault the kernels enqueued behind it are skipped, and the first error is the one reported.

use wasi_cuda::{Error, LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Gate, Setup, covers, functions::*, runs_well};

fn main() -> Result<()> {
    let setup = Setup::new();
    let stream = &setup.stream;
    let once = LaunchConfig::new(1, 1);
    let mut data = stream.clone_htod(&[1u32])?;
    let mut other = stream.clone_htod(&[1u32])?;
    stream.synchronize()?;

    // Everything is enqueued before anything has failed.
    let gate = Gate::close(&setup, stream)?;
    stream.launch(&setup.affine, once, (&mut data, 1u32, 10u32, 0u32))?;
    stream.launch(&setup.write_4, once, (&mut other, 4i64, 0u32, 0u32))?;
    stream.launch(&setup.affine, once, (&mut data, 1u32, 7u32, 0u32))?;
    stream.launch(
        &setup.read_4,
        once,
        (&mut other, -4i64, 0u32, 0u32, &mut data),
    )?;
    gate.open()?;

    match stream.synchronize() {
        Err(Error::Fault(fault)) => assert_eq!(
            fault.kernel, "write_4",
            "the first fault is reported: {fault}"
        ),
        other => panic!("the write past the end should be reported, but came {other:?}"),
    }
    covers(SYNCHRONIZE, "fault");
    assert_eq!(
        stream.clone_dtoh(&data)?,
        [10],
        "a kernel before the fault should run, those behind not"
    );
    runs_well(&setup.device);
    Ok(())
}
