//! Replays of recorded work, and launches that are prepared once.

use super::*;
use crate::recording::Recording;
use crate::testing::recording;

/// Adds to a word, copies it on, and fills what is behind with a pattern.
fn step(add: &Arc<Kernel>, data: &Arc<Allocation>, number: u64) -> [Operation; 4] {
    [
        launch(add, &sum(data, number)),
        Operation::Copy {
            from: at(data, 0),
            to: at(data, 4),
            length: 4,
        },
        Operation::Fill {
            to: at(data, 8),
            length: 4,
            pattern: number as u32,
        },
        Operation::Write {
            to: at(data, 12),
            data: Arc::new(vec![9; 4]),
        },
    ]
}

#[tokio::test]
async fn a_graph_does_the_same_each_time() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 16);
    let add = machine.adding();
    let graph = recording(step(&add, &data, 3));
    for round in 1..=50 {
        stream
            .enqueue(Operation::Graph(graph.clone()))
            .await
            .unwrap();
        if round % 10 == 0 {
            let wanted = [3 * round, 3 * round, 3, 0x0909_0909];
            assert_eq!(soon(words(&stream, &data, 4)).await, wanted);
        }
    }
}

#[tokio::test]
async fn a_graph_with_more_launches_than_records_runs_whole() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 16);
    let add = machine.adding();
    let graph = recording((0..500).map(|_| launch(&add, &sum(&data, 1))));
    for _ in 0..3 {
        stream
            .enqueue(Operation::Graph(graph.clone()))
            .await
            .unwrap();
    }
    stream.enqueue(launch(&add, &sum(&data, 7))).await.unwrap();
    assert_eq!(soon(words(&stream, &data, 1)).await, [1507]);
}

#[tokio::test]
async fn a_replay_that_is_enqueued_keeps_its_arguments() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 16);
    let add = machine.adding();
    let mut graph = recording([launch(&add, &sum(&data, 1))]);
    let gate = Gate::default();
    stream.enqueue(machine.gated(&gate)).await.unwrap();
    stream
        .enqueue(Operation::Graph(graph.clone()))
        .await
        .unwrap();
    let other = Arc::new(launch_of(&add, &sum(&data, 10)));
    Recording::replace(&mut graph, 0, other).unwrap();
    stream
        .enqueue(Operation::Graph(graph.clone()))
        .await
        .unwrap();
    gate.open();
    assert_eq!(soon(words(&stream, &data, 1)).await, [11]);
}

#[tokio::test]
async fn a_fault_in_a_graph_ends_the_replay_and_those_behind_it() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 16);
    let add = machine.adding();
    let mut operations: Vec<_> = step(&add, &data, 1).into();
    operations.push(machine.faulting());
    operations.extend((0..300).map(|_| launch(&add, &sum(&data, 100))));
    let wrong = recording(operations);
    let right = recording(step(&add, &data, 1));
    for round in 0..5 {
        stream
            .enqueue(Operation::Graph(wrong.clone()))
            .await
            .unwrap();
        // Refused at once where the fault is known already.
        let _ = stream.enqueue(Operation::Graph(right.clone())).await;
        let ended = code(soon(stream.synchronize()).await);
        assert!(matches!(ended, Err(ErrorCode::Fault(_))), "{ended:?}");
        stream
            .enqueue(Operation::Graph(right.clone()))
            .await
            .unwrap();
        assert_eq!(soon(words(&stream, &data, 1)).await, [2 * (round + 1)]);
    }
}

#[tokio::test]
async fn a_cancel_ends_a_replay() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 16);
    let add = machine.adding();
    let first = machine.endless();
    let graph = recording(std::iter::once(first).chain(step(&add, &data, 1)));
    for _ in 0..3 {
        stream
            .enqueue(Operation::Graph(graph.clone()))
            .await
            .unwrap();
        stream.cancel();
        let ended = code(soon(stream.synchronize()).await);
        assert!(matches!(ended, Err(ErrorCode::Cancelled)), "{ended:?}");
    }
    assert_eq!(soon(words(&stream, &data, 1)).await, [0]);
}

