//! Programs with an async export, and several tasks in them.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use wasi_cuda::Result;
use wasi_cuda::asynchronous::{ByteWriter, Download};
use wasi_cuda::bindings::wit_stream;
use wit_bindgen::{StreamResult, yield_async};

/// Makes a function the program's `check: async func()`, which the suite calls: a plain `main` may not call async
/// functions.
#[macro_export]
macro_rules! async_check {
    ($check:path) => {
        wit_bindgen::generate!({
            inline: "
                package wasi:cuda-conformance;
                world asynchronous {
                    export check: async func();
                }
            ",
        });

        fn main() {
            panic!("the suite calls `check`");
        }

        struct Program;

        impl Guest for Program {
            async fn check() {
                $check().await;
            }
        }

        export!(Program);
    };
}

/// Waits for both.
pub async fn both<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut one, mut other) = (None, None);
    poll_fn(|cx| {
        if one.is_none()
            && let Poll::Ready(value) = first.as_mut().poll(cx)
        {
            one = Some(value);
        }
        if other.is_none()
            && let Poll::Ready(value) = second.as_mut().poll(cx)
        {
            other = Some(value);
        }
        if one.is_some() && other.is_some() {
            return Poll::Ready(());
        }
        Poll::Pending
    })
    .await;
    match (one, other) {
        (Some(one), Some(other)) => (one, other),
        _ => unreachable!("both were waited for"),
    }
}

/// Polls a future once: what it asks of the host has begun.
///
/// # Panics
///
/// When it is ready already.
pub async fn begin<T>(mut future: Pin<&mut impl Future<Output = T>>) {
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(_) => panic!("what should go on has ended"),
        Poll::Pending => Poll::Ready(()),
    })
    .await;
}

/// Lets the host do what it can do now.
pub async fn let_the_host_work() {
    for _ in 0..100 {
        yield_async().await;
    }
}

/// Offers bytes for as long as the host takes any without being given time, and returns how many it took.
pub async fn offer(writer: &mut ByteWriter, bytes: Vec<u8>) -> usize {
    let (mut taken, mut rest) = (0, bytes);
    while !rest.is_empty() {
        let mut write = pin!(writer.write(rest));
        let mut done = None;
        for _ in 0..100 {
            let ready = poll_fn(|cx| Poll::Ready(write.as_mut().poll(cx))).await;
            if let Poll::Ready(result) = ready {
                done = Some(result);
                break;
            }
            yield_async().await;
        }
        let (result, buffer) = match done {
            Some(result) => result,
            None => write.as_mut().cancel(),
        };
        rest = buffer.into_vec();
        match result {
            StreamResult::Complete(count) => taken += count,
            StreamResult::Cancelled | StreamResult::Dropped => break,
        }
    }
    taken
}

/// Whether the other end of a stream that takes bytes is gone.
pub async fn is_dropped(writer: &mut ByteWriter) -> bool {
    matches!(writer.write(vec![0]).await.0, StreamResult::Dropped)
}

/// Everything that a download gives.
pub async fn collected(mut download: Download) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while download.read(&mut bytes).await > 0 {}
    download.end().await?;
    Ok(bytes)
}

/// A stream of bytes that has ended.
pub fn no_bytes() -> wasi_cuda::asynchronous::ByteReader {
    wit_stream::new().1
}

/// Bytes that look alike nowhere, from the one with this index on.
pub fn pattern(first: usize, length: usize) -> Vec<u8> {
    (first..first + length)
        .map(|index| (index.wrapping_mul(0x9E37_79B1) >> 13) as u8)
        .collect()
}
