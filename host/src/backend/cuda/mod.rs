//! An NVIDIA GPU, through the CUDA driver.
//!
//! ```text
//!  guest ──submit──▶ CudaQueue ──issue──▶ Lane ──▶ driver's stream ──▶ GPU
//!                        ▲                  ▲                          │
//!                        └──── retired ─────┴───── mark, a word in ◀───┘
//!                                                  pinned memory
//! ```
//!
//! A [`queue`] holds one guest's stream and issues its operations itself, on the guest's thread, through one of few
//! [`lane`]s. The GPU writes marks behind them, at which whoever waits looks for some tens of microseconds; for longer
//! waits, for work that nobody waits for, and for time limits there is the [`reactor`]. What a queue replays again becomes a
//! [`graph`] of the driver's. All calls go through one
//! [`driver`], which only its own folder knows more of.

mod choice;
mod clean;
mod clock;
mod code;
mod control;
mod driver;
mod gate;
mod graph;
mod issued;
mod lane;
mod module;
mod names;
mod pinned;
mod port;
mod queue;
mod reactor;
mod space;
mod staging;
mod stopper;
mod stream;
mod timing;
mod unloader;
mod window;

#[cfg(test)]
mod tests;

pub use code::{CodeCache, PtxCompiler, run_ptx_compiler};
pub(crate) use module::CudaKernel;
pub(crate) use names::{Uuid, name};

use super::{Backend, CompileClock, LossListener, ModuleSource, Program, Space};
use crate::device::{CudaOptions, DeviceBackend, DeviceError, DeviceProperties};
use crate::launch::Launch;
use crate::memory::window_end;
use code::MachineCode;
use driver::Driver;
use lane::Lane;
use queue::CudaQueue;
use std::hint;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use wasi_cuda_jit::Diagnostic;
use wasi_cuda_jit::back::ptx::MAX_BLOCKS;

/// Lanes of a device: as many hardware queues as `CUDA_DEVICE_MAX_CONNECTIONS` allows at most.
const LANES: usize = 32;

/// How long a call that waits looks at marks itself. Handing over to the reactor costs ten microseconds, so that for
/// shorter work it is better to look; longer work is not worth a thread.
const LOOK: Duration = Duration::from_micros(40);

/// Pauses between two looks at work that is not issued yet, some half a microsecond.
const PAUSES: u32 = 16;

/// What the driver says of a GPU that need not be open.
pub(crate) struct Description {
    pub(crate) properties: DeviceProperties,
    pub(crate) uuid: Option<Uuid>,
}

/// Every GPU in the order of their numbers, or why none can be used. Makes no context, which would take a tenth of a second and
/// some hundred megabytes of each.
pub(crate) fn list() -> Result<Vec<Result<Description, String>>, String> {
    let describe = |ordinal| {
        let gpu = driver::cudarc::describe(ordinal).map_err(|error| error.to_string())?;
        Ok(Description {
            properties: properties(&gpu),
            uuid: gpu.uuid,
        })
    };
    Ok((0..driver::cudarc::count()?).map(describe).collect())
}

/// Whether a name is one that a GPU may have.
pub(crate) fn may_be_name(name: &str) -> bool {
    names::Wanted::parse(name).is_some()
}

/// A GPU as a device.
pub(crate) struct Cuda {
    gpu: Arc<Gpu>,
    properties: DeviceProperties,
}

/// What the parts of one GPU share.
struct Gpu {
    driver: Arc<dyn Driver>,
    /// Made as they are needed, from the first on.
    lanes: [OnceLock<Arc<Lane>>; LANES],
    code: MachineCode,
    controls: Arc<control::Controls>,
    staging: Arc<staging::Staging>,
    ports: port::Ports,
    stopper: stopper::Stopper,
    clock: clock::Clock,
    /// On which graphs are made.
    capturing: Mutex<Option<stream::Stream>>,
    reactor: Arc<reactor::Reactor>,
    gate: gate::Gate,
    unloader: unloader::Unloader,
    /// How long a kernel that was told to stop may run on.
    patience: Duration,
    /// When a launch was last seen in flight that nobody had told to stop.
    worked_for_others: Mutex<Instant>,
    lost: Lost,
}

