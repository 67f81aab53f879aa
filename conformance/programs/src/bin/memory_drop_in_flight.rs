//! Buffers, functions, modules, graphs and prepared launches may be dropped while work uses them.

use wasi_cuda::{LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Gate, Setup, runs_well};

const N: u32 = 1 << 16;

fn main() -> Result<()> {
    let setup = Setup::new();
    let stream = &setup.stream;
    let config = LaunchConfig::for_num_elems(N);
    let mut kept = stream.alloc_zeros::<u32>(N as usize)?;

    // All that follows is dropped before it can have run.
    let gate = Gate::close(&setup, stream)?;
    {
        let mut dropped = stream.clone_htod(&vec![5u32; N as usize])?;
        let prepared = setup.affine.prepare(config, (&dropped, N, 3u32, 1u32))?;
        stream.launch_prepared(&prepared)?;
        stream.begin_capture()?;
        stream.launch(&setup.affine, config, (&mut dropped, N, 2u32, 0u32))?;
        let graph = stream.end_capture()?;
        stream.launch_graph(&graph)?;
        stream.memcpy_dtod(&dropped, &mut kept)?;
    }
    drop(setup.affine);

    // New memory is not the memory that is still to be written.
    let fresh = setup.device.alloc_zeros::<u32>(N as usize)?;
    gate.open()?;
    let kept = stream.clone_dtoh(&kept)?;
    assert!(
        kept.iter().all(|&x| x == (5 * 3 + 1) * 2),
        "dropped objects should have finished their work"
    );
    let fresh = stream.clone_dtoh(&fresh)?;
    assert!(
        fresh.iter().all(|&x| x == 0),
        "a new buffer should not be written by work that is not its own"
    );
    runs_well(&setup.device);
    Ok(())
}
