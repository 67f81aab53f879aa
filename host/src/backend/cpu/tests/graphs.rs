//! Recording, replays, and what they cost.

use crate::bindings::wasi::cuda::types::{ErrorCode, Quota};
use crate::limits::Limits;
use crate::operation::Operation;
use crate::testing::*;
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn a_long_replay_of_small_fills_leaves_other_guests_their_turn() {
    const FILLS: u64 = 10_000;
    let device = device(1);
    let (long, short) = (guest(&device), guest(&device));
    let (long_stream, short_stream) = (stream(&long), stream(&short));
    let filled = buffer(&long, 4 * FILLS);
    let gate = Gate::default();
    long_stream.begin_capture().unwrap();
    for index in 0..FILLS {
        let fill = Operation::Fill {
            to: at(&filled, 4 * index),
            length: 4,
            pattern: 7,
        };
        long_stream.enqueue(fill).await.unwrap();
    }
    let graph = Operation::Graph(Arc::new(long_stream.end_capture().unwrap()));
    long_stream.enqueue(gate.launch()).await.unwrap();
    long_stream.enqueue(graph).await.unwrap();

    let space = grant(&long).space().unwrap().clone();
    let (last, seen) = (
        filled.offset() + 4 * (FILLS - 1),
        Arc::new(Mutex::new(vec![])),
    );
    let saw = seen.clone();
    let look = call(move || space.read(last, 4, &mut saw.lock().unwrap()).unwrap());
    short_stream.enqueue(look).await.unwrap();
    gate.open();
    short_stream.synchronize().await.unwrap();
    assert_eq!(
        *seen.lock().unwrap(),
        [0; 4],
        "the whole replay ran before another guest's launch"
    );
    long_stream.synchronize().await.unwrap();
    let bytes = long_stream.read(at(&filled, 4 * (FILLS - 1)), 4).await;
    assert_eq!(bytes.unwrap(), [7, 0, 0, 0]);
}

#[tokio::test]
async fn a_graph_runs_in_order_and_can_be_stopped_in_the_middle() {
    let device = device(2);
    let guest = guest(&device);
    let stream = stream(&guest);
    let order = Arc::new(Mutex::new(Vec::new()));
    let step = |number: u32| {
        let order = order.clone();
        call(move || order.lock().unwrap().push(number))
    };
    stream.begin_capture().unwrap();
    for operation in [step(1), step(2), step(3)] {
        stream.enqueue(operation).await.unwrap();
    }
    let graph = Arc::new(stream.end_capture().unwrap());
    stream.synchronize().await.unwrap();
    assert!(order.lock().unwrap().is_empty(), "recording runs nothing");
    for _ in 0..2 {
        stream
            .enqueue(Operation::Graph(graph.clone()))
            .await
            .unwrap();
    }
    stream.enqueue(step(4)).await.unwrap();
    stream.synchronize().await.unwrap();
    assert_eq!(*order.lock().unwrap(), [1, 2, 3, 1, 2, 3, 4]);

    let stopped = recording([step(5), endless(), step(6)]);
    stream.enqueue(Operation::Graph(stopped)).await.unwrap();
    eventually(|| order.lock().unwrap().last() == Some(&5));
    stream.cancel();
    assert!(matches!(
        code(stream.synchronize().await),
        Err(ErrorCode::Cancelled)
    ));
    assert_eq!(order.lock().unwrap().last(), Some(&5));
}

#[tokio::test]
async fn recorded_data_counts_for_the_guest_until_graph_and_replays_are_gone() {
    const DATA: usize = 10_000;
    let device = device(1);
    let limits = Limits {
        graph_bytes: DATA as u64 * 3 / 2,
        ..Limits::default()
    };
    let guest = guest_with(&device, limits);
    let (first, second, buffer) = (stream(&guest), stream(&guest), buffer(&guest, DATA as u64));
    let capture = async |stream: &crate::stream::Stream| {
        stream.begin_capture().unwrap();
        stream.write(at(&buffer, 0), &[7; DATA]).await.unwrap();
        code(stream.end_capture())
    };
    let too_much = |result| matches!(result, Err(ErrorCode::QuotaExceeded(Quota::PendingWork)));
    let graph = Arc::new(capture(&first).await.unwrap());
    assert!(too_much(capture(&second).await));
    let gate = Gate::default();
    first.enqueue(gate.launch()).await.unwrap();
    first.enqueue(Operation::Graph(graph)).await.unwrap();
    assert!(too_much(capture(&second).await), "a replay is pending");
    gate.open();
    first.synchronize().await.unwrap();
    assert!(capture(&second).await.is_ok());
}

#[tokio::test]
async fn a_capture_that_records_too_much_keeps_nothing() {
    let device = device(1);
    let guest = guest_with(
        &device,
        Limits {
            pending_operations: 2,
            ..Limits::default()
        },
    );
    let stream = stream(&guest);
    stream.begin_capture().unwrap();
    for _ in 0..3 {
        stream.enqueue(call(|| ())).await.unwrap();
    }
    assert!(matches!(
        code(stream.end_capture()),
        Err(ErrorCode::QuotaExceeded(_))
    ));
    assert!(matches!(
        code(stream.end_capture()),
        Err(ErrorCode::InvalidState(_))
    ));
}
