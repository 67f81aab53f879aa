//! What belongs to one device is refused by another, save events, which order the work of any two.

use wasi_cuda::{Device, LaunchConfig, Result};
use wasi_cuda_conformance_programs::{Setup, at, functions::*, ok, refused, runs_well};

const INVALID: &str = "invalid-argument";

fn main() -> Result<()> {
    let mut devices = Device::all().into_iter();
    let mut next = || {
        Setup::on(
            devices
                .next()
                .expect("the host grants this program two devices"),
        )
    };
    let (here, there) = (next()?, next()?);
    let (stream, config) = (&here.stream, LaunchConfig::new(1, 4));
    let own = stream.clone_htod(&[1u32; 4])?;
    let foreign = there.stream.clone_htod(&[1u32; 4])?;

    refused(
        LAUNCH,
        INVALID,
        stream.launch(&there.affine, config, (&own, 4u32, 1u32, 1u32)),
    );
    refused(
        LAUNCH,
        INVALID,
        stream.launch(&here.affine, config, (&foreign, 4u32, 1u32, 1u32)),
    );
    refused(
        PREPARED_LAUNCH,
        INVALID,
        here.affine.prepare(config, (&foreign, 4u32, 1u32, 1u32)),
    );
    let prepared = here.affine.prepare(config, (&own, 4u32, 1u32, 1u32))?;
    refused(
        PREPARED_SET_ARGUMENT,
        INVALID,
        prepared.set_argument(0, &foreign),
    );
    refused(
        LAUNCH_PREPARED,
        INVALID,
        there.stream.launch_prepared(&prepared),
    );

    let raw = stream.raw();
    refused(WRITE, INVALID, raw.write(at(foreign.raw(), 0), &[0; 4]));
    refused(READ, INVALID, raw.read(at(foreign.raw(), 0), 4));
    refused(
        COPY,
        INVALID,
        raw.copy(at(own.raw(), 0), at(foreign.raw(), 0), 4),
    );
    refused(FILL, INVALID, raw.fill(at(foreign.raw(), 0), 4, 0));

    stream.begin_capture()?;
    stream.launch_prepared(&prepared)?;
    let graph = stream.end_capture()?;
    refused(LAUNCH_GRAPH, INVALID, there.stream.launch_graph(&graph));
    refused(
        GRAPH_SET_ARGUMENT,
        INVALID,
        graph.set_argument(0, 0, &foreign),
    );

    let (event, elsewhere) = (stream.record_event()?, there.stream.record_event()?);
    ok(WAIT_EVENT, stream.wait(&elsewhere));
    ok(WAIT_EVENT, there.stream.wait(&event));
    event.wait()?;
    elsewhere.wait()?;
    refused(ELAPSED_SINCE, INVALID, event.elapsed_since(&elsewhere));

    let contents = [stream.clone_dtoh(&own)?, there.stream.clone_dtoh(&foreign)?];
    assert_eq!(
        contents,
        [[1; 4], [1; 4]],
        "what was refused should have changed nothing"
    );
    runs_well(&here.device);
    runs_well(&there.device);
    Ok(())
}