/// Whether the device is lost, and who is told.
#[derive(Default)]
struct Lost {
    reason: OnceLock<String>,
    told: AtomicBool,
    /// The launch by which it is lost, where that is known, until it was told.
    by: Mutex<Option<(Arc<CudaQueue>, Arc<Launch>)>>,
    listener: OnceLock<LossListener>,
}

impl Cuda {
    /// Opens a GPU by its name, and says how that is in full.
    pub(crate) fn open(name: &str, options: &CudaOptions) -> Result<(Self, String), DeviceError> {
        let count = driver::cudarc::count().map_err(|reason| DeviceError::Unsupported {
            name: name.to_owned(),
            reason,
        })?;
        let gpus = (0..count).map(|ordinal| names::Listed {
            ordinal,
            uuid: driver::cudarc::uuid(ordinal).ok(),
        });
        let (gpu, name) = names::find(name, &gpus.collect::<Vec<_>>())?;
        let opened = Self::open_listed(gpu.ordinal, &name, options)?;
        Ok((opened, name))
    }

    fn open_listed(ordinal: u32, name: &str, options: &CudaOptions) -> Result<Self, DeviceError> {
        let lacking = |reason: String| DeviceError::Resources {
            name: name.to_owned(),
            reason,
        };
        let driver = driver::cudarc::Cudarc::open(ordinal);
        let driver = driver.map_err(|error| lacking(error.to_string()))?;
        let (compiler, cache) = (&options.compiler, options.code_cache.as_ref());
        let code = MachineCode::new(compiler, cache, ordinal, driver.properties());
        let code = code.map_err(|error| lacking(error.to_string()))?;
        Self::with_driver(Arc::new(driver), code, options, reactor::STOPPED_AFTER)
            .map_err(|error| lacking(error.to_string()))
    }

    fn with_driver(
        driver: Arc<dyn Driver>,
        code: MachineCode,
        options: &CudaOptions,
        patience: Duration,
    ) -> driver::Result<Self> {
        driver.bind()?;
        let gpu = Gpu {
            lanes: [const { OnceLock::new() }; LANES],
            code,
            controls: control::Controls::new(driver.clone()),
            staging: staging::Staging::new(driver.clone()),
            ports: port::Ports::new(driver.clone()),
            stopper: stopper::Stopper::new(&driver)?,
            clock: clock::Clock::new(&driver)?,
            capturing: Mutex::default(),
            reactor: Arc::default(),
            gate: gate::Gate::default(),
            unloader: unloader::Unloader::new(&driver),
            patience,
            worked_for_others: Mutex::new(Instant::now()),
            lost: Lost::default(),
            driver,
        };
        let mut properties = properties(gpu.driver.properties());
        if let Some(most) = options.total_memory {
            properties.total_memory = properties.total_memory.min(most);
        }
        Ok(Self {
            properties,
            gpu: Arc::new(gpu),
        })
    }
}

fn properties(gpu: &driver::GpuProperties) -> DeviceProperties {
    DeviceProperties {
        name: gpu.name.clone(),
        backend: DeviceBackend::Cuda,
        compute_capability: gpu.compute_capability,
        multiprocessors: gpu.multiprocessors,
        warp_size: gpu.warp_size,
        max_threads_per_block: gpu.max_threads_per_block,
        max_block: gpu.max_block,
        max_grid: gpu.max_grid,
        total_memory: gpu.total_memory,
        max_shared_memory_per_block: gpu.max_shared_memory_per_block,
        ptx_version: module::ptx_version(gpu.cuda),
    }
}

impl Gpu {
    /// The lanes that there are.
    fn lanes(&self) -> impl Iterator<Item = &Arc<Lane>> {
        self.lanes.iter().map_while(OnceLock::get)
    }

    /// A lane with nothing in flight, a new one while there may be more, or the one with the least in flight.
    fn least_busy_lane(&self) -> driver::Result<Arc<Lane>> {
        let least = self.lanes().min_by_key(|lane| lane.load());
        if let Some(lane) = least.filter(|lane| lane.load() == 0) {
            return Ok(lane.clone());
        }
        let next = self.lanes.iter().find(|lane| lane.get().is_none());
        match (next, least) {
            (None, Some(least)) => Ok(least.clone()),
            (next, _) => {
                let lane = Arc::new(Lane::new(&self.driver)?);
                // Somebody else may have been first: then theirs will do.
                Ok(next.unwrap_or(&self.lanes[0]).get_or_init(|| lane).clone())
            }
        }
    }

