//! What work in flight keeps.

use super::*;

#[tokio::test]
async fn memory_of_a_dropped_guest_is_given_back_once_its_work_is_over() {
    let machine = Machine::new();
    let gate = Gate::default();
    {
        let guest = guest(machine.device());
        let stream = stream(&guest);
        let data = buffer(&guest, 1 << 20);
        stream.enqueue(machine.gated(&gate)).await.unwrap();
        let fill = Operation::Fill {
            to: at(&data, 0),
            length: 1 << 20,
            pattern: 7,
        };
        stream.enqueue(fill).await.unwrap();
        eventually(|| gate.is_reached());
    }
    assert!(
        machine.gpu.memory_used() >= 1 << 20,
        "memory went while a kernel ran"
    );
    gate.open();
    let begun = Instant::now();
    while machine.gpu.memory_used() >= 1 << 20 {
        assert!(begun.elapsed() < LONG, "memory was not given back");
        thread::yield_now();
    }
}

#[tokio::test]
async fn a_stop_that_was_not_carried_out_keeps_the_words_that_it_sets() {
    let machine = Machine::new();
    let stopper = machine.gpu.streams()[0];
    let held = machine.gpu.hold(Hold::Stream(stopper));
    let guest = guest(machine.device());
    for _ in 0..3 {
        let gate = Gate::default();
        let stopped = stream(&guest);
        stopped.enqueue(machine.gated(&gate)).await.unwrap();
        eventually(|| gate.is_reached());
        stopped.cancel();
        gate.open();
        assert!(soon(stopped.synchronize()).await.is_err());
        drop(stopped);
        // It must not get the words of the stream before.
        let next = stream(&guest);
        let data = buffer(&guest, 4);
        let add = machine.adding();
        next.enqueue(launch(&add, &sum(&data, 1))).await.unwrap();
        assert_eq!(soon(words(&next, &data, 1)).await, [1]);
    }
    // Whoever closes the device waits for it.
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        drop(held);
    });
}

#[tokio::test]
async fn a_dropped_streams_work_is_done_and_then_let_go_of() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let other = stream(&guest);
    let data = buffer(&guest, 2 << 20);
    let add = machine.adding();
    let gate = Gate::default();
    let event = {
        let stream = stream(&guest);
        stream.enqueue(machine.gated(&gate)).await.unwrap();
        stream.write(at(&data, 0), &[0; 2 << 20]).await.unwrap();
        for _ in 0..300 {
            stream.enqueue(launch(&add, &sum(&data, 1))).await.unwrap();
        }
        stream.record_event().await.unwrap()
    };
    assert!(event.reached().is_none());
    gate.open();
    assert!(soon(event.wait()).await.error.is_none());
    assert_eq!(soon(words(&other, &data, 1)).await, [300]);
    eventually(|| Arc::strong_count(&data) == 1);
}

#[tokio::test]
async fn a_guest_may_go_in_the_midst_of_anything() {
    let machine = Machine::new();
    for kind in [
        Kind::Launch,
        Kind::Word,
        Kind::Fill,
        Kind::Copy,
        Kind::Record,
        Kind::Wait,
    ] {
        let other = guest(machine.device());
        let others = stream(&other);
        let add = machine.adding();
        let held = {
            let guest = guest(machine.device());
            let (first, second) = (stream(&guest), stream(&guest));
            let data = buffer(&guest, 3 << 20);
            let held = machine.gpu.hold(Hold::Kind(kind));
            first.enqueue(launch(&add, &sum(&data, 1))).await.unwrap();
            first.write(at(&data, 0), &[1; 3 << 20]).await.unwrap();
            let event = first.record_event().await.unwrap();
            second.enqueue(Operation::Wait(event)).await.unwrap();
            let fill = Operation::Fill {
                to: at(&data, 0),
                length: 3 << 20,
                pattern: 1,
            };
            let launches = (0..100).map(|_| launch(&add, &sum(&data, 1)));
            let graph = crate::testing::recording(std::iter::once(fill).chain(launches));
            second.enqueue(Operation::Graph(graph)).await.unwrap();
            held
        };
        drop(held);
        let data = buffer(&other, 4);
        others.enqueue(launch(&add, &sum(&data, 1))).await.unwrap();
        assert_eq!(soon(words(&others, &data, 1)).await, [1], "{kind:?}");
    }
}

#[tokio::test]
async fn a_device_may_go_before_its_guests() {
    let mut machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 4);
    let add = machine.adding();
    machine.device = None;
    stream.enqueue(launch(&add, &sum(&data, 1))).await.unwrap();
    assert_eq!(soon(words(&stream, &data, 1)).await, [1]);
}
