//! The driver's calls.

use super::failures::{self, NOT_READY, OUT_OF_MEMORY, failure};
use super::kernels::{Launched, record_of};
use super::memory::Kind as MemoryKind;
use super::streams::{self, Point, Work};
use super::*;

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
        match self.launched(function, shape, parameters) {
            Some(launched) => self.enqueue(Call::Launch, stream, launched),
            None => self.mistake(Call::Launch, "no such function"),
        }
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

    fn begin_capture(&self, stream: StreamHandle) -> Result<()> {
        self.call(Call::BeginCapture)?;
        match crate::lock(&self.graphs).begin(stream) {
            true => Ok(()),
            false => self.mistake(Call::BeginCapture, "the stream is captured already"),
        }
    }

    fn captured(&self, stream: StreamHandle) -> Result<NodeHandle> {
        self.call(Call::Captured)?;
        let last = crate::lock(&self.graphs).last(stream);
        last.map_or_else(|| self.mistake(Call::Captured, "nothing was captured"), Ok)
    }

    fn end_capture(&self, stream: StreamHandle) -> Result<GraphHandle> {
        // Over also where the call fails.
        let captured = crate::lock(&self.graphs).end(stream);
        self.call(Call::EndCapture)?;
        match captured {
            Some(operations) => {
                let number = self.next_handle();
                Ok(crate::lock(&self.graphs).make(number, operations))
            }
            None => self.mistake(Call::EndCapture, "the stream is not captured"),
        }
    }

    unsafe fn launch_graph(&self, graph: GraphHandle, stream: StreamHandle) -> Result<()> {
        self.call(Call::LaunchGraph)?;
        let Some(operations) = crate::lock(&self.graphs).operations(graph) else {
            return self.mistake(Call::LaunchGraph, "no such graph");
        };
        for work in &operations {
            for range in work.uses() {
                if let Err(stray) = self.shared.memory.is_there(&range) {
                    return self.mistake(Call::LaunchGraph, &stray);
                }
            }
            if let Work::Launch(launched) = &**work
                && !crate::lock(&self.modules).has(launched.module)
            {
                return self.mistake(Call::LaunchGraph, "a kernel's module is gone");
            }
        }
        match crate::lock(&self.shared.streams).push(stream, operations) {
            true => Ok(()),
            false => self.mistake(Call::LaunchGraph, "no such stream"),
        }
    }

    unsafe fn set_launch(
        &self,
        graph: GraphHandle,
        node: NodeHandle,
        function: FunctionHandle,
        shape: &Shape,
        parameters: &[u8],
    ) -> Result<()> {
        self.call(Call::SetLaunch)?;
        let Some(launched) = self.launched(function, shape, parameters) else {
            return self.mistake(Call::SetLaunch, "no such function");
        };
        match crate::lock(&self.graphs).replace(graph, node, launched) {
            true => Ok(()),
            false => self.mistake(Call::SetLaunch, "no such launch"),
        }
    }

    fn destroy_graph(&self, graph: GraphHandle) -> Result<()> {
        self.call(Call::DestroyGraph)?;
        if self.abandoned.load(SeqCst) {
            return Ok(());
        }
        match crate::lock(&self.graphs).destroy(graph) {
            Some(false) => Ok(()),
            Some(true) => self.mistake(Call::DestroyGraph, "a replay is in flight"),
            None => self.mistake(Call::DestroyGraph, "no such graph"),
        }
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
    /// A launch, ready to run; none where there is no such function.
    fn launched(&self, function: FunctionHandle, shape: &Shape, parameters: &[u8]) -> Option<Work> {
        let (module, body) = crate::lock(&self.modules).body(function)?;
        Some(Work::Launch(Box::new(Launched {
            body,
            module,
            shape: *shape,
            parameters: parameters.to_vec(),
            record: record_of(parameters),
        })))
    }

    fn free_kind(&self, call: Call, address: u64, kind: MemoryKind) -> Result<()> {
        let bytes = self.shared.memory.size_of(address, kind).unwrap_or(1);
        self.check_unused(call, &(address..address + bytes));
        match self.shared.memory.free(address, kind) {
            true => Ok(()),
            false => self.mistake(call, "not allocated"),
        }
    }
}
