//! Shared ranges: in place, alone while they are written to, and gone when everyone has let go.

#![expect(
    clippy::result_large_err,
    reason = "tests look into the errors that guests get"
)]

use super::*;
use crate::backend::cpu::Blocks;
use crate::backend::{Code, Kernel};
use crate::launch::Launch;
use crate::limits::Limits;
use crate::operation::Operation;
use crate::testing::*;
use crate::{MappedMemory, WasiCudaCtx};
use std::future::Future;
use std::ops::Range;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Waker};
use wasi_cuda_jit::cpu::{self, Fault, FaultSlot, Outcome};
use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

const MIB: usize = 1 << 20;

/// The linear memory of a guest, of so many bytes.
fn linear(bytes: usize) -> Box<dyn LinearMemory> {
    let ty = MemoryType::new(1, None);
    MappedMemory
        .new_memory(ty, bytes, None, Some(4 << 30), 32 << 20)
        .unwrap()
}

fn share(guest: &WasiCudaCtx, memory: &dyn LinearMemory, range: Range<usize>) -> Arc<Allocation> {
    try_share(guest, memory, range).unwrap()
}

fn try_share(
    guest: &WasiCudaCtx,
    memory: &dyn LinearMemory,
    range: Range<usize>,
) -> Result<Arc<Allocation>, ErrorCode> {
    let address = memory.as_ptr().addr() + range.start;
    code(Allocation::shared(grant(guest), address, range.len()))
}

fn put(memory: &dyn LinearMemory, at: usize, bytes: &[u8]) {
    assert!(at + bytes.len() <= memory.byte_size());
    // SAFETY: so much is there, and no test writes there at the same time.
    unsafe {
        memory
            .as_ptr()
            .add(at)
            .copy_from(bytes.as_ptr(), bytes.len())
    };
}

fn get(memory: &dyn LinearMemory, range: Range<usize>) -> Vec<u8> {
    assert!(range.end <= memory.byte_size());
    range
        // SAFETY: so much is there; kernels may write meanwhile.
        .map(|at| unsafe { memory.as_ptr().add(at).read_volatile() })
        .collect()
}

/// A kernel over the address in the host of a byte in the window, and a question whether to stop.
struct OnWindow<F> {
    offset: u64,
    run: F,
}

impl<F: Fn(*mut u8, &dyn Fn() -> bool) + Send + Sync> Blocks for OnWindow<F> {
    unsafe fn run(&self, launch: &cpu::Launch, _blocks: Range<u64>) -> Outcome {
        assert!(self.offset < launch.window_mapped);
        // SAFETY: so much of the window is mapped.
        let byte = unsafe { launch.window_host.add(self.offset as usize) };
        // SAFETY: the device keeps the stop word alive while blocks run.
        let stop = unsafe { &*launch.stop };
        let stopped = || stop.load(std::sync::atomic::Ordering::SeqCst) != 0;
        (self.run)(byte, &stopped);
        match stopped() {
            true => Outcome::Stopped,
            false => Outcome::Completed,
        }
    }

    fn fault(&self, _slot: &FaultSlot) -> Option<Fault> {
        None
    }
}

/// A launch of one block that gets the address of a buffer's first byte.
fn on(
    buffer: &Arc<Allocation>,
    run: impl Fn(*mut u8, &dyn Fn() -> bool) + Send + Sync + 'static,
) -> Operation {
    let code = OnWindow {
        offset: buffer.offset(),
        run,
    };
    let kernel = Kernel {
        signature: signature(&[]),
        code: Code::Cpu(Arc::new(code)),
    };
    let mut launch: Launch = kernel_of_one_block();
    launch.kernel = Arc::new(kernel);
    launch.buffers.push(Some(buffer.clone()));
    Operation::Launch(Arc::new(launch))
}

fn kernel_of_one_block() -> Launch {
    kernel(1, |_, _| Outcome::Completed)
}

/// Writes to a byte until it is stopped.
fn writing_endlessly(buffer: &Arc<Allocation>) -> Operation {
    on(buffer, |byte, stopped| {
        let mut number = 0u8;
        while !stopped() {
            number = number.wrapping_add(1).max(1);
            // SAFETY: the buffer has a byte.
            unsafe { byte.write_volatile(number) };
        }
    })
}

