//! A kernel that accesses an address which is no multiple of the access's size faults.

use wasi_cuda::{FaultKind, LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Expected, Setup, faulted, kernels, line_of, runs_well};

fn main() -> Result<()> {
    let setup = Setup::new();
    let write_16 = setup
        .device
        .load_ptx(kernels::ACCESS)?
        .function("write_16")?;
    let mut result = setup.stream.alloc_zeros::<u32>(1)?;
    let mut buffer = setup.stream.clone_htod(&[0x22u8; 1000])?;
    let base = buffer.device_address();
    let config = LaunchConfig::new(2, 32);
    let expected = |kernel, offset: i64, size| Expected {
        kind: FaultKind::Misaligned,
        kernel,
        line: line_of(kernels::ACCESS, kernel),
        address: base.wrapping_add_signed(offset),
        size,
        block: 1,
        thread: 31,
    };

    for offset in [1, 2, 3, 5, 501, 994] {
        setup.stream.launch(
            &setup.read_4,
            config,
            (&buffer, offset, 1u32, 31u32, &mut result),
        )?;
        faulted(setup.stream.synchronize(), &expected("read_4", offset, 4));
        setup
            .stream
            .launch(&setup.write_4, config, (&mut buffer, offset, 1u32, 31u32))?;
        faulted(setup.stream.synchronize(), &expected("write_4", offset, 4));
    }
    for offset in [1, 4, 8, 12, 20, 100] {
        setup
            .stream
            .launch(&write_16, config, (&mut buffer, offset, 1u32, 31u32))?;
        faulted(
            setup.stream.synchronize(),
            &expected("write_16", offset, 16),
        );
    }
    // An argument may point at an odd address as well.
    setup.stream.launch(
        &setup.write_4,
        config,
        (buffer.slice_mut(3..), 0i64, 1u32, 31u32),
    )?;
    faulted(setup.stream.synchronize(), &expected("write_4", 3, 4));

    assert_eq!(
        setup.stream.clone_dtoh(&buffer)?,
        [0x22; 1000],
        "a misaligned access should write nothing"
    );
    runs_well(&setup.device);
    Ok(())
}
