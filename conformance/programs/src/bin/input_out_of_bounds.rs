//! A kernel that reads or writes before, behind or far outside its buffer faults, and does no harm.

use wasi_cuda::{DeviceBuffer, FaultKind, Function, LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Expected, Setup, faulted, kernels, line_of, runs_well};

/// Neither size is a multiple of what the host aligns to: behind each lies memory that is no buffer's.
const SIZE: usize = 1000;
const NEIGHBOUR: usize = 100;

const BLOCK: u32 = 2;
const THREAD: u32 = 33;

fn main() -> Result<()> {
    let setup = Setup::new();
    let access = setup.device.load_ptx(kernels::ACCESS)?;
    let (write_1, write_16) = (access.function("write_1")?, access.function("write_16")?);

    let below = setup.stream.clone_htod(&[0x11u8; NEIGHBOUR])?;
    let buffer = setup.stream.clone_htod(&[0x22u8; SIZE])?;
    let above = setup.stream.clone_htod(&[0x33u8; NEIGHBOUR])?;
    let base = buffer.device_address();
    let far = [1i64 << 20, 1 << 32, 1 << 40, 1 << 62, i64::MAX].map(|distance| distance & !15);

    let size = SIZE as i64;
    let near = [-4, -8, size, size + 4, size + 20];
    let wrapping = [0, 4, 16].map(|address: u64| address.wrapping_sub(base) as i64);
    let offsets = near
        .into_iter()
        .chain(far)
        .chain(far.map(|distance| -distance))
        .chain(wrapping);
    for offset in offsets {
        check(&setup, &setup.read_4, &buffer, offset, 4)?;
        check(&setup, &setup.write_4, &buffer, offset, 4)?;
        check(&setup, &write_1, &buffer, offset, 1)?;
    }
    // The last byte is inside, the next is not; and an access that is inside only in part is outside.
    for offset in [size, size + 1, -1] {
        check(&setup, &write_1, &buffer, offset, 1)?;
    }
    for offset in [992, 1008, -16] {
        check(&setup, &write_16, &buffer, offset, 16)?;
    }

    for (name, buffer, byte) in [
        ("below", &below, 0x11),
        ("above", &above, 0x33),
        ("itself", &buffer, 0x22),
    ] {
        let content = setup.stream.clone_dtoh(buffer)?;
        assert!(
            content.iter().all(|&x| x == byte),
            "the buffer {name} should be as it was: {content:x?}"
        );
    }
    last_elements_are_inside(&setup, &write_1, &write_16)?;
    null(&setup)?;
    runs_well(&setup.device);
    Ok(())
}

/// One thread of many accesses `offset` bytes from the beginning: the fault tells which and where.
fn check(
    setup: &Setup,
    kernel: &Function,
    buffer: &DeviceBuffer<u8>,
    offset: i64,
    size: u32,
) -> Result<()> {
    let name = kernel.info().name;
    let config = LaunchConfig::new(4, 64);
    if name == "read_4" {
        setup
            .stream
            .launch(kernel, config, (buffer, offset, BLOCK, THREAD, buffer))?;
    } else {
        setup
            .stream
            .launch(kernel, config, (buffer, offset, BLOCK, THREAD))?;
    }
    let expected = Expected {
        kind: FaultKind::GlobalOutOfBounds,
        kernel: &name,
        line: line_of(kernels::ACCESS, &name),
        address: buffer.device_address().wrapping_add_signed(offset),
        size,
        block: BLOCK,
        thread: THREAD,
    };
    faulted(setup.stream.synchronize(), &expected);
    Ok(())
}

fn last_elements_are_inside(setup: &Setup, write_1: &Function, write_16: &Function) -> Result<()> {
    let (stream, once) = (&setup.stream, LaunchConfig::new(1, 1));
    let buffer = stream.clone_htod(&[0u8; SIZE])?;
    stream.launch(write_1, once, (&buffer, SIZE as i64 - 1, 0u32, 0u32))?;
    stream.launch(&setup.write_4, once, (&buffer, SIZE as i64 - 8, 0u32, 0u32))?;
    stream.launch(write_16, once, (&buffer, 976i64, 0u32, 0u32))?;
    stream.launch(&setup.write_4, once, (&buffer, 0i64, 0u32, 0u32))?;
    let content = stream.clone_dtoh(&buffer)?;
    let written: Vec<_> = (0..SIZE).filter(|&i| content[i] == 0xff).collect();
    let expected: Vec<_> = (0..4).chain(976..996).chain(999..1000).collect();
    assert_eq!(
        written, expected,
        "the bytes at a buffer's very end belong to it"
    );
    Ok(())
}

/// The null pointer is an argument like any other, and no address that a kernel may use.
fn null(setup: &Setup) -> Result<()> {
    let config = LaunchConfig::new(4, 64);
    let arguments = (wasi_cuda::Argument::Null, 0i64, BLOCK, THREAD);
    setup.stream.launch(&setup.write_4, config, arguments)?;
    let expected = Expected {
        kind: FaultKind::GlobalOutOfBounds,
        kernel: "write_4",
        line: line_of(kernels::ACCESS, "write_4"),
        address: 0,
        size: 4,
        block: BLOCK,
        thread: THREAD,
    };
    faulted(setup.stream.synchronize(), &expected);
    Ok(())
}