/// Begins a call of a guest's, which then waits.
fn begin(call: std::pin::Pin<&mut impl Future>) {
    let mut cx = Context::from_waker(Waker::noop());
    assert!(call.poll(&mut cx).is_pending(), "the call has not waited");
}

#[tokio::test]
async fn kernels_work_in_the_guests_own_memory() {
    let device = device(2);
    let guest = guest(&device);
    let stream = stream(&guest);
    let memory = linear(MIB);
    put(&*memory, 70_001, b"abc");
    let buffer = share(&guest, &*memory, 70_001..70_004);
    assert_eq!((buffer.size(), buffer.address() % 4096), (3, 70_001 % 4096));
    let add = on(&buffer, |byte, _| {
        for at in 0..3 {
            // SAFETY: the buffer has three bytes.
            unsafe { *byte.add(at) += 1 };
        }
    });
    stream.enqueue(add).await.unwrap();
    assert_eq!(get(&*memory, 70_000..70_005), b"\0bcd\0");
    // What the guest writes the next kernel sees.
    put(&*memory, 70_001, b"xyz");
    assert_eq!(stream.read(at(&buffer, 1), 2).await.unwrap(), b"yz");
}

#[tokio::test]
async fn copies_fills_and_writes_reach_shared_ranges() {
    let device = device(2);
    let guest = guest(&device);
    let stream = stream(&guest);
    let memory = linear(4 * MIB);
    let shared = share(&guest, &*memory, 4096..4096 + 2 * MIB);
    let own = buffer(&guest, 2 * MIB as u64);
    let length = 2 * MIB as u64;
    let fill = |to, pattern| Operation::Fill {
        to,
        length,
        pattern,
    };
    stream
        .enqueue(fill(at(&shared, 0), 0x0102_0304))
        .await
        .unwrap();
    assert_eq!(get(&*memory, 4095..4101), [0, 4, 3, 2, 1, 4]);
    assert_eq!(get(&*memory, 4094 + 2 * MIB..4098 + 2 * MIB), [2, 1, 0, 0]);
    stream.enqueue(fill(at(&own, 0), u32::MAX)).await.unwrap();
    let (from, to) = (at(&own, 0), at(&shared, 0));
    let copy = Operation::Copy { from, to, length };
    stream.enqueue(copy).await.unwrap();
    assert_eq!(get(&*memory, 4096..4096 + 2 * MIB), vec![255; 2 * MIB]);
    stream
        .write_later(at(&shared, 8), vec![1, 2])
        .await
        .unwrap();
    assert_eq!(get(&*memory, 4103..4107), [255, 1, 2, 255]);
    put(&*memory, 4096, b"up");
    let (from, to) = (at(&shared, 0), at(&own, 0));
    let copy = Operation::Copy { from, to, length };
    stream.enqueue(copy).await.unwrap();
    assert_eq!(stream.read(at(&own, 0), 3).await.unwrap(), b"up\xff");
}

#[tokio::test]
async fn ranges_that_overlap_are_the_same_bytes() {
    let device = device(1);
    let guest = guest(&device);
    let stream = stream(&guest);
    let memory = linear(MIB);
    let first = share(&guest, &*memory, 1000..9000);
    let second = share(&guest, &*memory, 5000..20_000);
    assert_ne!(first.address() + 4000, second.address());
    stream
        .write_later(at(&first, 4000), b"seen".to_vec())
        .await
        .unwrap();
    assert_eq!(stream.read(at(&second, 0), 4).await.unwrap(), b"seen");
    drop(first);
    stream
        .write_later(at(&second, 1), b"t".to_vec())
        .await
        .unwrap();
    assert_eq!(get(&*memory, 5000..5004), b"sten");
}

