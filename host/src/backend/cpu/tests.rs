//! The scheduler: order, overlap, turns, faults, cancels, deadlines, lost devices, dropped guests.

mod graphs;
mod times;

use crate::bindings::wasi::cuda::types::{ErrorCode, FaultKind};
use crate::limits::Limits;
use crate::operation::Operation;
use crate::testing::*;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wasi_cuda_jit::cpu::Outcome;

fn count(runs: &AtomicU32) {
    runs.fetch_add(1, SeqCst);
}

#[tokio::test]
async fn a_stream_runs_its_work_in_order() {
    let device = device(4);
    let guest = guest(&device);
    let stream = stream(&guest);
    let order = Arc::new(Mutex::new(Vec::new()));
    for number in 0..500 {
        let order = order.clone();
        stream
            .enqueue(call(move || order.lock().unwrap().push(number)))
            .await
            .unwrap();
    }
    stream.synchronize().await.unwrap();
    assert_eq!(*order.lock().unwrap(), (0..500).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_block_of_a_launch_runs_once() {
    let device = device(4);
    let guest = guest(&device);
    let stream = stream(&guest);
    let runs: Arc<[AtomicU32]> = (0..100_000).map(|_| AtomicU32::new(0)).collect();
    let seen = runs.clone();
    let launch = kernel(100_000, move |_, blocks| {
        blocks.for_each(|block| count(&seen[block as usize]));
        Outcome::Completed
    });
    stream
        .enqueue(Operation::Launch(Arc::new(launch)))
        .await
        .unwrap();
    stream.synchronize().await.unwrap();
    assert!(runs.iter().all(|runs| runs.load(SeqCst) == 1));
}

#[tokio::test]
async fn streams_of_one_guest_overlap() {
    let device = device(2);
    let guest = guest(&device);
    let (first, second) = (stream(&guest), stream(&guest));
    let (here, there) = (Gate::default(), Gate::default());
    for (stream, mine, other) in [(&first, &here, &there), (&second, &there, &here)] {
        let (mine, other) = (mine.clone(), other.clone());
        // Each opens the other's gate: one after the other they would never end.
        stream
            .enqueue(call(move || {
                other.open();
                mine.pass();
            }))
            .await
            .unwrap();
    }
    first.synchronize().await.unwrap();
    second.synchronize().await.unwrap();
}

#[tokio::test]
async fn a_long_launch_leaves_other_guests_their_turn() {
    let device = device(1);
    let (long, short) = (guest(&device), guest(&device));
    let (long_stream, short_stream) = (stream(&long), stream(&short));
    let done = Arc::new(AtomicU64::new(0));
    let counted = done.clone();
    let launch = kernel(1_000_000, move |stopped, blocks| {
        for _ in blocks {
            if stopped() {
                return Outcome::Stopped;
            }
            counted.fetch_add(1, SeqCst);
            std::thread::sleep(Duration::from_micros(100));
        }
        Outcome::Completed
    });
    long_stream
        .enqueue(Operation::Launch(Arc::new(launch)))
        .await
        .unwrap();
    short_stream.enqueue(call(|| ())).await.unwrap();
    short_stream.synchronize().await.unwrap();
    assert!(done.load(SeqCst) < 1_000_000);
    long_stream.cancel();
    assert!(matches!(
        code(long_stream.synchronize().await),
        Err(ErrorCode::Cancelled)
    ));
}

#[tokio::test]
async fn an_event_orders_streams_of_different_devices() {
    let (here, there) = (device(1), device(1));
    let guest = crate::WasiCudaCtx::builder()
        .device(here)
        .device(there)
        .build();
    let first = crate::stream::Stream::new(&guest.grants()[0]).unwrap();
    let second = crate::stream::Stream::new(&guest.grants()[1]).unwrap();
    let (gate, seen) = (Gate::default(), Arc::new(AtomicU32::new(0)));
    first.enqueue(gate.launch()).await.unwrap();
    let before = seen.clone();
    first
        .enqueue(call(move || before.store(1, SeqCst)))
        .await
        .unwrap();
    let event = first.record_event().await.unwrap();
    second
        .enqueue(Operation::Wait(event.clone()))
        .await
        .unwrap();
    let after = seen.clone();
    second
        .enqueue(call(move || after.store(after.load(SeqCst) * 2, SeqCst)))
        .await
        .unwrap();
    assert!(event.reached().is_none());
    gate.open();
    second.synchronize().await.unwrap();
    assert_eq!(seen.load(SeqCst), 2);
}

#[tokio::test]
async fn a_fault_skips_what_is_behind_it_until_it_is_reported() {
    let device = device(2);
    let guest = guest(&device);
    let stream = stream(&guest);
    let _buffer = buffer(&guest, 1024);
    let ran = Arc::new(AtomicU32::new(0));
    let gate = Gate::default();
    stream.enqueue(gate.launch()).await.unwrap();
    stream.enqueue(faulting()).await.unwrap();
    let counted = ran.clone();
    stream.enqueue(call(move || count(&counted))).await.unwrap();
    let event = stream.record_event().await.unwrap();
    gate.open();

    let reached = event.wait().await;
    assert!(matches!(
        reached.error,
        Some(crate::error::StreamError::Fault(_))
    ));
    assert!(matches!(code(stream.check()), Err(ErrorCode::Fault(_))));
    let Err(ErrorCode::Fault(fault)) = code(stream.synchronize().await) else {
        panic!("the fault was not reported");
    };
    assert!(matches!(fault.kind, FaultKind::GlobalOutOfBounds));
    assert_eq!(
        (fault.kernel.as_str(), fault.line, fault.column),
        ("test", 7, 3)
    );
    assert_eq!(
        fault.detail,
        "4 bytes past the end of buffer 1 (1024 bytes), offset 0x500 of the guest's memory"
    );
    assert_eq!(ran.load(SeqCst), 0, "a kernel behind the fault ran");

    stream.enqueue(call(move || count(&ran))).await.unwrap();
    stream.synchronize().await.unwrap();
}

#[tokio::test]
async fn a_cancel_stops_what_runs_and_drops_what_is_enqueued() {
    let device = device(1);
    let guest = guest(&device);
    let stream = stream(&guest);
    let ran = Arc::new(AtomicU32::new(0));
    stream.enqueue(endless()).await.unwrap();
    let counted = ran.clone();
    stream.enqueue(call(move || count(&counted))).await.unwrap();
    stream.cancel();
    assert!(matches!(
        code(stream.synchronize().await),
        Err(ErrorCode::Cancelled)
    ));
    assert_eq!(ran.load(SeqCst), 0);
    stream.synchronize().await.unwrap();
    stream.cancel();
    stream
        .synchronize()
        .await
        .expect("there was nothing to cancel");
}

#[tokio::test]
async fn a_cancel_ends_waiting_for_an_event() {
    let device = device(2);
    let guest = guest(&device);
    let (first, second) = (stream(&guest), stream(&guest));
    let gate = Gate::default();
    first.enqueue(gate.launch()).await.unwrap();
    let event = first.record_event().await.unwrap();
    second.enqueue(Operation::Wait(event)).await.unwrap();
    second.cancel();
    assert!(matches!(
        code(second.synchronize().await),
        Err(ErrorCode::Cancelled)
    ));
    gate.open();
    first.synchronize().await.unwrap();
    second.synchronize().await.unwrap();
}

#[tokio::test]
async fn a_launch_past_its_time_limit_is_stopped_and_the_stream_works_again() {
    let device = device(1);
    let guest = guest(&device);
    let stream = stream(&guest);
    for _ in 0..3 {
        stream.set_time_limit(Some(Duration::from_millis(5)));
        stream.enqueue(endless()).await.unwrap();
        assert!(matches!(
            code(stream.synchronize().await),
            Err(ErrorCode::DeadlineExceeded)
        ));
    }
    stream.set_time_limit(None);
    stream.enqueue(call(|| ())).await.unwrap();
    stream.synchronize().await.unwrap();
}

#[tokio::test]
async fn the_hosts_time_limit_holds_whatever_the_stream_asks_for() {
    let device = device(1);
    let limits = Limits {
        time: Some(Duration::from_millis(5)),
        ..Limits::default()
    };
    let guest = guest_with(&device, limits);
    let stream = stream(&guest);
    stream.set_time_limit(Some(Duration::from_secs(3600)));
    stream.enqueue(endless()).await.unwrap();
    assert!(matches!(
        code(stream.synchronize().await),
        Err(ErrorCode::DeadlineExceeded)
    ));
}

#[tokio::test]
async fn the_clock_of_a_launch_starts_with_its_first_block() {
    let device = device(1);
    let (busy, patient) = (guest(&device), guest(&device));
    let (busy, patient) = (stream(&busy), (stream(&patient), patient));
    let gate = Gate::default();
    busy.enqueue(gate.launch()).await.unwrap();
    eventually(|| gate.is_reached());
    patient.0.set_time_limit(Some(Duration::from_millis(20)));
    patient.0.enqueue(call(|| ())).await.unwrap();
    std::thread::sleep(Duration::from_millis(60));
    gate.open();
    patient
        .0
        .synchronize()
        .await
        .expect("only the neighbour used the device");
}

#[tokio::test]
async fn a_dropped_guest_is_stopped_and_its_memory_comes_back() {
    let device = device(2);
    let guest = guest(&device);
    let stream = stream(&guest);
    let kept = buffer(&guest, 4096);
    let (gate, stopped) = (Gate::default(), Gate::default());
    let (reached, ended) = (gate.clone(), stopped.clone());
    let mut launch = kernel(1, move |stop, _| {
        reached.open();
        eventually(stop);
        ended.open();
        Outcome::Stopped
    });
    launch.buffers.push(Some(kept));
    stream
        .enqueue(Operation::Launch(Arc::new(launch)))
        .await
        .unwrap();
    gate.pass();
    assert_eq!(device.memory_used(), 4096);
    drop(stream);
    assert_eq!(
        device.memory_used(),
        4096,
        "a dropped stream finishes its work"
    );
    drop(guest);
    stopped.pass();
    eventually(|| device.memory_used() == 0);
}

#[tokio::test]
async fn buffers_in_use_outlive_their_handles() {
    let device = device(1);
    let guest = guest(&device);
    let stream = stream(&guest);
    let handle = buffer(&guest, 512);
    let gate = Gate::default();
    stream.enqueue(gate.launch()).await.unwrap();
    stream
        .enqueue(Operation::Fill {
            to: at(&handle, 0),
            length: 512,
            pattern: 7,
        })
        .await
        .unwrap();
    drop(handle);
    assert_eq!(guest.memory_used(), 512);
    gate.open();
    stream.synchronize().await.unwrap();
    assert_eq!(
        guest.memory_used(),
        0,
        "memory is free when `synchronize` says that the work is over"
    );
}

#[tokio::test]
async fn a_lost_device_answers_although_a_kernel_never_ends() {
    let device = device(1);
    let guest = guest(&device);
    let stream = stream(&guest);
    let gate = Gate::default();
    stream.enqueue(gate.launch()).await.unwrap();
    eventually(|| gate.is_reached());
    let event = stream.record_event().await.unwrap();
    let synchronized = tokio::spawn({
        let device = device.clone();
        async move {
            tokio::task::yield_now().await;
            device.mark_lost("the test says so");
        }
    });
    assert!(matches!(
        code(stream.synchronize().await),
        Err(ErrorCode::DeviceLost)
    ));
    synchronized.await.unwrap();
    event.wait().await;
    assert!(matches!(
        code(stream.enqueue(call(|| ())).await),
        Err(ErrorCode::DeviceLost)
    ));
    assert!(crate::stream::Stream::new(grant(&guest)).is_err());
    gate.open();
}

#[tokio::test]
async fn a_full_queue_makes_the_next_call_wait() {
    let device = device(1);
    let guest = guest_with(
        &device,
        Limits {
            pending_operations: 2,
            ..Limits::default()
        },
    );
    let stream = stream(&guest);
    let gate = Gate::default();
    stream.enqueue(gate.launch()).await.unwrap();
    stream.enqueue(call(|| ())).await.unwrap();
    let third = tokio::time::timeout(Duration::from_millis(20), stream.enqueue(call(|| ()))).await;
    assert!(third.is_err(), "there was no room for a third operation");
    gate.open();
    stream.enqueue(call(|| ())).await.unwrap();
    stream.synchronize().await.unwrap();
}

#[tokio::test]
async fn an_upload_larger_than_may_be_pending_is_refused() {
    let device = device(1);
    let guest = guest_with(
        &device,
        Limits {
            pending_bytes: 100,
            ..Limits::default()
        },
    );
    let (stream, buffer) = (stream(&guest), buffer(&guest, 200));
    let refused = code(stream.write(at(&buffer, 0), &[0; 101]).await);
    assert!(matches!(refused, Err(ErrorCode::QuotaExceeded(_))));
    stream.write(at(&buffer, 0), &[0; 100]).await.unwrap();
}

#[tokio::test]
async fn bytes_come_back_as_they_were_written_small_and_large_idle_and_busy() {
    let device = device(2);
    let guest = guest(&device);
    let stream = stream(&guest);
    for length in [1usize, 255, 65_537, 9 << 20] {
        let pattern: Vec<u8> = (0..length)
            .map(|index| (index * 7 + index / 251) as u8)
            .collect();
        let buffer = buffer(&guest, length as u64 + 3);
        for busy in [false, true] {
            let gate = Gate::default();
            if busy {
                stream.enqueue(gate.launch()).await.unwrap();
            }
            stream.write(at(&buffer, 3), &pattern).await.unwrap();
            gate.open();
            assert!(
                stream.read(at(&buffer, 3), length).await.unwrap() == pattern,
                "{length} bytes, busy: {busy}"
            );
        }
    }
}

#[tokio::test]
async fn copies_may_overlap_in_both_directions() {
    let device = device(4);
    let guest = guest(&device);
    let stream = stream(&guest);
    let length = 3 << 20;
    let mut model: Vec<u8> = (0..length).map(|index: usize| (index / 97) as u8).collect();
    let buffer = buffer(&guest, length as u64);
    stream.write(at(&buffer, 0), &model).await.unwrap();
    let mut moves = VecDeque::from([
        (0, 1, 3 << 19),
        (1, 0, 3 << 19),
        (0, 300_000, 2 << 20),
        (300_000, 0, 2 << 20),
    ]);
    moves.push_back((0, 2 << 20, 1 << 20));
    for (from, to, length) in moves {
        let copy = Operation::Copy {
            from: at(&buffer, from),
            to: at(&buffer, to),
            length,
        };
        stream.enqueue(copy).await.unwrap();
        model.copy_within(from as usize..(from + length) as usize, to as usize);
    }
    assert!(stream.read(at(&buffer, 0), length).await.unwrap() == model);
}

#[tokio::test]
async fn fills_repeat_their_pattern_and_touch_nothing_else() {
    let device = device(2);
    let guest = guest(&device);
    let stream = stream(&guest);
    let length = 1u64 << 20;
    let buffer = buffer(&guest, length + 8);
    for pattern in [0x0403_0201u32, 0x0505_0505] {
        let fill = Operation::Fill {
            to: at(&buffer, 4),
            length,
            pattern,
        };
        stream.enqueue(fill).await.unwrap();
        let bytes = stream
            .read(at(&buffer, 0), length as usize + 8)
            .await
            .unwrap();
        assert!(
            bytes[4..length as usize + 4]
                .chunks(4)
                .all(|word| word == pattern.to_le_bytes())
        );
        assert_eq!(
            (&bytes[..4], &bytes[length as usize + 4..]),
            (&[0; 4][..], &[0; 4][..])
        );
    }
}

#[tokio::test]
async fn time_remaining_counts_down_while_a_launch_runs() {
    let device = device(1);
    let limit = Duration::from_secs(60);
    let guest = guest_with(
        &device,
        Limits {
            time: Some(limit),
            ..Limits::default()
        },
    );
    let stream = stream(&guest);
    assert_eq!(grant(&guest).time_remaining(), None);
    stream.enqueue(endless()).await.unwrap();
    eventually(|| {
        grant(&guest)
            .time_remaining()
            .is_some_and(|left| left < limit)
    });
    stream.cancel();
    assert!(stream.synchronize().await.is_err());
}
