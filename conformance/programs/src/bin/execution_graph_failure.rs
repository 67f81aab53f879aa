//! A kernel of a graph that faults or does not end fails the stream of the replay, and the graph lives on.

use std::time::Duration;

use wasi_cuda::{FaultKind, LaunchConfig, Result};
use wasi_cuda_conformance_programs::{
    Expected, Setup, faulted, functions::*, kernels, line_of, ok, refused, runs_well,
};

fn main() -> Result<()> {
    let setup = Setup::new();
    fault(&setup)?;
    deadline(&setup)?;
    runs_well(&setup.device);
    Ok(())
}

fn fault(setup: &Setup) -> Result<()> {
    let (stream, once) = (&setup.stream, LaunchConfig::new(1, 1));
    let mut buffer = stream.clone_htod(&[1u32, 1])?;
    stream.begin_capture()?;
    stream.launch(&setup.affine, once, (&mut buffer, 1u32, 10u32, 0u32))?;
    stream.launch(&setup.write_4, once, (&mut buffer, 8i64, 0u32, 0u32))?;
    stream.launch(&setup.affine, once, (&mut buffer, 1u32, 1u32, 7u32))?;
    let graph = stream.end_capture()?;

    let expected = Expected {
        kind: FaultKind::GlobalOutOfBounds,
        kernel: "write_4",
        line: line_of(kernels::ACCESS, "write_4"),
        address: buffer.device_address() + 8,
        size: 4,
        block: 0,
        thread: 0,
    };
    ok(LAUNCH_GRAPH, stream.launch_graph(&graph));
    faulted(stream.synchronize(), &expected);
    let content = stream.clone_dtoh(&buffer)?;
    assert_eq!(
        content,
        [10, 1],
        "kernels before the fault should run, those behind it not"
    );

    // With another argument the same graph does no harm.
    ok(GRAPH_SET_ARGUMENT, graph.set_argument(1, 1, 4i64));
    ok(LAUNCH_GRAPH, stream.launch_graph(&graph));
    let content = stream.clone_dtoh(&buffer)?;
    assert_eq!(content, [107, u32::MAX], "the whole graph should run");
    Ok(())
}

fn deadline(setup: &Setup) -> Result<()> {
    let (stream, once) = (&setup.stream, LaunchConfig::new(1, 1));
    let mut flag = stream.alloc_zeros::<u32>(1)?;
    stream.begin_capture()?;
    stream.launch(&setup.endless, once, (&flag,))?;
    let graph = stream.end_capture()?;

    stream.set_time_limit(Some(Duration::from_millis(30)))?;
    for _ in 0..2 {
        ok(LAUNCH_GRAPH, stream.launch_graph(&graph));
        refused(SYNCHRONIZE, "deadline-exceeded", stream.synchronize());
    }
    stream.fill(&mut flag, 1)?;
    ok(LAUNCH_GRAPH, stream.launch_graph(&graph));
    ok(SYNCHRONIZE, stream.synchronize());
    Ok(())
}