#[tokio::test]
async fn what_may_write_to_the_guests_memory_runs_while_the_guest_waits() {
    let device = device(2);
    let guest = guest(&device);
    let (first, second) = (stream(&guest), stream(&guest));
    let memory = linear(MIB);
    let gate = Gate::default();
    first.enqueue(gate.launch()).await.unwrap();
    assert!(
        first.check().is_ok(),
        "without shared memory a launch returns at once"
    );
    {
        // A kernel that runs already could reach what is shared next.
        let mut quiet = pin!(grant(&guest).quiet());
        begin(quiet.as_mut());
        gate.open();
        quiet.await;
    }
    let buffer = share(&guest, &*memory, 0..100);
    let gate = Gate::default();
    {
        // Of another buffer or none: kernels reach all of the window.
        let mut launched = pin!(second.enqueue(gate.launch()));
        begin(launched.as_mut());
        eventually(|| gate.is_reached());
        begin(launched.as_mut());
        gate.open();
        launched.await.unwrap();
    }
    let graph = recording([call(|| ())]);
    second.enqueue(Operation::Graph(graph)).await.unwrap();
    drop(buffer);
    let gate = Gate::default();
    second.enqueue(gate.launch()).await.unwrap();
    gate.open();
    second.synchronize().await.unwrap();
}

#[tokio::test]
async fn a_fault_or_a_deadline_is_told_later_as_ever_and_leaves_the_memory_shared() {
    let device = device(1);
    let guest = guest(&device);
    let stream = stream(&guest);
    let memory = linear(MIB);
    let buffer = share(&guest, &*memory, 0..100);
    stream.enqueue(faulting()).await.unwrap();
    assert!(matches!(
        code(stream.synchronize().await),
        Err(ErrorCode::Fault(_))
    ));
    stream.set_time_limit(Some(std::time::Duration::from_millis(20)));
    stream.enqueue(writing_endlessly(&buffer)).await.unwrap();
    let written = get(&*memory, 0..1);
    assert_ne!(written, [0]);
    assert!(matches!(
        code(stream.synchronize().await),
        Err(ErrorCode::DeadlineExceeded)
    ));
    assert_eq!(get(&*memory, 0..1), written, "nothing runs any more");
    stream.write_later(at(&buffer, 0), vec![0]).await.unwrap();
    assert_eq!(get(&*memory, 0..1), [0]);
}

#[tokio::test]
async fn a_memory_that_grows_while_a_kernel_runs_stays_shared() {
    let device = device(1);
    let guest = guest(&device);
    let stream = stream(&guest);
    let mut memory = linear(MIB);
    let buffer = share(&guest, &*memory, MIB - 100..MIB);
    let mut launched = pin!(stream.enqueue(writing_endlessly(&buffer)));
    begin(launched.as_mut());
    eventually(|| get(&*memory, MIB - 100..MIB - 99) != [0]);
    memory.grow_to(100 * MIB).unwrap();
    put(&*memory, MIB - 100, &[0]);
    eventually(|| get(&*memory, MIB - 100..MIB - 99) != [0]);
    guest.cancel();
    launched.await.unwrap();
    let more = share(&guest, &*memory, MIB - 100..100 * MIB);
    assert!(matches!(
        code(stream.synchronize().await),
        Err(ErrorCode::Cancelled)
    ));
    let end = more.size() - 1;
    stream.write_later(at(&more, end), vec![9]).await.unwrap();
    assert_eq!(get(&*memory, 100 * MIB - 1..100 * MIB), [9]);
}

#[tokio::test]
async fn a_call_that_is_dropped_stops_its_kernel() {
    let device = device(1);
    let guest = guest(&device);
    let stream = stream(&guest);
    let memory = linear(MIB);
    let buffer = share(&guest, &*memory, 0..100);
    {
        let mut launched = pin!(stream.enqueue(writing_endlessly(&buffer)));
        begin(launched.as_mut());
        eventually(|| get(&*memory, 0..1) != [0]);
    }
    grant(&guest).quiet().await;
    assert!(matches!(
        code(stream.synchronize().await),
        Err(ErrorCode::Cancelled)
    ));
    put(&*memory, 0, &[0]);
    stream.enqueue(call(|| ())).await.unwrap();
    assert_eq!(get(&*memory, 0..1), [0]);
}

