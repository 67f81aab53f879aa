//! Helpers of the unit tests: guests without WebAssembly, kernels without PTX.

#![expect(
    clippy::result_large_err,
    reason = "tests look into the errors that guests get"
)]

pub(crate) mod spans;

use crate::backend::cpu::Blocks;
use crate::backend::{Code, Kernel};
use crate::bindings::wasi::cuda::types::{ErrorCode, Quota};
use crate::error::CudaResult;
use crate::event::Event;
use crate::grant::Grant;
use crate::launch::{Launch, Parameters};
use crate::memory::Allocation;
use crate::operation::{Operation, Place};
use crate::pending::Pending;
use crate::quota::Counters;
use crate::recording::{Capture, Recording};
use crate::stream::Stream;
use crate::{CpuOptions, Device, Limits, WasiCudaCtx};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};
use wasi_cuda_jit::Span;
use wasi_cuda_jit::cpu::{self, Fault, FaultKind, FaultSlot, Outcome};
use wasi_cuda_jit::signature::{Parameter, ParameterType, Signature};

/// A CPU device with so many threads.
pub(crate) fn device(workers: usize) -> Device {
    Device::cpu(CpuOptions {
        workers: NonZeroUsize::new(workers),
        total_memory: Some(1 << 30),
    })
    .unwrap()
}

/// A guest with one device.
pub(crate) fn guest(device: &Device) -> WasiCudaCtx {
    guest_with(device, Limits::default())
}

pub(crate) fn guest_with(device: &Device, limits: Limits) -> WasiCudaCtx {
    WasiCudaCtx::builder()
        .device(device.clone())
        .limits(limits)
        .build()
}

pub(crate) fn grant(guest: &WasiCudaCtx) -> &Arc<Grant> {
    &guest.grants()[0]
}

pub(crate) fn stream(guest: &WasiCudaCtx) -> Stream {
    Stream::new(grant(guest)).unwrap()
}

impl Stream {
    /// Marks this point.
    pub(crate) async fn record_event(&self) -> CudaResult<Arc<Event>> {
        let event = self.event();
        self.enqueue(Operation::Record(event.clone())).await?;
        Ok(event)
    }
}

pub(crate) fn buffer(guest: &WasiCudaCtx, size: u64) -> Arc<Allocation> {
    Allocation::new(grant(guest), size).unwrap()
}

pub(crate) fn at(buffer: &Arc<Allocation>, offset: u64) -> Place {
    Place {
        buffer: buffer.clone(),
        offset,
    }
}

/// What the guest would get.
pub(crate) fn code<T>(result: CudaResult<T>) -> Result<T, ErrorCode> {
    result.map_err(|error| error.into_code().unwrap())
}

/// A kernel that is a closure over the stop word and the blocks to run.
pub(crate) struct Closure<F>(F);

impl<F: Fn(&dyn Fn() -> bool, Range<u64>) -> Outcome + Send + Sync> Blocks for Closure<F> {
    unsafe fn run(&self, launch: &cpu::Launch, blocks: Range<u64>) -> Outcome {
        // SAFETY: the device keeps the stop word alive while blocks run.
        let stop = unsafe { &*launch.stop };
        (self.0)(&|| stop.load(SeqCst) != 0, blocks)
    }

    fn fault(&self, _slot: &FaultSlot) -> Option<Fault> {
        Some(Fault {
            kind: FaultKind::GlobalOutOfBounds,
            span: Span { line: 7, column: 3 },
            address: 0x10_0000_0500,
            size: 4,
            block: [0; 3],
            thread: [0; 3],
        })
    }
}

/// A launch of a closure, which gets a question whether to stop, and blocks.
pub(crate) fn kernel(
    blocks: u32,
    run: impl Fn(&dyn Fn() -> bool, Range<u64>) -> Outcome + Send + Sync + 'static,
) -> Launch {
    let kernel = Kernel {
        signature: signature(&[]),
        code: Code::Cpu(Arc::new(Closure(run))),
    };
    let counters = Counters::new(&Limits::default());
    let module = counters.modules.take(|| Quota::Modules).unwrap();
    Launch {
        kernel: Arc::new(kernel),
        _module: Arc::new(module),
        parameters: Parameters::zeroed(0),
        variables: None,
        buffers: Default::default(),
        grid: [blocks, 1, 1],
        block: [1, 1, 1],
        dynamic_shared: 0,
    }
}

/// A launch of one block that completes.
pub(crate) fn call(run: impl Fn() + Send + Sync + 'static) -> Operation {
    Operation::Launch(Arc::new(kernel(1, move |_, _| {
        run();
        Outcome::Completed
    })))
}

/// Recorded operations that count for no guest.
pub(crate) fn recording(operations: impl IntoIterator<Item = Operation>) -> Arc<Recording> {
    let mut capture = Capture::new(&Counters::new(&Limits::default()).graph_bytes);
    let pending = Pending::new(u32::MAX, u64::MAX);
    for operation in operations {
        capture.record(operation, &pending);
    }
    Arc::new(capture.end().unwrap())
}

/// A launch of one block that runs until it is stopped.
pub(crate) fn endless() -> Operation {
    Operation::Launch(Arc::new(kernel(1, |stopped, _| {
        while !stopped() {
            std::thread::yield_now();
        }
        Outcome::Stopped
    })))
}

/// A launch that faults.
pub(crate) fn faulting() -> Operation {
    Operation::Launch(Arc::new(kernel(1, |_, _| Outcome::Faulted)))
}

/// A signature with these parameters; bits when the flag is set.
pub(crate) fn signature(parameters: &[(&str, ParameterType, bool)]) -> Signature {
    let mut offset = 0;
    let parameters = parameters.iter().map(|&(name, ty, untyped)| {
        use ParameterType as T;
        let size = match ty {
            T::S8 | T::U8 => 1,
            T::S16 | T::U16 | T::F16 | T::Bf16 => 2,
            T::S32 | T::U32 | T::F32 => 4,
            T::S64 | T::U64 | T::F64 | T::Pointer => 8,
            T::Bytes(size) => size,
        };
        let align = if matches!(ty, T::Bytes(_)) { 4 } else { size };
        let place = u32::next_multiple_of(offset, align);
        offset = place + size;
        Parameter {
            name: name.into(),
            ty,
            untyped,
            offset: place,
            size,
            align,
        }
    });
    let parameters: Vec<_> = parameters.collect();
    Signature {
        name: "test".into(),
        parameters,
        parameter_bytes: offset,
        max_threads_per_block: 1024,
        required_block: None,
        shared_memory: 0,
        local_memory: 0,
        registers: 1,
    }
}

/// Something that kernels wait for, whatever their stop word says.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar, AtomicBool)>);

impl Gate {
    /// A launch that waits until the gate opens.
    pub(crate) fn launch(&self) -> Operation {
        let gate = self.clone();
        call(move || gate.pass())
    }

    pub(crate) fn pass(&self) {
        let (open, opened, reached) = &*self.0;
        reached.store(true, SeqCst);
        let mut open = crate::lock(open);
        while !*open {
            open = opened.wait(open).unwrap();
        }
    }

    /// Whether anyone has come to the gate.
    pub(crate) fn is_reached(&self) -> bool {
        self.0.2.load(SeqCst)
    }

    pub(crate) fn open(&self) {
        *crate::lock(&self.0.0) = true;
        self.0.1.notify_all();
    }
}

/// Waits for something that another thread does; a hang fails the test by its runner's limit.
pub(crate) fn eventually(mut condition: impl FnMut() -> bool) {
    while !condition() {
        std::thread::yield_now();
    }
}
