//! What executes the work.
//!
//! The rest of the crate checks what a guest asks for, counts what it holds and keeps its objects; a
//! backend moves bytes and runs kernels. A backend is four things, from the outside in:
//!
//! * [`Backend`], a device: its properties, its compiler, and memory for any number of guests;
//! * [`Space`], one guest's memory on it: a window of addresses, reserved whole and backed as it grows,
//!   in which the crate's own allocator places buffers, so that layouts are alike on every device;
//! * [`Queue`], what executes one stream: operations in order, behind the guest's back, each counted off
//!   in the stream's [`Progress`] when it has finished;
//! * [`Kernel`], compiled code, which only the backend that made it looks into.

pub(crate) mod cpu;
pub(crate) mod cuda;

use crate::bindings::wasi::cuda::types::ErrorCode;
use crate::device::DeviceProperties;
use crate::error::{CudaError, StreamError};
use crate::hooks::LaunchEnd;
use crate::launch::Launch;
use crate::linear::Pages;
use crate::operation::Submission;
use crate::progress::Progress;
use std::sync::Arc;
use std::time::Duration;
use wasi_cuda_jit::Diagnostic;
use wasi_cuda_jit::signature::Signature;

/// A device.
pub(crate) trait Backend: Send + Sync {
    /// What it is and can do.
    fn properties(&self) -> &DeviceProperties;

    /// What it is known by wherever it is plugged in; none where nothing has such a name.
    fn uuid(&self) -> Option<String> {
        None
    }

    /// Blocks that a launch may have at most.
    fn max_blocks(&self) -> u64 {
        u64::MAX
    }

    /// Who is told, once, when the device is found to be lost.
    fn on_loss(&self, listener: LossListener) {
        let _ = listener;
    }

    /// Memory for one guest, of which it may use `limit` bytes; `checked` when kernels are compiled to consult the map of
    /// buffers.
    ///
    /// # Errors
    ///
    /// For people: what could not be had.
    fn open_space(&self, limit: u64, checked: bool) -> Result<Arc<dyn Space>, String>;

    /// Verifies and compiles a module. Takes as long as it takes, on the calling thread; `clock` stands still while what
    /// compiling needs is made ready.
    ///
    /// # Errors
    ///
    /// The findings, of which at least one is an error.
    fn compile(
        &self,
        source: &ModuleSource,
        checked: bool,
        clock: &dyn CompileClock,
    ) -> Result<Program, Vec<Diagnostic>>;
}

/// What counts the time of a source.
pub(crate) trait CompileClock {
    /// Stands still.
    fn pause(&self);

    /// Counts, from nothing.
    fn begin(&self);
}

/// Who is told why a device is lost.
pub(crate) type LossListener = Box<dyn Fn(&str) + Send + Sync>;

/// A module as its guest wrote it.
pub(crate) enum ModuleSource {
    Ptx(String),
    Wasm(Vec<u8>),
}

impl ModuleSource {
    /// The text or the module, whichever it is.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Ptx(text) => text.as_bytes(),
            Self::Wasm(bytes) => bytes,
        }
    }
}

/// One guest's memory on a device. Offsets count from the window's start; callers keep ranges in what
/// [`Space::grow`] has backed, and the implementation checks that again.
pub(crate) trait Space: Send + Sync {
    /// The address at which kernels see the window's first byte.
    fn base(&self) -> u64;

    /// Bytes that the window can grow to.
    fn reserved(&self) -> u64;

    /// Bytes from the start that are backed, all of which kernels may write.
    fn backed(&self) -> u64;

    /// Backs the window with zeroed memory up to `end` at least. It never shrinks.
    ///
    /// # Errors
    ///
    /// For people: why there is no more memory.
    fn grow(&self, end: u64) -> Result<(), String>;

    /// Marks a range as lying in a buffer or not, for kernels compiled to check.
    fn mark(&self, offset: u64, size: u64, allocated: bool);

    /// Makes a range zero that nothing enqueued refers to.
    fn zero(&self, offset: u64, size: u64) -> Result<(), NotDone>;

    /// A range is free: its memory may go back to the device. What is in it afterwards is unspecified.
    fn release(&self, offset: u64, size: u64);

    /// Whether [`Space::map`] can succeed.
    fn maps_linear_memory(&self) -> bool {
        false
    }

    /// Lets a backed range of the window mean pages of the guest's own linear memory, until [`Space::unmap`] or the space's end;
    /// the range, which begins and ends at pages, is free memory. The pages live as long as they are mapped.
    ///
    /// # Errors
    ///
    /// For people: why the range is zeroed memory of the device's own.
    fn map(&self, _offset: u64, _pages: &Pages) -> Result<(), String> {
        Err("the device maps no linear memory".to_owned())
    }

    /// Lets a range that was mapped be zeroed memory of the device's own again.
    ///
    /// # Errors
    ///
    /// For people: why it is mapped as before.
    fn unmap(&self, _offset: u64, _length: u64) -> Result<(), String> {
        Ok(())
    }

