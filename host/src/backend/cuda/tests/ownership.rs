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
        std::thread::yield_now();
    }
}