    /// Looks for a while whether what somebody waits for is over, and leaves the rest to the reactor.
    /// `lane` tells where it runs, once all of it is issued.
    fn watch(&self, is_over: &dyn Fn() -> bool, lane: impl Fn() -> Option<Arc<Lane>>) {
        let begun = Instant::now();
        let mut marked = None;
        while !is_over() {
            if marked.is_none() {
                // Each look takes what it looks at from whoever issues.
                (0..PAUSES).for_each(|_| hint::spin_loop());
                marked = lane();
                let lane = marked.iter();
                let mark = lane.map(|lane| self.driver.bind().and_then(|()| lane.mark()));
                if let Err(error) = mark.collect::<driver::Result<()>>() {
                    self.lose(&error.to_string());
                }
            }
            if !marked.as_ref().is_some_and(|lane| lane.retire()) {
                hint::spin_loop();
            }
            if begun.elapsed() > LOOK {
                self.reactor.hurry();
                return;
            }
        }
    }

    /// Nothing works any more, because of a launch.
    fn lose_by(&self, launch: Option<(Arc<CudaQueue>, Arc<Launch>)>, reason: &str) {
        if !self.is_lost() {
            *crate::lock(&self.lost.by) = launch;
            self.lose(reason);
        }
    }

    /// Nothing works any more; the reactor tells everyone, since whoever notices may hold locks.
    fn lose(&self, reason: &str) {
        if self.lost.reason.set(reason.to_owned()).is_ok() {
            self.reactor.wake();
        }
    }

    fn is_lost(&self) -> bool {
        self.lost.reason.get().is_some()
    }

    /// Why the device is lost, where nobody was told.
    fn newly_lost(&self) -> Option<&str> {
        let reason = self.lost.reason.get()?;
        (!self.lost.told.load(SeqCst)).then_some(reason)
    }

    /// Tells the device's owner, and ends whatever is in flight.
    fn tell_lost(&self, reason: &str) {
        self.lost.told.store(true, SeqCst);
        let known = crate::lock(&self.lost.by).take();
        let running: Vec<_> = match known {
            Some(known) => vec![known],
            None => self.lanes().flat_map(|lane| lane.running()).collect(),
        };
        for (queue, launch) in running {
            queue.suspect(&launch);
        }
        if let Some(listener) = self.lost.listener.get() {
            listener(reason);
        }
        // A kernel may run on, and another device of this process may get what is given back.
        self.driver.abandon();
        for lane in self.lanes() {
            lane.abandon().into_iter().for_each(issued::Issued::retire);
        }
    }
}

impl Drop for Gpu {
    fn drop(&mut self) {
        self.reactor.close();
    }
}

impl Backend for Cuda {
    fn properties(&self) -> &DeviceProperties {
        &self.properties
    }

    fn uuid(&self) -> Option<String> {
        self.gpu
            .driver
            .properties()
            .uuid
            .map(|uuid| uuid.to_string())
    }

    fn max_blocks(&self) -> u64 {
        MAX_BLOCKS
    }

    fn on_loss(&self, listener: LossListener) {
        // Once, by the device that owns this.
        let _ = self.gpu.lost.listener.set(listener);
    }

    fn open_space(&self, limit: u64, checked: bool) -> Result<Arc<dyn Space>, String> {
        self.gpu
            .reactor
            .start(&self.gpu)
            .map_err(|error| format!("the reactor's thread: {error}"))?;
        let bytes = window_end(limit).min(self.properties.total_memory.saturating_mul(2));
        let space = space::CudaSpace::open(self.gpu.clone(), bytes, checked);
        let space = space.map_err(|error| error.to_string())?;
        Ok(Arc::new(space))
    }

    fn compile(
        &self,
        source: &ModuleSource,
        checked: bool,
        clock: &dyn CompileClock,
    ) -> Result<Program, Vec<Diagnostic>> {
        module::compile(&self.gpu, source, checked, clock)
    }
}
