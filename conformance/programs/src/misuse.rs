//! Kernels that leave a block's or a thread's memory.

use wasi_cuda::{FaultKind, Function, LaunchConfig, Result};

use crate::{Expected, Setup, faulted, kernels, line_of, runs_well};

/// Bytes of the array that the kernels write to.
const SIZE: i64 = 64;

const BLOCK: u32 = 2;
const THREAD: u32 = 33;

/// One of [`kernels::MISUSE`] writes at the ends of its array and outside of it: the fault tells which access, and buffers stay as
/// they were.
///
/// # Panics
///
/// When something else happens.
pub fn leaves_small_memory(name: &str, kind: FaultKind) -> Result<()> {
    let setup = Setup::new();
    let kernel = setup.device.load_ptx(kernels::MISUSE)?.function(name)?;
    let neighbour = setup.stream.clone_htod(&[0x11u8; 100])?;

    let start = writes(&setup, &kernel, 0)?;
    assert_eq!(
        writes(&setup, &kernel, SIZE - 4)?,
        start + SIZE as u64 - 4,
        "the last element belongs to the array"
    );
    let far = [20, 31, 32, 40, 62].map(|bits| 1i64 << bits);
    let outside = [SIZE, SIZE + 4, -4, -64, i64::MAX & !3]
        .into_iter()
        .chain(far)
        .chain(far.map(|distance| -distance));
    for offset in outside {
        launch(&setup, &kernel, offset)?;
        let expected = Expected {
            kind: kind.clone(),
            kernel: name,
            line: line_of(kernels::MISUSE, name),
            // From the start of the memory: where that begins for the kernel is the device's own affair.
            address: 0u64.wrapping_add_signed(offset),
            size: 4,
            block: BLOCK,
            thread: THREAD,
        };
        faulted(setup.stream.synchronize(), &expected);
    }

    let content = setup.stream.clone_dtoh(&neighbour)?;
    assert!(
        content.iter().all(|&x| x == 0x11),
        "the buffer beside should be as it was: {content:x?}"
    );
    runs_well(&setup.device);
    Ok(())
}

/// Writes inside of the array, and returns the address that the kernel used.
fn writes(setup: &Setup, kernel: &Function, offset: i64) -> Result<u64> {
    let used = launch(setup, kernel, offset)?;
    Ok(setup.stream.clone_dtoh(&used)?[0])
}

fn launch(setup: &Setup, kernel: &Function, offset: i64) -> Result<wasi_cuda::DeviceBuffer<u64>> {
    let mut used = setup.stream.alloc_zeros::<u64>(1)?;
    let arguments = (offset, BLOCK, THREAD, &mut used);
    setup
        .stream
        .launch(kernel, LaunchConfig::new(4, 64), arguments)?;
    Ok(used)
}
