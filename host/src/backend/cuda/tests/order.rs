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
    let mut streams = Vec::new();
    for gate in &gates {
        let stream = stream(&guest);
        stream.enqueue(machine.gated(gate)).await.unwrap();
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
