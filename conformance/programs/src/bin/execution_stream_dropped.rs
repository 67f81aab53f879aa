//! Dropping a stream lets its work finish.

use wasi_cuda::{LaunchConfig, Result};
use wasi_cuda_conformance_programs::Setup;

const ROUNDS: u64 = 20_000_000;

fn main() -> Result<()> {
    let setup = Setup::new();
    let other = setup.device.stream()?;
    let result = setup.device.alloc_zeros::<u64>(1)?;
    other.launch(&setup.count, LaunchConfig::new(1, 1), (&result, ROUNDS))?;
    let end = other.record_event()?;
    drop(other);
    end.wait()?;
    assert_eq!(
        setup.stream.clone_dtoh(&result)?,
        [ROUNDS],
        "the work of a dropped stream should have finished"
    );
    Ok(())
}
