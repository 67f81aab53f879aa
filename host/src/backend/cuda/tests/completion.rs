//! How the host learns that work is over.

use super::*;

#[tokio::test]
async fn the_reactor_sleeps_when_nothing_is_left_to_do() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let nothing = machine.kernel(|_| ());
    for _ in 0..2 {
        stream.enqueue(launch(&nothing, &[])).await.unwrap();
        soon(stream.synchronize()).await.unwrap();
        // Awake or dozing it looks at the context, some hundred times in this.
        let begun = Instant::now();
        loop {
            let before = machine.gpu.made(Call::Bind);
            std::thread::sleep(Duration::from_millis(100));
            if machine.gpu.made(Call::Bind) == before {
                break;
            }
            assert!(begun.elapsed() < LONG, "it never sleeps");
        }
    }
}
