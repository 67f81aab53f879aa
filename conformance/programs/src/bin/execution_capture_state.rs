//! A stream that captures refuses what cannot be recorded, and one that does not has nothing to end.

use wasi_cuda::{LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Setup, at, functions::*, ok, refused, runs_well};

fn main() -> Result<()> {
    let setup = Setup::new();
    let stream = &setup.stream;
    let mut buffer = stream.clone_htod(&[1u32; 4])?;
    let event = stream.record_event()?;
    refused(END_CAPTURE, "invalid-state", stream.end_capture());
    stream.begin_capture()?;
    let graph = stream.end_capture()?;

    ok(BEGIN_CAPTURE, stream.begin_capture());
    ok(
        LAUNCH,
        stream.launch(
            &setup.affine,
            LaunchConfig::new(1, 4),
            (&mut buffer, 4u32, 3u32, 0u32),
        ),
    );
    refused(BEGIN_CAPTURE, "invalid-state", stream.begin_capture());
    refused(
        READ,
        "invalid-state",
        stream.raw().read(at(buffer.raw(), 0), 16),
    );
    refused(RECORD_EVENT, "invalid-state", stream.record_event());
    refused(WAIT_EVENT, "invalid-state", stream.wait(&event));
    refused(SYNCHRONIZE, "invalid-state", stream.synchronize());
    refused(CANCEL, "invalid-state", stream.cancel());
    refused(LAUNCH_GRAPH, "invalid-state", stream.launch_graph(&graph));
    // A launch with an argument that does not fit is refused and not recorded.
    let misfit = (&mut buffer, 4u32, 3u32, 0u64);
    refused(
        LAUNCH,
        "invalid-argument",
        stream.launch(&setup.affine, LaunchConfig::new(1, 4), misfit),
    );

    let graph = ok(END_CAPTURE, stream.end_capture());
    assert_eq!(
        graph.size(),
        1,
        "only the launch that was accepted is recorded"
    );
    refused(END_CAPTURE, "invalid-state", stream.end_capture());
    ok(LAUNCH_GRAPH, stream.launch_graph(&graph));
    assert_eq!(
        stream.clone_dtoh(&buffer)?,
        [3; 4],
        "the launch should run once, with the graph"
    );
    runs_well(&setup.device);
    Ok(())
}
