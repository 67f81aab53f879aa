//! Lanes of a warp that wait for each other in different places fault, and do no harm.

use wasi_cuda::{Error, FaultKind, LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Setup, covers, functions::*, kernels, line_of, runs_well};

const BLOCK: u32 = 2;

fn main() -> Result<()> {
    let setup = Setup::new();
    let part = setup.device.load_ptx(kernels::MISUSE)?.function("part")?;
    let neighbour = setup.stream.clone_htod(&[0x11u8; 100])?;
    let mut out = setup.stream.alloc_zeros::<u32>(1)?;

    // Blocks in which nobody parts run to their end.
    let config = LaunchConfig::new(2, 64);
    setup.stream.launch(&part, config, (BLOCK, &mut out))?;
    setup.stream.synchronize()?;

    let config = LaunchConfig::new(4, 64);
    setup.stream.launch(&part, config, (BLOCK, &mut out))?;
    let Err(Error::Fault(fault)) = setup.stream.synchronize() else {
        panic!("halves of warps waited for each other in two places, but there was no fault");
    };
    covers(SYNCHRONIZE, "fault");
    assert_eq!(fault.kind, FaultKind::Divergence, "the kind of: {fault}");
    assert_eq!(fault.kernel, "part", "the kernel of: {fault}");
    // Either half waits in vain.
    let lines = ["lower", "upper"].map(|name| line_of(kernels::MISUSE, name));
    assert!(lines.contains(&fault.line), "the line of: {fault}");
    assert_eq!(fault.block.x, BLOCK, "the block of: {fault}");
    let half = usize::from(fault.thread.x & 16 != 0);
    assert_eq!(fault.line, lines[half], "the thread of: {fault}");
    assert_eq!(fault.size, 0, "there is no access in: {fault}");

    let content = setup.stream.clone_dtoh(&neighbour)?;
    assert!(
        content.iter().all(|&x| x == 0x11),
        "the buffer beside should be as it was: {content:x?}"
    );
    runs_well(&setup.device);
    Ok(())
}
