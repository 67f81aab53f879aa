//! A guest has as many streams, events and graphs as its quotas say, and again those it gave back.

use wasi_cuda::{Graph, Quota, Result, Stream};
use wasi_cuda_conformance_programs::{Setup, functions::*, ok, refused_with, runs_well};

/// What the suite's default setup allows.
const STREAMS: usize = 8;
const EVENTS: usize = 64;
const GRAPHS: usize = 8;

fn main() -> Result<()> {
    let setup = Setup::new();
    let device = &setup.device;

    // One of the streams is the setup's.
    let mut streams: Vec<_> = (1..STREAMS).map(|_| ok(STREAM, device.stream())).collect();
    refused_with(STREAM, Quota::Streams, device.stream());
    streams.pop();
    streams.push(ok(STREAM, device.stream()));
    drop(streams);

    let stream = &setup.stream;
    let mut events: Vec<_> = (0..EVENTS)
        .map(|_| ok(RECORD_EVENT, stream.record_event()))
        .collect();
    refused_with(RECORD_EVENT, Quota::Events, stream.record_event());
    events.pop();
    events.push(ok(RECORD_EVENT, stream.record_event()));
    drop(events);

    let mut graphs: Vec<_> = (0..GRAPHS)
        .map(|_| ok(END_CAPTURE, graph(stream)))
        .collect();
    refused_with(END_CAPTURE, Quota::Graphs, graph(stream));
    graphs.pop();
    graphs.push(ok(END_CAPTURE, graph(stream)));

    ok(SYNCHRONIZE, stream.synchronize());
    runs_well(device);
    Ok(())
}

fn graph(stream: &Stream) -> Result<Graph> {
    ok(BEGIN_CAPTURE, stream.begin_capture());
    stream.end_capture()
}
