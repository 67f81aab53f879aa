//! Devices that are lost.

use super::*;
use crate::backend::cuda::LANES;
use crate::backend::cuda::driver::simulated::{ILLEGAL_ADDRESS, INVALID_VALUE};
use crate::error::StreamError;

/// How long kernels may take to stop, where a test has one that does not.
const PATIENCE: Duration = Duration::from_millis(500);

fn is_lost<T>(ended: Result<T, ErrorCode>) -> bool {
    matches!(ended, Err(ErrorCode::DeviceLost))
}

#[tokio::test]
async fn a_kernel_that_does_not_stop_loses_the_device_and_nobody_hangs() {
    let machine = Machine::with(usual(), PATIENCE);
    let (heard, other_heard) = (Arc::new(Heard::default()), Arc::new(Heard::default()));
    let guest = guest_heard(machine.device(), &heard);
    let other = guest_heard(machine.device(), &other_heard);
    let (stream, behind) = (stream(&guest), stream(&other));
    let data = buffer(&guest, 1 << 20);
    let forever = machine.kernel(|run| run.wait_until(|| false));
    stream.set_time_limit(Some(Duration::from_millis(5)));
    stream
        .enqueue(launch(&forever, &[Argument::Buffer(data.clone())]))
        .await
        .unwrap();
    let fill = Operation::Fill {
        to: at(&data, 0),
        length: 1 << 20,
        pattern: 1,
    };
    stream.enqueue(fill).await.unwrap();
    let event = stream.record_event().await.unwrap();
    behind
        .enqueue(Operation::Wait(event.clone()))
        .await
        .unwrap();
    let (ended, read, reached) = tokio::join!(
        soon(behind.synchronize()),
        soon(stream.read(at(&data, 0), 4)),
        soon(event.wait()),
    );
    assert!(is_lost(code(ended)) && is_lost(code(read)));
    assert!(matches!(reached.error, Some(StreamError::DeviceLost)));
    assert!(machine.device().lost().unwrap().contains("told to stop"));
    eventually(|| heard.losses.load(SeqCst) == 1 && other_heard.losses.load(SeqCst) == 1);
    assert!(is_lost(code(stream.enqueue(launch(&forever, &[])).await)));
    assert!(is_lost(code(machine.device().check())));
    // The guest goes, and what the kernel uses stays: the simulator looks after that.
    drop((stream, behind, data, guest, other));
    assert_eq!(machine.gpu.launches_in_flight(), 1);
    assert!(
        machine.gpu.memory_used() >= 1 << 20,
        "memory was given back while a kernel runs"
    );
    assert_eq!(
        (heard.losses.load(SeqCst), other_heard.losses.load(SeqCst)),
        (1, 1)
    );
}

