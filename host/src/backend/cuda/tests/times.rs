//! Time limits, and cancels.

use super::*;
use crate::backend::cuda::LANES;

const SHORT: Duration = Duration::from_millis(5);

fn is_late(ended: &Result<(), ErrorCode>) -> bool {
    matches!(ended, Err(ErrorCode::DeadlineExceeded))
}

fn is_cancelled(ended: &Result<(), ErrorCode>) -> bool {
    matches!(ended, Err(ErrorCode::Cancelled))
}

#[tokio::test]
async fn a_launch_past_its_time_is_stopped_and_the_stream_works_again() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 4);
    let add = machine.adding();
    for (round, limit) in [1, 5, 1500].into_iter().enumerate() {
        stream.set_time_limit(Some(Duration::from_millis(limit)));
        stream.enqueue(machine.endless()).await.unwrap();
        stream
            .enqueue(launch(&add, &sum(&data, 100)))
            .await
            .unwrap();
        let ended = code(soon(stream.synchronize()).await);
        assert!(is_late(&ended), "{ended:?}");
        stream.set_time_limit(None);
        stream.enqueue(launch(&add, &sum(&data, 1))).await.unwrap();
        assert_eq!(soon(words(&stream, &data, 1)).await, [round as u32 + 1]);
    }
}

#[tokio::test]
async fn a_launch_that_nobody_waits_for_is_stopped_too() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    stream.set_time_limit(Some(SHORT));
    stream.enqueue(machine.endless()).await.unwrap();
    let event = stream.record_event().await.unwrap();
    let reached = soon(event.wait()).await;
    assert!(matches!(
        reached.error,
        Some(crate::error::StreamError::DeadlineExceeded)
    ));
}

#[tokio::test]
async fn time_counts_from_when_a_launch_is_first_in_its_stream() {
    let machine = Machine::new();
    let limits = Limits {
        time: None,
        ..Limits::default()
    };
    let guest = guest_with(machine.device(), limits);
    let (stream, other) = (stream(&guest), stream(&guest));
    let (gate, other_gate) = (Gate::default(), Gate::default());
    // Long beside what a busy machine takes for nothing.
    let limit = 100 * SHORT;
    let nothing = machine.kernel(|_| ());
    let [waits, other_waits] = [machine.gated(&gate), machine.gated(&other_gate)];
    other.enqueue(other_waits).await.unwrap();
    let event = other.record_event().await.unwrap();
    stream.enqueue(waits).await.unwrap();
    stream.set_time_limit(Some(limit));
    stream.enqueue(launch(&nothing, &[])).await.unwrap();
    stream.enqueue(Operation::Wait(event)).await.unwrap();
    stream.enqueue(launch(&nothing, &[])).await.unwrap();
    // Behind another launch, and then behind another stream, for longer than it may run.
    for gate in [gate, other_gate] {
        eventually(|| gate.is_reached());
        thread::sleep(2 * limit);
        assert!(stream.check().is_ok());
        gate.open();
    }
    soon(stream.synchronize()).await.unwrap();
    soon(other.synchronize()).await.unwrap();
}

#[tokio::test]
async fn a_deadline_of_one_stream_leaves_the_others_alone() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let (late, other) = (stream(&guest), stream(&guest));
    let gate = Gate::default();
    let [waits, endless] = [machine.gated(&gate), machine.endless()];
    other.enqueue(waits).await.unwrap();
    late.set_time_limit(Some(SHORT));
    late.enqueue(endless).await.unwrap();
    assert!(is_late(&code(soon(late.synchronize()).await)));
    gate.open();
    soon(other.synchronize()).await.unwrap();
}

#[tokio::test]
async fn the_time_that_remains_is_that_of_what_runs() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let gate = Gate::default();
    let grant = crate::testing::grant(&guest);
    assert_eq!(grant.time_remaining(), None);
    stream.set_time_limit(Some(Duration::from_secs(20)));
    stream.enqueue(machine.gated(&gate)).await.unwrap();
    // None where somebody else just looks at the lane.
    let mut remaining = None;
    eventually(|| {
        remaining = grant.time_remaining();
        remaining.is_some()
    });
    let remaining = remaining.unwrap();
    assert!(remaining <= Duration::from_secs(20) && remaining > Duration::ZERO);
    gate.open();
    soon(stream.synchronize()).await.unwrap();
    assert_eq!(grant.time_remaining(), None);
}

#[tokio::test]
async fn a_cancel_stops_what_runs_and_skips_what_is_enqueued() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 4);
    let add = machine.adding();
    for round in 0..3 {
        stream.enqueue(machine.endless()).await.unwrap();
        // More than a lane takes, so that some are not issued yet.
        for _ in 0..600 {
            stream
                .enqueue(launch(&add, &sum(&data, 100)))
                .await
                .unwrap();
        }
        let event = stream.record_event().await.unwrap();
        stream.cancel();
        assert!(is_cancelled(&code(soon(stream.synchronize()).await)));
        assert!(event.reached().is_some());
        stream.enqueue(launch(&add, &sum(&data, 1))).await.unwrap();
        assert_eq!(soon(words(&stream, &data, 1)).await, [round + 1]);
    }
    stream.cancel();
    soon(stream.synchronize()).await.unwrap();
}

