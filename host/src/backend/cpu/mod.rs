//! The CPU device: the compiler's code on a pool of threads that all guests share.
//!
//! ```text
//!  guest ──submit──▶ Queue ──task──▶ Pool ──chunks of blocks──▶ workers
//!                      ▲                                           │
//!                      └──────────── last one to leave ────────────┘
//! ```
//!
//! A [`queue`] holds one stream's operations and gives the pool one [`task`] at a time. The [`pool`] lets
//! guests take turns, chunk by chunk. The worker that finishes a task's last chunk finishes the task, wakes
//! who waits, and goes on with the queue.

mod control;
mod copy;
mod pool;
mod queue;
mod space;
mod state;
mod task;
mod window;

#[cfg(test)]
mod tests;

use super::{Backend, Code, CompileClock, Kernel, ModuleSource, Program, Space, Variables};
use crate::device::{CpuOptions, DeviceBackend, DeviceError, DeviceProperties};
use crate::timer::Timer;
use pool::Pool;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;
use std::thread;
use std::time::Instant;
use wasi_cuda_jit::cpu::{self, Fault, FaultSlot, Launch, Outcome};
use wasi_cuda_jit::versions::DeviceVersion;
use wasi_cuda_jit::{CompileOptions, Diagnostic, compile_ptx, compile_wasm, limits};

/// The name by which the device is opened.
pub(crate) const NAME: &str = "cpu";

/// Shared memory of a block: what every GPU gives without opting in (CUDA C++ programming guide, technical
/// specifications), so that a program which fits here fits there.
const SHARED_MEMORY: u32 = 48 << 10;

/// Total memory when the system does not say how much it has.
const FALLBACK_MEMORY: u64 = 4 << 30;

/// Code that runs blocks of a grid: the compiler's, or in tests anything.
pub(crate) trait Blocks: Send + Sync {
    /// Runs blocks on the calling thread.
    ///
    /// # Safety
    ///
    /// As [`wasi_cuda_jit::cpu::Kernel::run_blocks`].
    unsafe fn run(&self, launch: &Launch, blocks: Range<u64>) -> Outcome;

    /// The fault that a slot holds.
    fn fault(&self, slot: &FaultSlot) -> Option<Fault>;
}

impl Blocks for cpu::Kernel {
    unsafe fn run(&self, launch: &Launch, blocks: Range<u64>) -> Outcome {
        // SAFETY: the caller promises what `run_blocks` asks for.
        unsafe { self.run_blocks(launch, blocks) }
    }

    fn fault(&self, slot: &FaultSlot) -> Option<Fault> {
        cpu::Kernel::fault(self, slot)
    }
}

/// What the parts of one CPU device share.
pub(super) struct Shared {
    pool: Pool,
    timer: Timer,
    epoch: Instant,
}

impl Shared {
    /// Nanoseconds on the device's clock.
    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The CPU as a device.
pub(crate) struct Cpu {
    properties: DeviceProperties,
    shared: Arc<Shared>,
}

impl Cpu {
    /// A device whose threads start with its first guest.
    pub(crate) fn open(options: &CpuOptions) -> Result<Self, DeviceError> {
        if !cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) || !cfg!(unix) {
            return Err(DeviceError::Unsupported {
                name: NAME.to_owned(),
                reason: "kernels are compiled for x86-64 and ARM64 on Unix only".to_owned(),
            });
        }
        let workers = options
            .workers
            .or_else(|| thread::available_parallelism().ok());
        let workers = workers.map_or(1, NonZeroUsize::get);
        Ok(Self {
            properties: properties(workers, options.total_memory.unwrap_or_else(half_of_memory)),
            shared: Arc::new(Shared {
                pool: Pool::new(workers),
                timer: Timer::default(),
                epoch: Instant::now(),
            }),
        })
    }
}

fn properties(workers: usize, total_memory: u64) -> DeviceProperties {
    DeviceProperties {
        name: format!("CPU ({workers} threads, {})", std::env::consts::ARCH),
        backend: DeviceBackend::Cpu,
        compute_capability: (9, 0),
        multiprocessors: u32::try_from(workers).unwrap_or(u32::MAX),
        warp_size: 32,
        max_threads_per_block: limits::MAX_THREADS_PER_BLOCK,
        // As on GPUs, so that a launch which fits here fits there.
        max_block: [1024, 1024, 64],
        max_grid: [i32::MAX as u32, 65_535, 65_535],
        total_memory,
        max_shared_memory_per_block: SHARED_MEMORY,
        ptx_version: limits::MAX_PTX_VERSION,
    }
}

#[cfg(target_os = "linux")]
fn half_of_memory() -> u64 {
    let info = rustix::system::sysinfo();
    let total = (info.totalram as u64).saturating_mul(u64::from(info.mem_unit));
    if total == 0 {
        FALLBACK_MEMORY
    } else {
        total / 2
    }
}

#[cfg(not(target_os = "linux"))]
fn half_of_memory() -> u64 {
    FALLBACK_MEMORY
}

impl Backend for Cpu {
    fn properties(&self) -> &DeviceProperties {
        &self.properties
    }

    fn open_space(&self, _limit: u64, checked: bool) -> Result<Arc<dyn Space>, String> {
        self.shared
            .pool
            .start()
            .map_err(|error| format!("worker threads: {error}"))?;
        self.shared
            .timer
            .start()
            .map_err(|error| format!("timer thread: {error}"))?;
        let space = space::CpuSpace::open(self.shared.clone(), checked);
        let space = space.map_err(|error| format!("address space: {error}"))?;
        Ok(Arc::new(space))
    }

    fn compile(
        &self,
        source: &ModuleSource,
        checked: bool,
        _clock: &dyn CompileClock,
    ) -> Result<Program, Vec<Diagnostic>> {
        let options = CompileOptions {
            checked,
            device: Some(DeviceVersion {
                ptx: self.properties.ptx_version,
                compute_capability: self.properties.compute_capability,
                driver: None,
            }),
        };
        let module = match source {
            ModuleSource::Ptx(text) => compile_ptx(text, &options)?,
            ModuleSource::Wasm(bytes) => compile_wasm(bytes, &options)?,
        };
        let kernel = |kernel: &cpu::Kernel| {
            Arc::new(Kernel {
                signature: kernel.signature().clone(),
                code: Code::Cpu(Arc::new(kernel.clone())),
            })
        };
        Ok(Program {
            kernels: module.kernels().iter().map(kernel).collect(),
            diagnostics: module.diagnostics().to_vec(),
            variables: Variables::new(module.variable_bytes(), move |address| {
                module.initial_variables(address)
            }),
        })
    }
}
