//! A fault tells what happened, where in the source, at which address and in which thread.

use wasi_cuda::{FaultKind, LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Expected, Setup, faulted, functions::*, kernels, line_of};
use wasi_cuda_conformance_programs::{covers, runs_well};

fn main() -> Result<()> {
    let setup = Setup::new();
    let buffer = setup.device.alloc_zeros::<u32>(25)?;
    let past_the_end = (&buffer, 100i64, 3u32, 17u32);
    setup
        .stream
        .launch(&setup.write_4, LaunchConfig::new(5, 64), past_the_end)?;
    let expected = Expected {
        kind: FaultKind::GlobalOutOfBounds,
        kernel: "write_4",
        line: line_of(kernels::ACCESS, "write_4"),
        address: buffer.device_address() + 100,
        size: 4,
        block: 3,
        thread: 17,
    };
    faulted(setup.stream.synchronize(), &expected);
    covers(SYNCHRONIZE, "fault");
    runs_well(&setup.device);
    Ok(())
}