#[tokio::test]
async fn a_lost_device_is_told_when_its_kernel_has_left_the_guests_memory() {
    let device = device(1);
    let guest = guest(&device);
    let stream = stream(&guest);
    let memory = linear(MIB);
    let buffer = share(&guest, &*memory, 0..100);
    let gate = Gate::default();
    let launch = on(&buffer, {
        let gate = gate.clone();
        move |byte, _| {
            gate.pass();
            // SAFETY: the buffer has a byte.
            unsafe { byte.write_volatile(1) };
        }
    });
    let mut launched = pin!(stream.enqueue(launch));
    begin(launched.as_mut());
    eventually(|| gate.is_reached());
    device.mark_lost("the test asks for it");
    begin(launched.as_mut());
    gate.open();
    launched.await.unwrap();
    assert_eq!(get(&*memory, 0..1), [1]);
    assert!(matches!(code(stream.check()), Err(ErrorCode::DeviceLost)));
}

#[tokio::test]
async fn a_guest_that_is_dropped_while_its_kernel_writes_takes_nothing_from_under_it() {
    let device = device(1);
    let guest = guest(&device);
    let stream = stream(&guest);
    let memory = linear(MIB);
    let base = memory.as_ptr().addr();
    let buffer = share(&guest, &*memory, 0..MIB);
    let (gate, last) = (Gate::default(), Arc::new(Mutex::new(0)));
    let launch = on(&buffer, {
        let (gate, last) = (gate.clone(), last.clone());
        move |byte, _| {
            // SAFETY: the buffer has so many bytes.
            unsafe { byte.write_volatile(1) };
            gate.pass();
            for at in 0..MIB {
                // SAFETY: as above.
                unsafe { byte.add(at).write_volatile(7) };
            }
            // SAFETY: as above.
            *last.lock().unwrap() = unsafe { byte.add(MIB - 1).read_volatile() };
        }
    });
    let kept = Arc::downgrade(&buffer);
    drop(buffer);
    {
        let mut launched = pin!(stream.enqueue(launch));
        begin(launched.as_mut());
        eventually(|| gate.is_reached());
    }
    // As a store goes: its data and its memories, in whatever order, under a kernel that does not look at its stop word.
    drop((stream, guest, memory));
    assert!(linear::pages(base, 1).is_none());
    gate.open();
    eventually(|| kept.strong_count() == 0);
    assert_eq!(*last.lock().unwrap(), 7);
}

#[test]
fn quotas_hold_for_pages_and_ranges_and_come_back() {
    let device = device(1);
    let limits = Limits {
        mapped_memory: 4 * 4096,
        mapped_ranges: 3,
        buffers: 5,
        ..Limits::default()
    };
    let guest = guest_with(&device, limits);
    let memory = linear(MIB);
    let quota = |range| match try_share(&guest, &*memory, range) {
        Err(ErrorCode::QuotaExceeded(quota)) => quota,
        other => panic!("{:?}", other.map(|buffer| buffer.size())),
    };
    assert!(matches!(quota(0..4 * 4096 + 1), Quota::MappedMemory));
    // Two bytes on two pages.
    let two = share(&guest, &*memory, 4095..4097);
    assert_eq!(guest.mapped_memory(), 2 * 4096);
    assert!(matches!(quota(0..2 * 4096 + 1), Quota::MappedMemory));
    let more = [0..1, 0..1].map(|range| share(&guest, &*memory, range));
    assert!(matches!(quota(0..1), Quota::MappedMemory));
    drop(two);
    let third = share(&guest, &*memory, 0..1);
    assert!(matches!(quota(0..1), Quota::Buffers), "a fourth range");
    third.end_share();
    drop(third);
    let own = [1; 3].map(|size| buffer(&guest, size));
    assert!(matches!(quota(0..1), Quota::Buffers), "a sixth buffer");
    drop((more, own));
    assert_eq!(guest.mapped_memory(), 0);
    assert_eq!(grant(&guest).usage().used(), 0);
    share(&guest, &*memory, 0..4 * 4096);
}

#[test]
fn memory_that_cannot_be_mapped_is_unsupported() {
    let guest = guest(&device(1));
    let bytes = [0u8; 100];
    let refused = code(Allocation::shared(
        grant(&guest),
        bytes.as_ptr().addr(),
        100,
    ));
    assert!(matches!(refused, Err(ErrorCode::Unsupported(_))));
}

