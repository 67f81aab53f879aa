//! Kernels that fault.

use super::*;
use crate::backend::cuda::control::RECORDS;
use crate::bindings::wasi::cuda::types::FaultKind;
use std::sync::atomic::AtomicBool;

#[tokio::test]
async fn a_fault_fails_its_stream_and_what_follows_is_skipped() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let buffer = buffer(&guest, 1000);
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let count = machine.kernel(move |_| {
        counted.fetch_add(1, SeqCst);
    });
    let past = buffer.offset() + 1000;
    let faulting = machine.kernel(move |run| {
        run.fault(&Recorded {
            site: OUT_OF_BOUNDS,
            offset: past,
            block: [1, 2, 3],
            thread: [4, 5, 6],
        });
    });
    stream.enqueue(launch(&count, &[])).await.unwrap();
    stream.enqueue(launch(&faulting, &[])).await.unwrap();
    stream.enqueue(launch(&count, &[])).await.unwrap();
    let Err(ErrorCode::Fault(fault)) = code(soon(stream.synchronize()).await) else {
        panic!("the fault was not reported");
    };
    assert!(
        matches!(fault.kind, FaultKind::GlobalOutOfBounds),
        "{:?}",
        fault.kind
    );
    assert_eq!((fault.kernel.as_str(), fault.line), ("scripted", 8));
    let (block, thread) = (fault.block, fault.thread);
    assert_eq!([block.x, block.y, block.z], [1, 2, 3]);
    assert_eq!([thread.x, thread.y, thread.z], [4, 5, 6]);
    assert_eq!(fault.address, buffer.address() + 1000);
    assert!(
        fault
            .detail
            .contains("past the end of buffer 1 (1000 bytes)"),
        "{}",
        fault.detail
    );
    assert_eq!(runs.load(SeqCst), 1, "a kernel behind the fault ran");

    stream.enqueue(launch(&count, &[])).await.unwrap();
    soon(stream.synchronize()).await.unwrap();
    assert_eq!(runs.load(SeqCst), 2);
}

#[tokio::test]
async fn a_fault_of_one_stream_leaves_the_others_alone() {
    let machine = Machine::new();
    let heard = Arc::new(Heard::default());
    let guest = guest_heard(machine.device(), &heard);
    let (wrong, right) = (stream(&guest), stream(&guest));
    let data = buffer(&guest, 4);
    let add = machine.adding();
    let gate = Gate::default();
    for operation in [machine.gated(&gate), machine.faulting()] {
        wrong.enqueue(operation).await.unwrap();
    }
    wrong.enqueue(launch(&add, &sum(&data, 100))).await.unwrap();
    for _ in 0..50 {
        right.enqueue(launch(&add, &sum(&data, 1))).await.unwrap();
    }
    gate.open();
    assert_eq!(soon(words(&right, &data, 1)).await, [50]);
    let ended = code(soon(wrong.synchronize()).await);
    assert!(matches!(ended, Err(ErrorCode::Fault(_))), "{ended:?}");
    soon(right.synchronize()).await.unwrap();
    assert_eq!(heard.faults.load(SeqCst), 1);
    assert_eq!(soon(words(&wrong, &data, 1)).await, [50]);
}

#[tokio::test]
async fn events_behind_a_fault_tell_of_it_and_copies_are_skipped() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 8);
    let gate = Gate::default();
    let [waits, faults] = [machine.gated(&gate), machine.faulting()];
    stream.enqueue(waits).await.unwrap();
    let before = stream.record_event().await.unwrap();
    stream.enqueue(faults).await.unwrap();
    // Waits until the fault is known, so that what comes now is not issued.
    gate.open();
    let behind = stream.record_event().await.unwrap();
    let reached = soon(behind.wait()).await;
    assert!(matches!(
        reached.error,
        Some(crate::error::StreamError::Fault(_))
    ));
    assert!(soon(before.wait()).await.error.is_none());
    assert!(reached.at >= before.reached().unwrap().at);
    let refused = code(
        stream
            .write(at(&data, 0), &[1; 8])
            .await
            .and(stream.check()),
    );
    assert!(matches!(refused, Err(ErrorCode::Fault(_))), "{refused:?}");
}