#[tokio::test]
async fn an_error_that_sticks_ends_everything_that_is_pending() {
    let machine = Machine::new();
    let heard = Arc::new(Heard::default());
    let guest = WasiCudaCtx::builder()
        .device(machine.device().clone())
        .limits(Limits {
            pending_operations: 4,
            ..Limits::default()
        })
        .hooks(heard.clone())
        .build();
    let (stream, waiting) = (stream(&guest), stream(&guest));
    let data = buffer(&guest, 4096);
    let gate = Gate::default();
    let nothing = machine.kernel(|_| ());
    stream.enqueue(machine.gated(&gate)).await.unwrap();
    let event = stream.record_event().await.unwrap();
    waiting
        .enqueue(Operation::Wait(event.clone()))
        .await
        .unwrap();
    stream.write(at(&data, 0), &[7; 4096]).await.unwrap();
    eventually(|| gate.is_reached());
    let (full, read, ended, reached, ()) = tokio::join!(
        soon(waiting.enqueue(launch(&nothing, &[]))),
        soon(stream.read(at(&data, 0), 4)),
        soon(waiting.synchronize()),
        soon(event.wait()),
        async {
            tokio::task::yield_now().await;
            machine.gpu.break_with(ILLEGAL_ADDRESS);
        },
    );
    assert!(is_lost(code(full)) && is_lost(code(read)) && is_lost(code(ended)));
    assert!(matches!(reached.error, Some(StreamError::DeviceLost)));
    eventually(|| heard.losses.load(SeqCst) == 1);
    assert!(machine.device().lost().unwrap().contains("ILLEGAL_ADDRESS"));
    assert!(is_lost(code(stream.synchronize().await)));
    assert!(is_lost(code(stream.write(at(&data, 0), &[1]).await)));
    assert!(is_lost(code(machine.device().check())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_that_sticks_ends_a_read_whose_copy_is_on_its_way() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = Arc::new(stream(&guest));
    let data = buffer(&guest, 5 << 20);
    let held = machine.gpu.hold(Hold::Kind(Kind::Copy));
    let copies = machine.gpu.made(Call::Copy);
    let reading = tokio::spawn({
        let (stream, data) = (stream.clone(), data.clone());
        async move { stream.read(at(&data, 0), 5 << 20).await }
    });
    eventually(|| machine.gpu.made(Call::Copy) > copies);
    machine.gpu.break_with(ILLEGAL_ADDRESS);
    assert!(is_lost(code(soon(reading).await.unwrap())));
    drop(held);
    eventually(|| machine.device().lost().is_some());
}

#[tokio::test]
async fn a_launch_that_the_driver_refuses_for_good_loses_the_device() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let nothing = machine.kernel(|_| ());
    machine.gpu.fail(Call::Launch, 2, ILLEGAL_ADDRESS);
    stream.enqueue(launch(&nothing, &[])).await.unwrap();
    soon(stream.synchronize()).await.unwrap();
    stream.enqueue(launch(&nothing, &[])).await.unwrap();
    eventually(|| machine.device().lost().is_some());
    assert!(is_lost(code(soon(stream.synchronize()).await)));
}

#[tokio::test]
async fn a_launch_that_the_driver_refuses_fails_its_stream_which_works_again() {
    let machine = Machine::new();
    let guest = guest(machine.device());
    let stream = stream(&guest);
    let data = buffer(&guest, 4);
    let add = machine.adding();
    // More often than there are fault records.
    for round in 0..100 {
        machine.gpu.fail(Call::Launch, 2, INVALID_VALUE);
        for _ in 0..3 {
            // The last one is refused at once where the stream has failed already.
            let _ = stream.enqueue(launch(&add, &sum(&data, 1))).await;
        }
        let Err(ErrorCode::Other(Some(text))) = code(soon(stream.synchronize()).await) else {
            panic!("round {round} was not refused");
        };
        assert!(
            text.contains("cuLaunchKernel: CUDA_ERROR_INVALID_VALUE (1)"),
            "{text}"
        );
        assert_eq!(soon(words(&stream, &data, 1)).await, [round + 1]);
    }
}

#[tokio::test]
async fn a_device_that_its_owner_gives_up_stops_what_runs_and_gives_its_memory_back() {
    let machine = Machine::new();
    let heard = Arc::new(Heard::default());
    let guest = guest_heard(machine.device(), &heard);
    let stream = stream(&guest);
    let data = buffer(&guest, 1 << 20);
    stream.enqueue(machine.endless()).await.unwrap();
    let event = stream.record_event().await.unwrap();
    machine.device().mark_lost("the owner says so");
    assert!(is_lost(code(soon(stream.synchronize()).await)));
    assert!(matches!(
        soon(event.wait()).await.error,
        Some(StreamError::DeviceLost)
    ));
    drop((stream, data, guest));
    eventually(|| machine.gpu.memory_used() < 1 << 20);
    assert_eq!(heard.losses.load(SeqCst), 1);
}

#[tokio::test]
async fn a_cancelled_wait_for_a_long_launch_loses_nothing() {
    let machine = Machine::with(usual(), PATIENCE);
    let guest = guest(machine.device());
    let (long, waiting) = (stream(&guest), stream(&guest));
    let gate = Gate::default();
    long.enqueue(machine.gated(&gate)).await.unwrap();
    let event = long.record_event().await.unwrap();
    waiting.enqueue(Operation::Wait(event)).await.unwrap();
    waiting.cancel();
    thread::sleep(3 * PATIENCE);
    assert_eq!(machine.device().lost(), None);
    gate.open();
    assert!(matches!(
        code(soon(waiting.synchronize()).await),
        Err(ErrorCode::Cancelled)
    ));
    soon(long.synchronize()).await.unwrap();
}

#[tokio::test]
async fn a_launch_that_was_cancelled_behind_others_long_work_has_its_time_to_stop() {
    let machine = Machine::with(usual(), PATIENCE);
    let guest = guest(machine.device());
    let gate = Gate::default();
    let stops = machine.kernel(|run| {
        run.wait_until(|| run.is_stopped());
        thread::sleep(PATIENCE / 5);
    });
    let waits = machine.gated(&gate);
    let mut streams = Vec::new();
    for _ in 0..LANES {
        let stream = stream(&guest);
        stream.enqueue(waits.clone()).await.unwrap();
        streams.push(stream);
    }
    let behind = stream(&guest);
    behind.enqueue(launch(&stops, &[])).await.unwrap();
    behind.cancel();
    thread::sleep(3 * PATIENCE);
    gate.open();
    assert!(matches!(
        code(soon(behind.synchronize()).await),
        Err(ErrorCode::Cancelled)
    ));
    for stream in &streams {
        soon(stream.synchronize()).await.unwrap();
    }
    assert_eq!(machine.device().lost(), None);
}
