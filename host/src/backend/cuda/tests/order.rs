//! Order in a stream and between streams.

use super::*;
use crate::backend::cuda::LANES;
use std::sync::Mutex;

#[tokio::test]
async fn a_stream_does_its_work_in_order() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let order = Arc::new(Mutex::new(Vec::new()));
    let seen = order.clone();
    let kernel = machine.kernel(move |run| seen.lock().unwrap().push(run.u64(24)));
    for number in 0..1000 {
        let arguments = [0, 0, 0, number].map(Argument::Number);
        stream.enqueue(launch(&kernel, &arguments)).await.unwrap();
    }
    soon(stream.synchronize()).await.unwrap();
    assert_eq!(*order.lock().unwrap(), (0..1000).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stream_waits_for_an_event_of_a_stream_that_is_held() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let (first, second) = (stream(&guest), stream(&guest));
    let data = buffer(&guest, 4);
    let gate = Gate::default();
    let set = machine.kernel(|run| run.write(run.u64(0), &[20]));
    let double = machine.kernel(|run| run.write(run.u64(0), &[2 * run.read(run.u64(0), 1)[0]]));
    let arguments = [Argument::Buffer(data.clone())];
    first.enqueue(machine.gated(&gate)).await.unwrap();
    first.enqueue(launch(&set, &arguments)).await.unwrap();
    let event = first.record_event().await.unwrap();
    second
        .enqueue(Operation::Wait(event.clone()))
        .await
        .unwrap();
    second.enqueue(launch(&double, &arguments)).await.unwrap();
    eventually(|| gate.is_reached());
    assert!(event.reached().is_none());
    gate.open();
    assert_eq!(soon(words(&second, &data, 1)).await, [40]);
}

#[tokio::test]
async fn more_streams_than_lanes_all_do_their_work() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let gates: Vec<Gate> = (0..LANES + 8).map(|_| Gate::default()).collect();
    let waits: Vec<Operation> = gates.iter().map(|gate| machine.gated(gate)).collect();
    let mut streams = Vec::new();
    for operation in waits {
        let stream = stream(&guest);
        stream.enqueue(operation).await.unwrap();
        streams.push(stream);
    }
    let reached = || gates.iter().filter(|gate| gate.is_reached()).count();
    eventually(|| reached() == LANES);
    assert_eq!(
        machine.gpu.launches_in_flight(),
        LANES + 8,
        "some were not issued"
    );
    assert_eq!(reached(), LANES, "more run at a time than there are lanes");
    for (stream, gate) in streams.iter().zip(&gates) {
        gate.open();
        soon(stream.synchronize()).await.unwrap();
    }
}

#[tokio::test]
async fn a_full_queue_goes_on_when_there_is_room() {
    let machine = Machine::new();
    let limits = Limits {
        pending_operations: 10,
        ..Limits::default()
    };
    let guest = guest_with(machine.device(), limits);
    let stream = stream(&guest);
    let data = buffer(&guest, 4);
    let add = machine.adding();
    let gate = Gate::default();
    stream.enqueue(machine.gated(&gate)).await.unwrap();
    let many = async {
        for _ in 0..100 {
            stream.enqueue(launch(&add, &sum(&data, 1))).await.unwrap();
        }
    };
    let ((), ()) = tokio::join!(soon(many), async {
        // The reactor issues those behind the first.
        eventually(|| machine.gpu.launches_in_flight() >= 10);
        tokio::task::yield_now().await;
        assert_eq!(
            machine.gpu.launches_in_flight(),
            10,
            "more than may be pending"
        );
        gate.open();
    });
    assert_eq!(soon(words(&stream, &data, 1)).await, [100]);
}

#[tokio::test]
async fn more_work_than_a_lane_takes_is_issued_as_room_comes() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 4);
    let add = machine.adding();
    let gate = Gate::default();
    stream.enqueue(machine.gated(&gate)).await.unwrap();
    for _ in 0..1000 {
        stream.enqueue(launch(&add, &sum(&data, 1))).await.unwrap();
        let fill = Operation::Fill {
            to: at(&data, 0),
            length: 4,
            pattern: 5,
        };
        stream.enqueue(fill).await.unwrap();
    }
    assert!(
        machine.gpu.launches_in_flight() < 100,
        "a lane takes as much as it is given"
    );
    stream.enqueue(launch(&add, &sum(&data, 1))).await.unwrap();
    gate.open();
    assert_eq!(soon(words(&stream, &data, 1)).await, [6]);
}

#[tokio::test]
async fn an_event_orders_streams_of_two_devices() {
    let (here, there) = (Machine::new(), Machine::new());
    let guest = WasiCudaCtx::builder()
        .device(here.device().clone())
        .device(there.device().clone())
        .build();
    let [first, second] = [0, 1].map(|index| Stream::new(&guest.grants()[index]).unwrap());
    let gate = Gate::default();
    let done = Arc::new(Mutex::new(Vec::new()));
    let [before, after] = [(&here, "before"), (&there, "after")].map(|(machine, word)| {
        let done = done.clone();
        machine.kernel(move |_| done.lock().unwrap().push(word))
    });
    first.enqueue(here.gated(&gate)).await.unwrap();
    first.enqueue(launch(&before, &[])).await.unwrap();
    let event = first.record_event().await.unwrap();
    second.enqueue(Operation::Wait(event)).await.unwrap();
    second.enqueue(launch(&after, &[])).await.unwrap();
    eventually(|| gate.is_reached());
    assert_eq!(there.gpu.launches_in_flight(), 0);
    gate.open();
    soon(second.synchronize()).await.unwrap();
    assert_eq!(*done.lock().unwrap(), ["before", "after"]);
}

#[tokio::test]
async fn times_of_events_follow_the_order_of_the_work() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let streams = [0; 3].map(|_| stream(&guest));
    let sleep = machine.kernel(|_| thread::sleep(Duration::from_millis(5)));
    let mut events = Vec::new();
    for round in 0..9 {
        let stream = &streams[round % 3];
        if let Some(before) = events.last() {
            stream
                .enqueue(Operation::Wait(Arc::clone(before)))
                .await
                .unwrap();
        }
        stream.enqueue(launch(&sleep, &[])).await.unwrap();
        events.push(stream.record_event().await.unwrap());
    }
    let mut times = Vec::new();
    for event in &events {
        times.push(soon(event.wait()).await.at);
    }
    for pair in times.windows(2) {
        assert!(pair[1] >= pair[0] + 4_000_000, "{times:?}");
    }
}

#[tokio::test]
async fn a_wait_for_an_event_that_is_reached_costs_the_driver_nothing() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let (first, second) = (stream(&guest), stream(&guest));
    let event = first.record_event().await.unwrap();
    soon(event.wait()).await;
    second.enqueue(Operation::Wait(event)).await.unwrap();
    soon(second.synchronize()).await.unwrap();
    assert_eq!(machine.gpu.made(Call::WaitFor), 0);
}
