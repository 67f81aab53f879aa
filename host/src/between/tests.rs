//! Copies between two CPU devices of one guest.

use crate::bindings::wasi::cuda::types::ErrorCode;
use crate::memory::Allocation;
use crate::operation::{Operation, Place};
use crate::stream::Stream;
use crate::testing::*;
use crate::{Device, Limits, WasiCudaCtx};
use std::sync::Arc;

/// Several slices, and no multiple of anything.
const LENGTH: usize = (9 << 20) + 3;

/// A guest with two devices, and what it has of them.
struct Two {
    guest: WasiCudaCtx,
    devices: [Device; 2],
    /// Holds 1, 2, 3, ... from its third byte on.
    source: Arc<Allocation>,
    target: Arc<Allocation>,
    /// Of the target's device.
    stream: Stream,
}

async fn two(limits: Limits) -> Two {
    let devices = [device(1), device(1)];
    let builder = WasiCudaCtx::builder().limits(limits);
    let builder = devices
        .iter()
        .cloned()
        .fold(builder, |builder, device| builder.device(device));
    let guest = builder.build();
    let [first, second] = guest.grants() else {
        panic!("two devices were granted");
    };
    let size = LENGTH as u64 + 1000;
    let source = Allocation::new(first, size).unwrap();
    let target = Allocation::new(second, size).unwrap();
    let other = Stream::new(first).unwrap();
    other.write(at(&source, 3), &numbers()).await.unwrap();
    Two {
        stream: Stream::new(second).unwrap(),
        guest,
        devices,
        source,
        target,
    }
}

fn numbers() -> Vec<u8> {
    (0..LENGTH).map(|number| (number % 251) as u8 + 1).collect()
}

impl Two {
    async fn copy(&self, to: Place) -> Result<(), ErrorCode> {
        let from = at(&self.source, 3);
        code(
            self.stream
                .copy_from_elsewhere(from, to, LENGTH as u64)
                .await,
        )
    }

    async fn target(&self) -> Vec<u8> {
        code(self.stream.read(at(&self.target, 7), LENGTH).await).unwrap()
    }
}

#[tokio::test]
async fn a_copy_between_devices_comes_in_its_streams_order() {
    let two = two(Limits::default()).await;
    let behind = Allocation::new(two.target.grant(), LENGTH as u64).unwrap();
    let gate = Gate::default();
    two.stream.enqueue(gate.launch()).await.unwrap();
    two.copy(at(&two.target, 7)).await.unwrap();
    let onwards = Operation::Copy {
        from: at(&two.target, 7),
        to: at(&behind, 0),
        length: LENGTH as u64,
    };
    two.stream.enqueue(onwards).await.unwrap();
    let mut early = Vec::new();
    let space = two.target.grant().space().unwrap();
    space
        .read(two.target.offset() + 7, LENGTH as u64, &mut early)
        .unwrap();
    assert!(
        early.iter().all(|byte| *byte == 0),
        "the launch before it still runs"
    );
    gate.open();
    let read = two.stream.read(at(&behind, 0), LENGTH).await.unwrap();
    assert!(read == numbers(), "what is behind the copy sees all of it");
    let account = &two.guest.accounts()[1];
    assert_eq!(account.bytes_between, 2 * LENGTH as u64);
}

#[tokio::test]
async fn a_copy_that_is_cancelled_before_its_turn_copies_nothing_later_either() {
    let two = two(Limits::default()).await;
    let gate = Gate::default();
    two.stream.enqueue(gate.launch()).await.unwrap();
    two.copy(at(&two.target, 7)).await.unwrap();
    two.stream.cancel();
    gate.open();
    let cancelled = code(two.stream.synchronize().await);
    assert!(
        matches!(cancelled, Err(ErrorCode::Cancelled)),
        "{cancelled:?}"
    );
    assert!(two.target().await.iter().all(|byte| *byte == 0));
    two.copy(at(&two.target, 7)).await.unwrap();
    assert!(two.target().await == numbers(), "the stream works again");
}

#[tokio::test]
async fn a_lost_source_fails_the_copy_and_not_the_device_that_it_was_for() {
    let two = two(Limits::default()).await;
    two.devices[0].mark_lost("the test says so");
    two.copy(at(&two.target, 7)).await.unwrap();
    let Err(ErrorCode::Other(Some(text))) = code(two.stream.synchronize().await) else {
        panic!("the source is lost");
    };
    assert_eq!(text, "a copy from another device failed: device-lost");
    two.stream.enqueue(call(|| ())).await.unwrap();
    two.stream.synchronize().await.unwrap();
}

#[tokio::test]
async fn a_guest_that_may_have_one_operation_pending_can_copy_between_devices() {
    let two = two(Limits {
        pending_operations: 1,
        ..Limits::default()
    })
    .await;
    two.stream.enqueue(call(|| ())).await.unwrap();
    two.copy(at(&two.target, 7)).await.unwrap();
    assert!(two.target().await == numbers());
}

#[tokio::test]
async fn a_captured_copy_between_devices_is_unsupported() {
    let two = two(Limits::default()).await;
    two.stream.begin_capture().unwrap();
    let refused = two.copy(at(&two.target, 7)).await;
    assert!(
        matches!(refused, Err(ErrorCode::Unsupported(_))),
        "{refused:?}"
    );
    assert_eq!(two.stream.end_capture().unwrap().operations().len(), 0);
}

#[tokio::test]
async fn many_copies_at_a_time_all_arrive() {
    let two = two(Limits::default()).await;
    let streams: Vec<Stream> = (0..8)
        .map(|_| Stream::new(two.target.grant()).unwrap())
        .collect();
    let targets = streams
        .iter()
        .map(|_| Allocation::new(two.target.grant(), LENGTH as u64));
    let targets: Vec<_> = targets.map(Result::unwrap).collect();
    for (stream, target) in streams.iter().zip(&targets) {
        let from = at(&two.source, 3);
        let copied = stream.copy_from_elsewhere(from, at(target, 0), LENGTH as u64);
        copied.await.unwrap();
    }
    for (stream, target) in streams.iter().zip(&targets) {
        assert!(stream.read(at(target, 0), LENGTH).await.unwrap() == numbers());
    }
}
