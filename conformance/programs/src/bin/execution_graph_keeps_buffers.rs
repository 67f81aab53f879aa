//! A graph and a prepared launch keep the buffers of their arguments, and an empty graph does nothing.

use wasi_cuda::{LaunchConfig, Result};
use wasi_cuda_conformance_programs::Setup;

const N: usize = 100;

fn main() -> Result<()> {
    let setup = Setup::new();
    let stream = &setup.stream;
    let once = LaunchConfig::for_num_elems(N as u32);
    let mut result = stream.alloc_zeros::<u32>(N)?;

    let kept = stream.clone_htod(&[4u32; N])?;
    stream.begin_capture()?;
    stream.launch(&setup.affine, once, (&kept, N as u32, 2u32, 0u32))?;
    stream.memcpy_dtod(&kept, &mut result)?;
    let graph = stream.end_capture()?;
    let prepared = setup.affine.prepare(once, (&kept, N as u32, 1u32, 1u32))?;
    drop(kept);

    // Were the memory free, this would take it and be written.
    let others: Vec<_> = (0..8)
        .map(|_| stream.alloc_zeros::<u32>(N))
        .collect::<Result<_>>()?;
    stream.launch_graph(&graph)?;
    stream.launch_prepared(&prepared)?;
    stream.launch_graph(&graph)?;
    assert_eq!(
        stream.clone_dtoh(&result)?,
        [(4 * 2 + 1) * 2; N],
        "a dropped buffer should live in the graph"
    );
    for other in &others {
        assert_eq!(
            stream.clone_dtoh(other)?,
            [0; N],
            "a new buffer should be its own memory"
        );
    }

    stream.begin_capture()?;
    let empty = stream.end_capture()?;
    assert_eq!(empty.size(), 0, "nothing was recorded");
    stream.launch_graph(&empty)?;
    stream.synchronize()
}
