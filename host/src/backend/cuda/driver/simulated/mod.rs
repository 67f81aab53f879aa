//! A driver without a GPU, for tests.
//!
//! Its memory is the host's at addresses of their own, its streams are threads, and its kernels are functions of the tests or
//! the text that a driver gets, compiled for this processor. It does what the real one is documented to do and no more:
//! new memory holds garbage, a call on a thread that has not bound the context is a mistake, and so is giving something back
//! that work in flight still uses. Mistakes are collected, for the test to fail by.

mod calls;
mod failures;
mod graphs;
mod kernels;
mod memory;
mod modules;
mod real;
mod streams;
#[cfg(test)]
mod tests;

pub(in crate::backend::cuda) use failures::{
    Call, ILLEGAL_ADDRESS, INVALID_PTX, INVALID_VALUE, OUT_OF_MEMORY,
};
pub(in crate::backend::cuda) use kernels::{Gate, Recorded, Run, Script};
pub(in crate::backend::cuda) use streams::{Hold, Kind};

use super::*;
use failures::{Failures, NOT_READY, failure};
use graphs::Graphs;
use kernels::Launched;
use memory::Memory;
use modules::Modules;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};
use streams::{Held, Point, Streams, Work};

thread_local! {
    /// The simulated GPU whose context is current.
    static CURRENT: Cell<usize> = const { Cell::new(0) };
}

/// A simulated GPU.
pub(in crate::backend::cuda) struct Simulated {
    number: usize,
    properties: GpuProperties,
    shared: Arc<Shared>,
    events: Mutex<Events>,
    modules: Mutex<Modules>,
    graphs: Mutex<Graphs>,
    /// What is mapped, by its handle.
    physical: Mutex<BTreeMap<u64, Range<u64>>>,
    handles: AtomicUsize,
    abandoned: AtomicBool,
}

/// What the streams' threads use.
struct Shared {
    memory: Memory,
    streams: Mutex<Streams>,
    /// For kernels that wait for something.
    something_changed: Condvar,
    failures: Failures,
    violations: Mutex<Vec<String>>,
}

/// Events, and where each was recorded last.
#[derive(Default)]
struct Events(BTreeMap<usize, Option<Arc<Point>>>);

impl Shared {
    /// Somebody did what must not be.
    fn violation(&self, text: String) {
        crate::lock(&self.violations).push(text);
    }
}

/// Something is held until this is dropped.
pub(in crate::backend::cuda) struct Holding {
    shared: Arc<Shared>,
    held: Held,
}

impl Drop for Holding {
    fn drop(&mut self) {
        crate::lock(&self.shared.streams).release(self.held);
    }
}

/// What the simulated GPU is, unless a test wants another one.
pub(in crate::backend::cuda) fn usual() -> GpuProperties {
    GpuProperties {
        uuid: None,
        name: "simulated".into(),
        compute_capability: (9, 0),
        cuda: (12, 8),
        multiprocessors: 4,
        warp_size: 32,
        max_threads_per_block: 1024,
        max_block: [1024, 1024, 64],
        max_grid: [i32::MAX as u32, 65_535, 65_535],
        total_memory: 1 << 30,
        max_shared_memory_per_block: 227 << 10,
        granularity: 64 << 10,
    }
}

impl Simulated {
    pub(in crate::backend::cuda) fn new(properties: GpuProperties) -> Arc<Self> {
        static MADE: AtomicUsize = AtomicUsize::new(1);
        Arc::new(Self {
            number: MADE.fetch_add(1, SeqCst),
            properties,
            shared: Arc::new(Shared {
                memory: Memory::default(),
                streams: Mutex::default(),
                something_changed: Condvar::new(),
                failures: Failures::default(),
                violations: Mutex::default(),
            }),
            events: Mutex::default(),
            modules: Mutex::default(),
            graphs: Mutex::default(),
            physical: Mutex::default(),
            handles: AtomicUsize::new(0x1000),
            abandoned: AtomicBool::new(false),
        })
    }

    /// Begins nothing of this until the result is dropped; what was begun goes on.
    #[must_use]
    pub(in crate::backend::cuda) fn hold(&self, what: Hold) -> Holding {
        let held = crate::lock(&self.shared.streams).hold(what);
        let shared = self.shared.clone();
        Holding { shared, held }
    }

    /// Whether the backend gave the GPU up as lost.
    pub(in crate::backend::cuda) fn is_abandoned(&self) -> bool {
        self.abandoned.load(SeqCst)
    }

    /// Has the n-th call from now on fail with a result.
    pub(in crate::backend::cuda) fn fail(&self, call: Call, nth: u64, code: u32) {
        self.shared.failures.plan(call, nth, code, false);
    }

    /// Takes back what was to fail and has not.
    pub(in crate::backend::cuda) fn fail_no_more(&self) {
        self.shared.failures.forget();
    }

