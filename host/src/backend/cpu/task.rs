//! The operation that a queue runs now, in chunks that any worker takes.

use super::control::Reason;
use super::copy::Transfer;
use super::queue::CpuQueue;
use crate::backend::Code;
use crate::launch::Launch;
use std::ops::Range;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use wasi_cuda_jit::cpu::{self, FaultSlot, Outcome};

/// Threads of the first chunk; later ones follow what it took.
const FIRST_CHUNK_THREADS: u64 = 1 << 14;

/// Slices of a transfer's first chunk.
const FIRST_CHUNK_SLICES: u64 = 4;

/// A chunk that takes less is too small to be worth taking.
const SHORT: Duration = Duration::from_micros(100);

/// A chunk that takes longer keeps other guests waiting.
const LONG: Duration = Duration::from_millis(1);

/// What a task does.
pub(super) enum Work {
    Launch(Arc<Launch>),
    Transfer(Transfer),
}

/// Work that is running. Whoever holds it may still run a chunk; the last one to let go finishes it.
pub(super) struct Task {
    pub(super) queue: Arc<CpuQueue>,
    pub(super) work: Work,
    pub(super) fault: FaultSlot,
    /// Bytes of the guest's pending work that it holds.
    pub(super) held: u64,
    /// Whether it is a submission of its own, not a part of a graph.
    pub(super) counted: bool,
    units: u64,
    next: AtomicU64,
    chunk: AtomicU64,
    /// Nanoseconds that workers have spent on it.
    spent: AtomicU64,
}

/// Some of a task's units.
pub(super) struct Claim {
    pub(super) units: Range<u64>,
    /// Whether the task has more to give.
    pub(super) more: bool,
}

impl Task {
    pub(super) fn new(queue: Arc<CpuQueue>, work: Work, held: u64, counted: bool) -> Self {
        let (units, chunk) = match &work {
            Work::Launch(launch) => {
                let threads: u64 = launch
                    .block
                    .iter()
                    .map(|&extent| u64::from(extent))
                    .product();
                (launch.blocks(), FIRST_CHUNK_THREADS / threads.max(1))
            }
            Work::Transfer(transfer) => (transfer.units(), FIRST_CHUNK_SLICES),
        };
        Self {
            queue,
            work,
            fault: FaultSlot::new(),
            held,
            counted,
            units,
            next: AtomicU64::new(0),
            chunk: AtomicU64::new(chunk.max(1)),
            spent: AtomicU64::new(0),
        }
    }

    /// The time that workers have spent on it, together.
    pub(super) fn took(&self) -> Duration {
        Duration::from_nanos(self.spent.load(Relaxed))
    }

    /// Takes units to run; none when all are taken or the task was stopped. Calls must not overlap: the
    /// pool makes them under its lock.
    pub(super) fn claim(&self, workers: u64) -> Option<Claim> {
        let start = self.next.load(Relaxed);
        if start >= self.units || self.queue.control.is_stopped() {
            return None;
        }
        let left = self.units - start;
        // Smaller towards the end, so that workers finish together.
        let fair = (left / (2 * workers)).max(1);
        let end = start + self.chunk.load(Relaxed).min(fair);
        self.next.store(end, Relaxed);
        Some(Claim {
            units: start..end,
            more: end < self.units,
        })
    }

    /// Runs units that were claimed.
    pub(super) fn run(&self, units: Range<u64>) {
        let begun = Instant::now();
        if units.start == 0 {
            self.queue.first_block(begun);
        }
        let count = units.end - units.start;
        match &self.work {
            Work::Launch(launch) => self.run_blocks(launch, units),
            Work::Transfer(transfer) => {
                transfer.run(&self.queue.memory, units, self.queue.control.stop_word())
            }
        }
        let took = begun.elapsed();
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.spent.fetch_add(nanoseconds, Relaxed);
        self.adapt(count, took);
    }

    fn run_blocks(&self, launch: &Launch, blocks: Range<u64>) {
        let mut arguments = cpu::Launch {
            parameters: launch.parameters.bytes().as_ptr(),
            window_host: ptr::null_mut(),
            window_base: 0,
            window_mapped: 0,
            window_mask: 0,
            granules: ptr::null(),
            stop: self.queue.control.stop_word(),
            fault: &self.fault,
            grid: launch.grid,
            block: launch.block,
            dynamic_shared: launch.dynamic_shared,
            variables: launch
                .variables
                .as_ref()
                .map_or(0, |variables| variables.address()),
        };
        self.queue.memory.describe(&mut arguments);
        let Code::Cpu(code) = &launch.kernel.code else {
            debug_assert!(false, "a kernel of another device");
            return;
        };
        // SAFETY: parameters, stop word and fault slot belong to this task and its queue, the window to
        // memory that the queue holds; the parameter block was made from this kernel's signature.
        let outcome = unsafe { code.run(&arguments, blocks) };
        if outcome == Outcome::Faulted {
            self.queue.control.stop(Reason::Fault);
        }
    }

    /// Makes the next chunks take neither too short nor too long.
    fn adapt(&self, units: u64, took: Duration) {
        let chunk = self.chunk.load(Relaxed);
        if took < SHORT && units == chunk {
            self.chunk.store(chunk.saturating_mul(2), Relaxed);
        } else if took > LONG && units >= chunk / 2 {
            self.chunk.store((chunk / 2).max(1), Relaxed);
        }
    }
}