#[tokio::test]
async fn a_range_that_was_given_back_is_zeroed_memory_of_the_device() {
    let device = device(1);
    let guest = guest(&device);
    let stream = stream(&guest);
    let memory = linear(MIB);
    put(&*memory, 0, &[5; 4096]);
    let shared = share(&guest, &*memory, 0..4096);
    let offset = shared.offset();
    let kernel = on(&shared, |byte, _| {
        // SAFETY: the byte lies in the window, whatever it means.
        unsafe { byte.write_volatile(9) };
    });
    let Operation::Launch(mut launch) = kernel else {
        unreachable!("it is a launch");
    };
    Arc::make_mut(&mut launch).buffers.clear();
    drop(shared);
    stream.enqueue(Operation::Launch(launch)).await.unwrap();
    stream.synchronize().await.unwrap();
    assert_eq!(
        get(&*memory, 0..1),
        [5],
        "a stray write no longer reaches the guest"
    );
    let own = buffer(&guest, 3 << 20);
    assert!((own.offset()..own.offset() + own.size()).contains(&offset));
    let bytes = stream.read(at(&own, 0), own.size() as usize).await.unwrap();
    assert!(bytes.iter().all(|byte| *byte == 0));
}

#[tokio::test]
async fn a_range_whose_buffer_was_dropped_is_no_longer_what_its_launches_write_to() {
    let device = device(1);
    let guest = guest(&device);
    let stream = stream(&guest);
    let memory = linear(MIB);
    let shared = share(&guest, &*memory, 0..100);
    let count = on(&shared, |byte, _| {
        // SAFETY: the byte lies in the window, whatever it means.
        unsafe { *byte += 1 };
    });
    stream.enqueue(count.clone()).await.unwrap();
    // As the guest's handle goes, while a prepared launch has the buffer.
    shared.end_share();
    assert!(!shared.is_shared() && !grant(&guest).is_sharing());
    assert_eq!(guest.mapped_memory(), 0);
    stream.enqueue(count).await.unwrap();
    assert_eq!(stream.read(at(&shared, 0), 1).await.unwrap(), [1]);
    assert_eq!(get(&*memory, 0..1), [1], "the second one counted elsewhere");
    let offset = shared.offset();
    drop(shared);
    let own = buffer(&guest, 8192);
    assert!((own.offset()..own.offset() + own.size()).contains(&offset));
    assert_eq!(stream.read(at(&own, 0), 8192).await.unwrap(), [0; 8192]);
}

#[tokio::test]
async fn sharing_again_and_again_leaves_no_mappings_behind() {
    let device = device(1);
    let guest = guest(&device);
    let stream = stream(&guest);
    let memory = linear(4 * MIB);
    let (sender, window) = std::sync::mpsc::channel();
    let first = share(&guest, &*memory, 0..1);
    let offset = first.offset() as usize;
    let tell = on(&first, move |byte, _| {
        sender.send(byte.addr() - offset).unwrap();
    });
    stream.enqueue(tell).await.unwrap();
    let start = window.recv().unwrap();
    let before = mappings(start);
    for round in 0..300 {
        let held = [1, 17, 40].map(|page| {
            let begin = (round + page) % 900 * 4096;
            share(&guest, &*memory, begin..begin + page * 4096)
        });
        // Kernels touch what lies between, too.
        for buffer in &held {
            let touch = on(buffer, |byte, _| {
                // SAFETY: all of it is backed, also what lies before and behind.
                unsafe {
                    byte.write_volatile(1);
                    byte.sub(1).write_volatile(1);
                    byte.add(4096 * 50).write_volatile(1);
                }
            });
            stream.enqueue(touch).await.unwrap();
        }
    }
    let after = mappings(start);
    assert!(after <= before + 4, "{before} mappings have become {after}");
}

/// Mappings in the window that begins there.
fn mappings(start: usize) -> usize {
    let all = std::fs::read_to_string("/proc/self/maps").unwrap();
    let begins = |line: &str| usize::from_str_radix(line.split('-').next()?, 16).ok();
    all.lines()
        .filter_map(begins)
        .filter(|begin| (start..start + (64 << 30)).contains(begin))
        .count()
}