    /// As [`Simulated::break_with`], at the n-th call from now on.
    pub(in crate::backend::cuda) fn die_at(&self, call: Call, nth: u64, code: u32) {
        self.shared.failures.plan(call, nth, code, true);
    }

    /// From now on nothing is done, and every call fails with this, as after an error that sticks.
    pub(in crate::backend::cuda) fn break_with(&self, code: u32) {
        self.shared.failures.break_all(code);
        self.stop_all();
    }

    fn stop_all(&self) {
        let mut streams = crate::lock(&self.shared.streams);
        streams.broken = true;
        streams.wake_all();
        self.shared.something_changed.notify_all();
    }

    pub(in crate::backend::cuda) fn is_broken(&self) -> bool {
        self.shared.failures.is_broken()
    }

    /// Whether a stream has nothing left to do.
    pub(in crate::backend::cuda) fn is_idle(&self, stream: StreamHandle) -> bool {
        crate::lock(&self.shared.streams).is_done(stream) == Some(true)
    }

    /// How often a call was made.
    pub(in crate::backend::cuda) fn made(&self, call: Call) -> u64 {
        self.shared.failures.made(call)
    }

    /// The streams that are there, in the order in which they were made.
    pub(in crate::backend::cuda) fn streams(&self) -> Vec<StreamHandle> {
        crate::lock(&self.shared.streams).handles()
    }

    /// A stream's priority.
    pub(in crate::backend::cuda) fn priority(&self, stream: StreamHandle) -> Option<i32> {
        crate::lock(&self.shared.streams).priority(stream)
    }

    /// Launches that are enqueued or run.
    pub(in crate::backend::cuda) fn launches_in_flight(&self) -> usize {
        crate::lock(&self.shared.streams).launches()
    }

    /// Bytes of the GPU's memory that are in use.
    pub(in crate::backend::cuda) fn memory_used(&self) -> u64 {
        self.shared.memory.used()
    }

    /// The next module that is loaded consists of these kernels, whatever its text says.
    pub(in crate::backend::cuda) fn script_next_module(&self, kernels: Vec<Script>) {
        crate::lock(&self.modules).script_next(kernels);
    }

    /// Modules that are loaded.
    pub(in crate::backend::cuda) fn modules_loaded(&self) -> usize {
        crate::lock(&self.modules).count()
    }

    /// What must not have been done.
    pub(in crate::backend::cuda) fn violations(&self) -> Vec<String> {
        crate::lock(&self.shared.violations).clone()
    }

    /// What was not given back.
    pub(in crate::backend::cuda) fn left(&self) -> Vec<String> {
        let mut held = self.shared.memory.held();
        held.push(("streams", self.streams().len()));
        held.push(("events", crate::lock(&self.events).0.len()));
        held.push(("modules", self.modules_loaded()));
        held.push(("graphs", crate::lock(&self.graphs).count()));
        let left = held.into_iter().filter(|(_, count)| *count > 0);
        left.map(|(what, count)| format!("{count} {what}"))
            .collect()
    }

    /// Counts a call, which may fail.
    fn call(&self, call: Call) -> Result<()> {
        let called = self.shared.failures.count(call);
        if called.is_err() && self.shared.failures.is_broken() {
            self.stop_all();
        }
        // Where the context cannot be made current, the call says so itself.
        if call != Call::Bind && CURRENT.get() != self.number && called.is_ok() {
            self.shared.violation(format!(
                "{call:?} on a thread where the context is not current"
            ));
        }
        called
    }

    /// Refuses a call, which is somebody's mistake.
    fn mistake<T>(&self, call: Call, what: &str) -> Result<T> {
        self.shared.violation(format!("{call:?}: {what}"));
        Err(failure(call, INVALID_VALUE))
    }

    /// Whether a range may be given back now.
    fn check_unused(&self, call: Call, range: &Range<u64>) {
        if let Some(user) = crate::lock(&self.shared.streams).user_of(range) {
            let text = format!("{call:?} of {range:#x?}, which a {user:?} in flight uses");
            self.shared.violation(text);
        }
    }

    fn next_handle(&self) -> usize {
        self.handles.fetch_add(1, SeqCst)
    }

    fn enqueue(&self, call: Call, stream: StreamHandle, work: Work) -> Result<()> {
        self.call(call)?;
        for range in work.uses() {
            if let Err(stray) = self.shared.memory.is_there(&range) {
                return self.mistake(call, &stray);
            }
        }
        let Some(work) = crate::lock(&self.graphs).capture(stream, work) else {
            return Ok(());
        };
        match crate::lock(&self.shared.streams).push(stream, [Arc::new(work)]) {
            true => Ok(()),
            false => self.mistake(call, "no such stream"),
        }
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        let mut streams = crate::lock(&self.shared.streams);
        streams.closing = true;
        streams.wake_all();
        self.shared.something_changed.notify_all();
    }
}
