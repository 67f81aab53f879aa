//! A driver without a GPU, for tests.
//!
//! Its memory is the host's at addresses of their own, its streams are threads, and its kernels are functions of the tests or
//! the text that a driver gets, compiled for this processor. It does what the real one is documented to do and no more:
//! new memory holds garbage, a call on a thread that has not bound the context is a mistake, and so is giving something back
//! that work in flight still uses. Mistakes are collected, for the test to fail by.

mod failures;
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
use kernels::{Launched, record_of};
use memory::{Kind as MemoryKind, Memory};
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

    /// Has the n-th call from now on fail with a result.
    pub(in crate::backend::cuda) fn fail(&self, call: Call, nth: u64, code: u32) {
        self.shared.failures.plan(call, nth, code);
    }

    /// From now on nothing is done, and every call fails with this, as after an error that sticks.
    pub(in crate::backend::cuda) fn break_with(&self, code: u32) {
        self.shared.failures.break_all(code);
        let mut streams = crate::lock(&self.shared.streams);
        streams.broken = true;
        streams.wake_all();
        self.shared.something_changed.notify_all();
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
        let left = held.into_iter().filter(|(_, count)| *count > 0);
        left.map(|(what, count)| format!("{count} {what}"))
            .collect()
    }

    /// Counts a call, which may fail.
    fn call(&self, call: Call) -> Result<()> {
        let called = self.shared.failures.count(call);
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
        match crate::lock(&self.shared.streams).push(stream, work) {
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

impl Driver for Simulated {
    fn properties(&self) -> &GpuProperties {
        &self.properties
    }

    fn bind(&self) -> Result<()> {
        self.call(Call::Bind)?;
        CURRENT.set(self.number);
        Ok(())
    }

    fn abandon(&self) {
        self.abandoned.store(true, SeqCst);
    }

    fn reserve(&self, bytes: u64) -> Result<u64> {
        self.call(Call::Reserve)?;
        let address = self.shared.memory.reserve(bytes);
        address.ok_or_else(|| failure(Call::Reserve, OUT_OF_MEMORY))
    }

    fn unreserve(&self, address: u64, bytes: u64) -> Result<()> {
        self.call(Call::Unreserve)?;
        if self.abandoned.load(SeqCst) {
            return Ok(());
        }
        match self.shared.memory.unreserve(address, bytes) {
            true => Ok(()),
            false => self.mistake(Call::Unreserve, "not reserved like that, or mapped"),
        }
    }

    fn map(&self, address: u64, bytes: u64) -> Result<PhysicalHandle> {
        self.call(Call::Map)?;
        let granularity = self.properties.granularity;
        if !bytes.is_multiple_of(granularity) || bytes == 0 {
            return self.mistake(Call::Map, "no multiple of the granularity");
        }
        if self.memory_used() + bytes > self.properties.total_memory {
            return Err(failure(Call::Map, OUT_OF_MEMORY));
        }
        if !self.shared.memory.map(address, bytes) {
            return self.mistake(Call::Map, "not reserved, or mapped already");
        }
        let handle = self.next_handle() as u64;
        crate::lock(&self.physical).insert(handle, address..address + bytes);
        Ok(PhysicalHandle(handle))
    }

    fn unmap(&self, address: u64, bytes: u64, memory: PhysicalHandle) -> Result<()> {
        self.call(Call::Unmap)?;
        if self.abandoned.load(SeqCst) {
            return Ok(());
        }
        let range = address..address + bytes;
        self.check_unused(Call::Unmap, &range);
        let known = crate::lock(&self.physical).remove(&memory.0);
        if known != Some(range) || !self.shared.memory.unmap(address, bytes) {
            return self.mistake(Call::Unmap, "not mapped like that");
        }
        Ok(())
    }

    fn allocate(&self, bytes: u64) -> Result<u64> {
        self.call(Call::Allocate)?;
        let address = self.shared.memory.allocate(bytes, MemoryKind::Allocated);
        address.ok_or_else(|| failure(Call::Allocate, OUT_OF_MEMORY))
    }

    fn free(&self, address: u64) -> Result<()> {
        self.call(Call::Free)?;
        if self.abandoned.load(SeqCst) {
            return Ok(());
        }
        self.free_kind(Call::Free, address, MemoryKind::Allocated)
    }

    fn allocate_pinned(&self, bytes: usize) -> Result<PinnedHandle> {
        self.call(Call::AllocatePinned)?;
        let address = self
            .shared
            .memory
            .allocate(bytes as u64, MemoryKind::Pinned);
        let address = address.ok_or_else(|| failure(Call::AllocatePinned, OUT_OF_MEMORY))?;
        Ok(PinnedHandle(address as usize))
    }

    fn free_pinned(&self, memory: PinnedHandle) -> Result<()> {
        self.call(Call::FreePinned)?;
        if self.abandoned.load(SeqCst) {
            return Ok(());
        }
        self.free_kind(Call::FreePinned, memory.0 as u64, MemoryKind::Pinned)
    }

    fn create_stream(&self, priority: i32) -> Result<StreamHandle> {
        self.call(Call::CreateStream)?;
        Ok(streams::create(&self.shared, priority))
    }

    fn destroy_stream(&self, stream: StreamHandle) -> Result<()> {
        self.call(Call::DestroyStream)?;
        match crate::lock(&self.shared.streams).destroy(stream) {
            true => Ok(()),
            false => self.mistake(Call::DestroyStream, "no such stream"),
        }
    }

    fn is_done(&self, stream: StreamHandle) -> Result<bool> {
        self.call(Call::IsDone)?;
        let done = crate::lock(&self.shared.streams).is_done(stream);
        done.map_or_else(|| self.mistake(Call::IsDone, "no such stream"), Ok)
    }

    fn create_event(&self) -> Result<EventHandle> {
        self.call(Call::CreateEvent)?;
        let handle = self.next_handle();
        crate::lock(&self.events).0.insert(handle, None);
        Ok(EventHandle(handle))
    }

    fn destroy_event(&self, event: EventHandle) -> Result<()> {
        self.call(Call::DestroyEvent)?;
        match crate::lock(&self.events).0.remove(&event.0) {
            Some(_) => Ok(()),
            None => self.mistake(Call::DestroyEvent, "no such event"),
        }
    }

    fn record(&self, event: EventHandle, stream: StreamHandle) -> Result<()> {
        let point = Arc::new(Point::default());
        self.enqueue(Call::Record, stream, Work::Record(point.clone()))?;
        match crate::lock(&self.events).0.get_mut(&event.0) {
            Some(recorded) => {
                *recorded = Some(point);
                Ok(())
            }
            None => self.mistake(Call::Record, "no such event"),
        }
    }

    fn wait_for(&self, stream: StreamHandle, event: EventHandle) -> Result<()> {
        let recorded = crate::lock(&self.events).0.get(&event.0).cloned();
        match recorded {
            Some(Some(point)) => self.enqueue(Call::WaitFor, stream, Work::Wait(point)),
            // An event that was never recorded is waited for by nobody.
            Some(None) => self.call(Call::WaitFor),
            None => self.mistake(Call::WaitFor, "no such event"),
        }
    }

    fn elapsed(&self, from: EventHandle, to: EventHandle) -> Result<i64> {
        self.call(Call::Elapsed)?;
        let events = crate::lock(&self.events);
        let [from, to] = [from, to].map(|event| events.0.get(&event.0).cloned());
        let (Some(Some(from)), Some(Some(to))) = (from, to) else {
            return self.mistake(Call::Elapsed, "an event that was not recorded");
        };
        let (Some(from), Some(to)) = (from.reached.get(), to.reached.get()) else {
            return Err(failure(Call::Elapsed, NOT_READY));
        };
        let nanoseconds =
            to.duration_since(*from).as_nanos() as i64 - from.duration_since(*to).as_nanos() as i64;
        // As exact as the driver tells it: a 32-bit float of milliseconds.
        let milliseconds = (nanoseconds as f64 / 1e6) as f32;
        Ok((f64::from(milliseconds) * 1e6) as i64)
    }

    unsafe fn launch(
        &self,
        function: FunctionHandle,
        shape: &Shape,
        stream: StreamHandle,
        parameters: &[u8],
    ) -> Result<()> {
        let known = crate::lock(&self.modules).body(function);
        let Some((module, body)) = known else {
            return self.mistake(Call::Launch, "no such function");
        };
        let launched = Launched {
            body,
            module,
            shape: *shape,
            parameters: parameters.to_vec(),
            record: record_of(parameters),
        };
        self.enqueue(Call::Launch, stream, Work::Launch(Box::new(launched)))
    }

    unsafe fn write_word(&self, stream: StreamHandle, address: u64, value: u32) -> Result<()> {
        self.enqueue(Call::WriteWord, stream, Work::Word { address, value })
    }

    unsafe fn fill(&self, stream: StreamHandle, to: u64, pattern: u32, bytes: u64) -> Result<()> {
        if !to.is_multiple_of(4) || !bytes.is_multiple_of(4) {
            return self.mistake(Call::Fill, "address or length are no multiples of 4");
        }
        self.enqueue(Call::Fill, stream, Work::Fill { to, pattern, bytes })
    }

    unsafe fn copy(&self, stream: StreamHandle, from: u64, to: u64, bytes: u64) -> Result<()> {
        if from.abs_diff(to) < bytes {
            return self.mistake(Call::Copy, "the ranges overlap");
        }
        self.enqueue(Call::Copy, stream, Work::Copy { from, to, bytes })
    }

    unsafe fn load(
        &self,
        image: &[u8],
    ) -> std::result::Result<ModuleHandle, (DriverError, String)> {
        if let Err(error) = self.call(Call::Load) {
            let log = "ptxas error : the test wants this to fail".to_owned();
            return Err((error, log));
        }
        let handle = ModuleHandle(self.next_handle());
        let loaded = crate::lock(&self.modules).load(handle, image);
        loaded.map_err(|log| (failure(Call::Load, INVALID_PTX), log))?;
        Ok(handle)
    }

    fn unload(&self, module: ModuleHandle) -> Result<()> {
        self.call(Call::Unload)?;
        if self.abandoned.load(SeqCst) {
            return Ok(());
        }
        if crate::lock(&self.shared.streams).uses_module(module.0) {
            self.shared
                .violation("Unload of a module whose kernels are in flight".into());
        }
        match crate::lock(&self.modules).unload(module) {
            true => Ok(()),
            false => self.mistake(Call::Unload, "no such module"),
        }
    }

    fn function(&self, module: ModuleHandle, name: &CStr) -> Result<FunctionHandle> {
        self.call(Call::Function)?;
        let handle = FunctionHandle(self.next_handle());
        let found = crate::lock(&self.modules).find(module, name, handle);
        match found {
            true => Ok(handle),
            false => Err(failure(Call::Function, failures::NOT_FOUND)),
        }
    }

    fn resources(&self, function: FunctionHandle) -> Result<KernelResources> {
        self.call(Call::Resources)?;
        match crate::lock(&self.modules).body(function) {
            Some(_) => Ok(KernelResources {
                registers: 32,
                local_memory: 0,
                max_threads_per_block: 1024,
            }),
            None => self.mistake(Call::Resources, "no such function"),
        }
    }
}

impl Simulated {
    fn free_kind(&self, call: Call, address: u64, kind: MemoryKind) -> Result<()> {
        let bytes = self.shared.memory.size_of(address, kind).unwrap_or(1);
        self.check_unused(call, &(address..address + bytes));
        match self.shared.memory.free(address, kind) {
            true => Ok(()),
            false => self.mistake(call, "not allocated"),
        }
    }
}