#[tokio::test]
async fn a_stream_in_the_place_of_one_that_faulted_begins_unstopped() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let data = buffer(&guest, 4);
    let add = machine.adding();
    for round in 1..20 {
        let first = stream(&guest);
        first.enqueue(machine.faulting()).await.unwrap();
        // The guest never asks: nothing has reset the stop word when the place is used again.
        let event = first.record_event().await;
        if let Ok(event) = event {
            soon(event.wait()).await;
        }
        drop(first);
        let second = stream(&guest);
        let reads = machine.kernel(|run| run.write(run.u64(0) + 4, &[u32::from(run.is_stopped())]));
        let seen = buffer(&guest, 8);
        second
            .enqueue(launch(&reads, &[Argument::Buffer(seen.clone())]))
            .await
            .unwrap();
        second.enqueue(launch(&add, &sum(&data, 1))).await.unwrap();
        assert_eq!(soon(words(&second, &data, 1)).await, [round]);
        assert_eq!(
            soon(words(&second, &seen, 2)).await,
            [0, 0],
            "the stop word was set"
        );
    }
}

#[tokio::test]
async fn a_launch_that_recorded_half_a_fault_has_faulted_somehow() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let claims = machine.kernel(|run| run.write(run.record().fault, &[1]));
    stream.enqueue(launch(&claims, &[])).await.unwrap();
    let Err(ErrorCode::Fault(fault)) = code(soon(stream.synchronize()).await) else {
        panic!("the fault was not reported");
    };
    assert_eq!(fault.detail, "the kernel faulted and left no record of it");
}

#[tokio::test]
async fn each_of_many_launches_has_a_record_of_its_own() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let wrong_at = machine.kernel(|run| {
        if run.u64(24) > 0 {
            run.fault(&Recorded {
                site: OUT_OF_BOUNDS,
                offset: run.u64(24),
                ..Recorded::default()
            });
        }
    });
    let base = crate::testing::grant(&guest).space().unwrap().base();
    // More than there are records, each round's fault in another place among them.
    for round in 0..150 {
        for number in 0..=round {
            let offset = if number == round { 1000 + round } else { 0 };
            let arguments = [0, 0, 0, offset].map(Argument::Number);
            stream.enqueue(launch(&wrong_at, &arguments)).await.unwrap();
        }
        let Err(ErrorCode::Fault(fault)) = code(soon(stream.synchronize()).await) else {
            panic!("the fault of round {round} was not reported");
        };
        assert_eq!(fault.address, base + 1000 + round);
    }
}

/// Keeps whoever tells it of a fault until it is let go.
#[derive(Default)]
struct Stalling {
    is_told: AtomicBool,
    may_go: AtomicBool,
}

impl WasiCudaHooks for Stalling {
    fn on_fault(&self, _fault: &FaultInfo<'_>) {
        self.is_told.store(true, SeqCst);
        eventually(|| self.may_go.load(SeqCst));
    }
}

#[tokio::test]
async fn no_launch_is_blamed_for_one_that_is_far_behind_it() {
    let machine = Machine::new();
    let stalling = Arc::new(Stalling::default());
    let slow = WasiCudaCtx::builder()
        .device(machine.device().clone())
        .hooks(stalling.clone())
        .build();
    let wrong = stream(&slow);
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let nothing = machine.kernel(|_| ());
    let faulting = machine.faulting();
    wrong.enqueue(machine.faulting()).await.unwrap();
    // From here on the reactor retires nothing.
    eventually(|| stalling.is_told.load(SeqCst));
    for _ in 0..10 {
        stream.enqueue(launch(&nothing, &[])).await.unwrap();
    }
    let event = stream.record_event().await.unwrap();
    for _ in 10..RECORDS {
        stream.enqueue(launch(&nothing, &[])).await.unwrap();
    }
    // Its record is that of the first one, if it may have that already.
    stream.enqueue(faulting).await.unwrap();
    eventually(|| machine.gpu.launches_in_flight() == 0);
    stalling.may_go.store(true, SeqCst);
    assert!(soon(event.wait()).await.error.is_none());
    let ended = code(soon(stream.synchronize()).await);
    assert!(matches!(ended, Err(ErrorCode::Fault(_))), "{ended:?}");
}
