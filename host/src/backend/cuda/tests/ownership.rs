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
