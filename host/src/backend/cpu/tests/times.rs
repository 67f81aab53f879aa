//! How long launches may run: what the embedder gives, and what the guest asks for.

use super::*;
use crate::stream::Stream;
use std::time::Instant;

/// What becomes of a launch that runs for this long, where the guest asks for a limit or for none.
async fn runs_for(
    stream: &Stream,
    time: Duration,
    asked: Option<Duration>,
) -> Result<(), ErrorCode> {
    stream.set_time_limit(asked);
    let begin = Instant::now();
    let launch = kernel(1, move |stop, _| {
        while !stop() {
            if begin.elapsed() >= time {
                return Outcome::Completed;
            }
            std::thread::yield_now();
        }
        Outcome::Stopped
    });
    let operation = Operation::Launch(Arc::new(launch));
    stream.enqueue(operation).await.unwrap();
    code(stream.synchronize().await)
}

const SHORT: Duration = Duration::from_millis(5);
const LONGER: Duration = Duration::from_millis(100);
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_launch_has_the_default_time_unless_its_guest_asks_for_more_or_less() {
    let device = device(1);
    let limits = Limits {
        time: Some(HOUR),
        default_time: Some(SHORT),
        ..Limits::default()
    };
    let guest = guest_with(&device, limits);
    let stream = stream(&guest);
    let exceeded = |result| matches!(result, Err(ErrorCode::DeadlineExceeded));
    assert!(exceeded(runs_for(&stream, HOUR, None).await));
    runs_for(&stream, LONGER, Some(HOUR)).await.unwrap();
    assert!(exceeded(runs_for(&stream, HOUR, Some(SHORT)).await));
    assert!(
        exceeded(runs_for(&stream, HOUR, None).await),
        "the default holds again"
    );
}

#[tokio::test]
async fn no_guest_gets_more_time_than_the_most() {
    let device = device(1);
    let limits = Limits {
        time: Some(SHORT),
        default_time: Some(HOUR),
        ..Limits::default()
    };
    let guest = guest_with(&device, limits);
    let stream = stream(&guest);
    for asked in [None, Some(HOUR)] {
        let result = runs_for(&stream, HOUR, asked).await;
        assert!(
            matches!(result, Err(ErrorCode::DeadlineExceeded)),
            "{asked:?}"
        );
    }
}

#[tokio::test]
async fn a_cancelled_launch_is_cancelled_and_not_late() {
    let device = device(1);
    let guest = guest(&device);
    let stream = stream(&guest);
    stream.set_time_limit(Some(HOUR));
    stream.enqueue(endless()).await.unwrap();
    stream.cancel();
    assert!(matches!(
        code(stream.synchronize().await),
        Err(ErrorCode::Cancelled)
    ));
}

#[tokio::test]
async fn cancelling_a_guest_stops_every_stream_of_its_own_and_no_other() {
    let device = device(3);
    let (mine, other) = (guest(&device), guest(&device));
    let (first, second, others) = (stream(&mine), stream(&mine), stream(&other));
    let gate = Gate::default();
    first.enqueue(endless()).await.unwrap();
    second.enqueue(endless()).await.unwrap();
    others.enqueue(gate.launch()).await.unwrap();
    mine.cancel();
    for stream in [first, second] {
        assert!(matches!(
            code(stream.synchronize().await),
            Err(ErrorCode::Cancelled)
        ));
    }
    gate.open();
    others.synchronize().await.unwrap();
}