#[tokio::test]
async fn a_replays_memory_is_counted_until_it_is_over() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let gate = Gate::default();
    let graph = recording([machine.gated(&gate)]);
    stream
        .enqueue(Operation::Graph(graph.clone()))
        .await
        .unwrap();
    eventually(|| gate.is_reached());
    assert!(Arc::strong_count(&graph) > 1);
    gate.open();
    soon(stream.synchronize()).await.unwrap();
    assert_eq!(Arc::strong_count(&graph), 1);
}

#[tokio::test]
async fn a_prepared_launch_is_enqueued_again_and_again() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let streams = [stream(&guest), stream(&guest)];
    let buffers = [buffer(&guest, 4), buffer(&guest, 4)];
    let add = machine.adding();
    let prepared = [0, 1].map(|index| Arc::new(launch_of(&add, &sum(&buffers[index], 2))));
    for round in 0..200 {
        let index = round % 2;
        let operation = Operation::Launch(prepared[index].clone());
        streams[index].enqueue(operation).await.unwrap();
    }
    for (stream, buffer) in streams.iter().zip(&buffers) {
        assert_eq!(soon(words(stream, buffer, 1)).await, [200]);
    }
}

/// Replays a recording so often that it is one of the driver's.
async fn replay_until_made(machine: &Machine, stream: &Stream, graph: &Arc<Recording>) {
    for _ in 0..2 {
        let replay = Operation::Graph(graph.clone());
        stream.enqueue(replay).await.unwrap();
    }
    soon(stream.synchronize()).await.unwrap();
    assert_eq!(machine.gpu.made(Call::LaunchGraph), 1);
}

#[tokio::test]
async fn a_graph_of_the_drivers_is_told_of_an_argument_that_was_replaced() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 16);
    let add = machine.adding();
    let mut graph = recording(step(&add, &data, 3));
    replay_until_made(&machine, &stream, &graph).await;
    assert_eq!(soon(words(&stream, &data, 2)).await, [6, 6]);
    let other = Arc::new(launch_of(&add, &sum(&data, 100)));
    Recording::replace(&mut graph, 0, other).unwrap();
    let told = machine.gpu.made(Call::SetLaunch);
    for replays in 1..=3 {
        let replay = Operation::Graph(graph.clone());
        stream.enqueue(replay).await.unwrap();
        let wanted = [6 + 100 * replays, 6 + 100 * replays, 3, 0x0909_0909];
        assert_eq!(soon(words(&stream, &data, 4)).await, wanted);
    }
    assert_eq!(machine.gpu.made(Call::LaunchGraph), 4);
    assert_eq!(machine.gpu.made(Call::SetLaunch), told + 1, "told once");
}

#[tokio::test]
async fn a_fault_in_a_graph_of_the_drivers_is_told_once_and_ends_that_replay_alone() {
    let machine = Machine::new();
    let heard = Arc::new(Heard::default());
    let guest = guest_heard(machine.device(), &heard);
    let stream = stream(&guest);
    let data = buffer(&guest, 16);
    let add = machine.adding();
    let perhaps = machine.kernel(|run| {
        if run.u64(24) > 0 {
            run.fault(&Recorded {
                site: OUT_OF_BOUNDS,
                ..Recorded::default()
            });
        }
    });
    let number = |number| [0, 0, 0, number].map(Argument::Number);
    let mut graph = recording([
        launch(&add, &sum(&data, 1)),
        launch(&perhaps, &number(0)),
        launch(&add, &sum(&data, 1000)),
    ]);
    replay_until_made(&machine, &stream, &graph).await;
    let faulting = Arc::new(launch_of(&perhaps, &number(1)));
    Recording::replace(&mut graph, 1, faulting).unwrap();
    let replay = Operation::Graph(graph.clone());
    stream.enqueue(replay).await.unwrap();
    let ended = code(soon(stream.synchronize()).await);
    assert!(matches!(ended, Err(ErrorCode::Fault(_))), "{ended:?}");
    assert_eq!(heard.faults.load(SeqCst), 1);
    assert_eq!(soon(words(&stream, &data, 1)).await, [2003]);

    let right = Arc::new(launch_of(&perhaps, &number(0)));
    Recording::replace(&mut graph, 1, right).unwrap();
    let replay = Operation::Graph(graph.clone());
    stream.enqueue(replay).await.unwrap();
    assert_eq!(soon(words(&stream, &data, 1)).await, [3004]);
    assert_eq!(machine.gpu.made(Call::LaunchGraph), 3);
}
