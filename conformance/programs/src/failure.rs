//! Streams that failed, each in one of the three ways.

use std::time::Duration;

use wasi_cuda::{DeviceBuffer, Event, LaunchConfig, Result, Stream};

use crate::functions::*;
use crate::{Gate, Setup, at, covers, ok, refused};

/// Makes the stream fail with `fault`, and returns an event behind the failure.
pub fn fault(setup: &Setup, stream: &Stream) -> Result<Event> {
    let mut buffer = setup.device.alloc_zeros::<u32>(1)?;
    // The event has to be enqueued before the stream has failed.
    let gate = Gate::close(setup, stream)?;
    let past_the_end = (&mut buffer, 4i64, 0u32, 0u32);
    stream.launch(&setup.write_4, LaunchConfig::new(1, 1), past_the_end)?;
    let event = stream.record_event()?;
    gate.open()?;
    Ok(event)
}

/// Makes the stream fail with `deadline-exceeded`, and returns an event behind the failure.
pub fn deadline(setup: &Setup, stream: &Stream) -> Result<Event> {
    let flag = setup.device.alloc_zeros::<u32>(1)?;
    let gate = Gate::close(setup, stream)?;
    stream.set_time_limit(Some(Duration::from_millis(20)))?;
    stream.launch(&setup.endless, LaunchConfig::new(1, 1), (&flag,))?;
    let event = stream.record_event()?;
    gate.open()?;
    Ok(event)
}

/// Makes the stream fail with `cancelled`, and returns an event behind the failure.
pub fn cancel(setup: &Setup, stream: &Stream) -> Result<Event> {
    let flag = setup.device.alloc_zeros::<u32>(1)?;
    stream.launch(&setup.endless, LaunchConfig::new(1, 1), (&flag,))?;
    let event = stream.record_event()?;
    stream.cancel()?;
    Ok(event)
}

/// Every call on a stream that failed reports `case` until `synchronize` has, and works afterwards.
///
/// # Panics
///
/// When one does not.
pub fn every_call_reports(case: &str, fail: fn(&Setup, &Stream) -> Result<Event>) {
    let setup = Setup::new();
    let calls = Calls::prepare(&setup).expect("what the calls need should be made");

    let event = fail(&setup, &setup.stream).expect("enqueueing what will fail should succeed");
    // The stream has failed when this returns: from here on there is no race.
    refused(WAIT, case, event.wait());

    calls.each(&setup.stream, |function, result| {
        refused(function, case, result);
    });
    refused(SYNCHRONIZE, case, setup.stream.synchronize());
    ok(SYNCHRONIZE, setup.stream.synchronize());
    refused(WAIT, case, event.wait());

    setup
        .stream
        .set_time_limit(None)
        .expect("a stream should work again once its error was reported");
    calls.each(&setup.stream, |function, result| {
        ok(function, result);
    });
    ok(SYNCHRONIZE, setup.stream.synchronize());

    let other = setup
        .device
        .stream()
        .expect("there should be room for another stream");
    let event = fail(&setup, &setup.stream).expect("a stream should fail again");
    other
        .wait(&event)
        .expect("waiting for an event should be enqueued");
    ok(SYNCHRONIZE, other.synchronize());
    refused(SYNCHRONIZE, case, setup.stream.synchronize());
    crate::runs_well(&setup.device);
}

/// Every call on a stream that reports the stream's error, with arguments that are right.
struct Calls<'a> {
    setup: &'a Setup,
    buffer: DeviceBuffer<u32>,
    launch: wasi_cuda::PreparedLaunch,
    graph: wasi_cuda::Graph,
    event: Event,
}

impl<'a> Calls<'a> {
    fn prepare(setup: &'a Setup) -> Result<Self> {
        let buffer = setup.device.alloc_zeros(64)?;
        let stream = setup.device.stream()?;
        stream.begin_capture()?;
        stream.raw().fill(at(buffer.raw(), 0), 256, 1)?;
        Ok(Self {
            launch: setup.affine.prepare(
                LaunchConfig::for_num_elems(64),
                (&buffer, 64u32, 3u32, 1u32),
            )?,
            graph: stream.end_capture()?,
            event: stream.record_event()?,
            buffer,
            setup,
        })
    }

    fn each(&self, stream: &Stream, mut check: impl FnMut(&'static str, Result<()>)) {
        let (raw, buffer) = (stream.raw(), self.buffer.raw());
        let arguments = (&self.buffer, 64u32, 3u32, 1u32);
        check(
            LAUNCH,
            stream.launch(
                &self.setup.affine,
                LaunchConfig::for_num_elems(64),
                arguments,
            ),
        );
        check(LAUNCH_PREPARED, stream.launch_prepared(&self.launch));
        check(
            WRITE,
            raw.write(at(buffer, 0), &[0; 256]).map_err(Into::into),
        );
        check(
            READ,
            raw.read(at(buffer, 0), 256).map(drop).map_err(Into::into),
        );
        check(
            COPY,
            raw.copy(at(buffer, 0), at(buffer, 128), 128)
                .map_err(Into::into),
        );
        check(FILL, raw.fill(at(buffer, 0), 256, 7).map_err(Into::into));
        check(RECORD_EVENT, stream.record_event().map(drop));
        check(WAIT_EVENT, stream.wait(&self.event));
        check(SET_TIME_LIMIT, stream.set_time_limit(None));
        check(LAUNCH_GRAPH, stream.launch_graph(&self.graph));
        check(BEGIN_CAPTURE, stream.begin_capture());
        // Only a stream that works captures now.
        if stream.end_capture().is_ok() {
            covers(END_CAPTURE, "ok");
        }
    }
}
