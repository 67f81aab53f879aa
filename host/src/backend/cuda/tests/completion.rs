//! How the host learns that work is over.

use super::*;

/// Less than the reactor lets pass before it marks what has no mark.
const QUICK: Duration = Duration::from_micros(400);

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
            thread::sleep(Duration::from_millis(100));
            if machine.gpu.made(Call::Bind) == before {
                break;
            }
            assert!(begun.elapsed() < LONG, "it never sleeps");
        }
    }
}

#[tokio::test]
async fn work_that_nobody_waits_for_is_retired() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 4);
    let add = machine.adding();
    for _ in 0..100 {
        stream.enqueue(launch(&add, &sum(&data, 1))).await.unwrap();
    }
    // The launches' hold on the buffer ends with them.
    let begun = Instant::now();
    while Arc::strong_count(&data) > 1 {
        assert!(begun.elapsed() < LONG, "nobody retired the launches");
        thread::yield_now();
    }
    assert_eq!(soon(words(&stream, &data, 1)).await, [100]);
}

#[tokio::test]
async fn sixteen_launches_share_a_mark() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let nothing = machine.kernel(|_| ());
    for _ in 0..10_000 {
        let holding = machine.gpu.hold(Hold::Kind(Kind::Launch));
        let before = machine.gpu.made(Call::WriteWord);
        let begun = Instant::now();
        for _ in 0..16 {
            stream.enqueue(launch(&nothing, &[])).await.unwrap();
        }
        // The reactor may be the one that issues the last of them.
        let marks = || machine.gpu.made(Call::WriteWord) - before;
        while machine.gpu.launches_in_flight() < 16 || marks() == 0 {
            assert!(begun.elapsed() < LONG, "nothing marks the launches");
        }
        let (marks, was_quick) = (marks(), begun.elapsed() < QUICK);
        drop(holding);
        soon(stream.synchronize()).await.unwrap();
        // Where it took longer the reactor may have marked some of them.
        if was_quick {
            assert_eq!(marks, 1);
            return;
        }
    }
    panic!("16 launches never took less than {QUICK:?}");
}

#[tokio::test]
async fn launches_with_short_limits_have_marks_of_their_own() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    stream.set_time_limit(Some(Duration::from_millis(900)));
    let nothing = machine.kernel(|_| ());
    let before = machine.gpu.made(Call::WriteWord);
    for _ in 0..16 {
        stream.enqueue(launch(&nothing, &[])).await.unwrap();
    }
    // The reactor may be the one that issues some of them.
    soon(stream.synchronize()).await.unwrap();
    let marks = machine.gpu.made(Call::WriteWord) - before;
    assert!(marks >= 16, "{marks} marks");
}

#[tokio::test]
async fn whoever_waits_for_short_work_sees_its_end_itself() {
    let machine = Machine::new();
    let heard = Arc::new(Heard::default());
    let guest = guest_heard(machine.device(), &heard);
    let stream = stream(&guest);
    let begun = Instant::now();
    let here = thread::current().id();
    // Whether this thread or the reactor is first is a race, which this one wins now and then.
    while !crate::lock(&heard.threads).contains(&here) {
        assert!(begun.elapsed() < LONG, "the reactor was always first");
        stream.enqueue(machine.faulting()).await.unwrap();
        assert!(soon(stream.synchronize()).await.is_err());
    }
}

#[tokio::test]
async fn work_goes_on_while_the_end_of_other_work_is_not_seen() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let (first, second) = (stream(&guest), stream(&guest));
    let data = [0; 2].map(|_| buffer(&guest, 4));
    let add = machine.adding();
    first
        .enqueue(launch(&add, &sum(&data[0], 1)))
        .await
        .unwrap();
    soon(first.synchronize()).await.unwrap();
    let known = machine.gpu.streams();
    let gate = Gate::default();
    first.enqueue(machine.gated(&gate)).await.unwrap();
    second
        .enqueue(launch(&add, &sum(&data[1], 1)))
        .await
        .unwrap();
    assert_eq!(soon(words(&second, &data[1], 1)).await, [1]);
    assert!(
        machine.gpu.streams().len() > known.len(),
        "both had one lane"
    );
    gate.open();
    assert_eq!(soon(words(&first, &data[0], 1)).await, [1]);
}

#[tokio::test]
async fn the_reactor_has_the_context_from_its_first_look_on() {
    // Not in each round is it the first one to look.
    for _ in 0..30 {
        let machine = Machine::new();
        let guest = guest(machine.device());
        let stream = stream(&guest);
        let event = stream.record_event().await.unwrap();
        eventually(|| event.reached().is_some());
    }
}