    /// Copies bytes into the window.
    fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), NotDone> {
        let mut upload = self.upload();
        upload.write(offset, bytes)?;
        upload.finish()
    }

    /// Copies bytes into the window slice by slice, so that one need not be there before the next is taken.
    fn upload(&self) -> Box<dyn Upload + '_>;

    /// Appends bytes of the window to `bytes`, which has room for them.
    fn read(&self, offset: u64, length: u64, bytes: &mut Vec<u8>) -> Result<(), NotDone>;

    /// Copies bytes of the window to where they are to be, which is written when this returns and not later.
    fn read_into(&self, offset: u64, bytes: &mut [u8]) -> Result<(), NotDone>;

    /// What executes a stream of this guest.
    ///
    /// # Errors
    ///
    /// For people: what could not be had.
    fn open_queue(
        &self,
        progress: Arc<Progress>,
        sink: Arc<dyn LaunchSink>,
    ) -> Result<Arc<dyn Queue>, String>;
}

/// Bytes on their way into a window. Dropping it waits for those that were taken.
pub(crate) trait Upload: Send {
    /// Takes bytes.
    fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), NotDone>;

    /// Waits until all that were taken are there.
    fn finish(self: Box<Self>) -> Result<(), NotDone>;
}

/// Why bytes were not moved.
#[derive(Clone, Debug)]
pub(crate) enum NotDone {
    /// The device does nothing any more.
    Lost,
    /// The device has not taken it, for people; it may take the next one.
    Refused(String),
}

impl From<NotDone> for CudaError {
    fn from(reason: NotDone) -> Self {
        match reason {
            NotDone::Lost => ErrorCode::DeviceLost.into(),
            NotDone::Refused(reason) => Self::other(reason),
        }
    }
}

/// What executes one stream.
pub(crate) trait Queue: Send + Sync {
    /// Takes an operation that is counted in the stream's progress. Never blocks.
    ///
    /// Once the progress has failed, launches, copies and writes are skipped and events still completed.
    fn submit(self: Arc<Self>, submission: Submission);

    /// Stops what runs and skips what is enqueued; the progress was failed just before.
    fn stop(self: Arc<Self>);

    /// Until what runs now is stopped; none when nothing with a time limit runs.
    fn time_remaining(&self) -> Option<Duration>;

    /// Somebody waits `until` something that was submitted is over: it is counted off soon. Takes some tens of microseconds
    /// at most.
    fn expedite(self: Arc<Self>, until: &dyn Fn() -> bool) {
        let _ = until;
    }
}

/// Compiled source.
pub(crate) struct Program {
    /// The kernels, in the order of the source.
    pub(crate) kernels: Vec<Arc<Kernel>>,
    /// Warnings and notes.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Memory that each loaded instance has for the module's own variables.
    pub(crate) variables: Variables,
}

/// A module's own variables, in `.global` and `.const` memory.
#[derive(Default)]
pub(crate) struct Variables {
    /// Bytes that they need; 0 if there are none.
    pub(crate) bytes: u64,
    /// What is in them at first, given the address at which they begin.
    initial: Option<Box<dyn Fn(u64) -> Vec<u8> + Send + Sync>>,
}

impl Variables {
    pub(crate) fn new(
        bytes: u64,
        initial: impl Fn(u64) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self {
            bytes,
            initial: Some(Box::new(initial)),
        }
    }

    /// What is in them at first if they begin at this address.
    pub(crate) fn initial(&self, address: u64) -> Vec<u8> {
        let initial = self.initial.as_ref();
        initial.map_or_else(Vec::new, |initial| initial(address))
    }
}

/// One kernel.
pub(crate) struct Kernel {
    pub(crate) signature: Signature,
    pub(crate) code: Code,
}

/// A kernel's code, one case a backend.
pub(crate) enum Code {
    Cpu(Arc<dyn cpu::Blocks>),
    Cuda(Arc<cuda::CudaKernel>),
}

/// A fault as a backend knows it.
pub(crate) struct KernelFault<'a> {
    pub(crate) launch: &'a Launch,
    /// None when the kernel said that it faulted but recorded nothing.
    pub(crate) fault: Option<wasi_cuda_jit::cpu::Fault>,
}

/// Who is told how launches go.
pub(crate) trait LaunchSink: Send + Sync {
    /// Whether launches are to be timed although that costs something.
    fn wants_times(&self) -> bool;

    /// A launch that ran is over; called before it is counted off. The time is what it took of the device, where that is known.
    fn finished(&self, launch: &Launch, end: LaunchEnd, time: Option<Duration>);

    /// A launch was stopped because it ran for too long.
    fn expired(&self, launch: &Launch);

    /// The device is lost while this launch is running, or may be; called before the device's listener is.
    fn suspect(&self, launch: &Launch);

    /// A launch faulted; its stream then fails with what this makes of it.
    fn describe(&self, fault: &KernelFault<'_>) -> StreamError;
}