#[tokio::test]
async fn a_cancelled_stream_waits_for_a_kernel_that_stops_late() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let gate = Gate::default();
    stream.enqueue(machine.gated(&gate)).await.unwrap();
    stream.cancel();
    eventually(|| gate.is_reached());
    let (ended, ()) = tokio::join!(soon(stream.synchronize()), async {
        tokio::time::sleep(10 * SHORT).await;
        gate.open();
    });
    assert!(is_cancelled(&code(ended)));
    // The stop came to nothing, and must not come to what is next.
    let nothing = machine.kernel(|run| assert!(!run.is_stopped()));
    stream.enqueue(launch(&nothing, &[])).await.unwrap();
    soon(stream.synchronize()).await.unwrap();
}

#[tokio::test]
async fn a_cancel_ends_waiting_for_another_devices_event() {
    let (here, there) = (Machine::new(), Machine::new());
    let guest = WasiCudaCtx::builder()
        .device(here.device().clone())
        .device(there.device().clone())
        .build();
    let [first, second] = [0, 1].map(|index| Stream::new(&guest.grants()[index]).unwrap());
    let gate = Gate::default();
    first.enqueue(here.gated(&gate)).await.unwrap();
    let event = first.record_event().await.unwrap();
    second.enqueue(Operation::Wait(event)).await.unwrap();
    second.cancel();
    assert!(is_cancelled(&code(soon(second.synchronize()).await)));
    gate.open();
    soon(first.synchronize()).await.unwrap();
}

#[tokio::test]
async fn a_stop_that_comes_late_ends_nothing_that_is_enqueued_afterwards() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 4);
    let add = machine.adding();
    // The first stream that the device made is the one that sets stop words.
    let stopper = machine.gpu.streams()[0];
    assert!(machine.gpu.priority(stopper) < Some(0));
    let held = machine.gpu.hold(Hold::Stream(stopper));
    let gate = Gate::default();
    stream.enqueue(machine.gated(&gate)).await.unwrap();
    stream.cancel();
    gate.open();
    assert!(is_cancelled(&code(soon(stream.synchronize()).await)));
    // Not issued before the stop was carried out, since that would end it.
    stream.enqueue(launch(&add, &sum(&data, 1))).await.unwrap();
    drop(held);
    assert_eq!(soon(words(&stream, &data, 1)).await, [1]);
    eventually(|| machine.gpu.is_idle(stopper));
    stream.enqueue(launch(&add, &sum(&data, 1))).await.unwrap();
    assert_eq!(soon(words(&stream, &data, 1)).await, [2]);
}

#[tokio::test]
async fn a_stop_that_comes_before_its_launch_is_ready_ends_it_all_the_same() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    // So that the next launch begins with resetting the stop word.
    stream.enqueue(machine.faulting()).await.unwrap();
    assert!(soon(stream.synchronize()).await.is_err());
    let streams = machine.gpu.streams();
    let (stopper, lane) = (streams[0], streams[streams.len() - 1]);
    let held = machine.gpu.hold(Hold::Stream(lane));
    stream.enqueue(machine.endless()).await.unwrap();
    stream.cancel();
    eventually(|| machine.gpu.is_idle(stopper));
    // Now the reset takes the stop back.
    drop(held);
    assert!(is_cancelled(&code(soon(stream.synchronize()).await)));
}

#[tokio::test]
async fn streams_that_share_a_lane_have_each_their_own_time() {
    let machine = Machine::new();
    let limits = Limits {
        time: None,
        ..Limits::default()
    };
    let guest = guest_with(machine.device(), limits);
    let gate = Gate::default();
    let (gated, endless) = (machine.gated(&gate), machine.endless());
    let nothing = machine.kernel(|_| ());
    let mut streams: Vec<Stream> = (0..2 * LANES + 1).map(|_| stream(&guest)).collect();
    for stream in &streams {
        // The lanes one after the other, and twice; the last one comes to the first lane again.
        stream.enqueue(gated.clone()).await.unwrap();
        stream.set_time_limit(Some(Duration::from_secs(1)));
    }
    let late = streams.pop().unwrap();
    let quick = streams.swap_remove(LANES);
    // So that the launches so far have marks of their own, and these two might share one.
    thread::sleep(10 * SHORT);
    quick.enqueue(launch(&nothing, &[])).await.unwrap();
    late.enqueue(endless).await.unwrap();
    gate.open();
    assert!(is_late(&code(soon(late.synchronize()).await)));
    soon(quick.synchronize()).await.unwrap();
    for stream in &streams {
        soon(stream.synchronize()).await.unwrap();
    }
}
