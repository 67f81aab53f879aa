//! One guest's share of one device.

use crate::backend::{FaultSink, KernelFault, Space};
use crate::bindings::wasi::cuda::types::ErrorCode;
use crate::device::Device;
use crate::error::{CudaError, CudaResult, StreamError};
use crate::fault;
use crate::guest::Guest;
use crate::hooks::{FaultInfo, LaunchInfo};
use crate::launch::Launch;
use crate::memory::{Layout, window_end};
use crate::operation::Operation;
use crate::stream::Work;
use crate::usage::Usage;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

/// A device as one guest has it.
pub(crate) struct Grant {
    device: Device,
    guest: Arc<Guest>,
    usage: Usage,
    /// Opened when the guest first needs it, so that a guest that uses no device pays for none.
    opened: OnceLock<Opened>,
    /// What every stream runs, those that the guest has dropped included.
    work: Mutex<Vec<Work>>,
    /// Ranges of its linear memory that the guest shares with the device.
    shares: AtomicU32,
}

struct Opened {
    space: Arc<dyn Space>,
    layout: Mutex<Layout>,
}

impl Grant {
    pub(crate) fn new(device: Device, guest: Arc<Guest>) -> Arc<Self> {
        let usage = Usage::new(device.clone(), guest.limits.memory);
        let grant = Arc::new(Self {
            device: device.clone(),
            guest,
            usage,
            opened: OnceLock::new(),
            work: Mutex::new(Vec::new()),
            shares: AtomicU32::new(0),
        });
        device.register(&grant);
        grant
    }

    pub(crate) fn device(&self) -> &Device {
        &self.device
    }

    pub(crate) fn guest(&self) -> &Arc<Guest> {
        &self.guest
    }

    pub(crate) fn usage(&self) -> &Usage {
        &self.usage
    }

    /// The guest's memory on the device.
    pub(crate) fn space(&self) -> CudaResult<&Arc<dyn Space>> {
        if self.opened.get().is_none() {
            let space = self
                .device
                .backend()
                .open_space(self.usage.limit(), self.guest.checked)
                .map_err(|reason| {
                    tracing::warn!(device = self.device.name(), reason, "no window for a guest");
                    ErrorCode::OutOfMemory
                })?;
            let end = space.reserved().min(window_end(self.usage.limit()));
            let layout = Mutex::new(Layout::new(end));
            // Whoever lost a race drops a space that nobody has used.
            let _ = self.opened.set(Opened { space, layout });
        }
        Ok(&self.opened.get().ok_or(ErrorCode::OutOfMemory)?.space)
    }

    /// The guest's memory, if it has any.
    pub(crate) fn opened_space(&self) -> Option<&dyn Space> {
        self.opened.get().map(|opened| &*opened.space)
    }

    /// Where buffers lie; none before [`Grant::space`] succeeded.
    pub(crate) fn layout(&self) -> Option<MutexGuard<'_, Layout>> {
        self.opened.get().map(|opened| crate::lock(&opened.layout))
    }

    /// The address of the window's first byte; 0 while there is none.
    pub(crate) fn base(&self) -> u64 {
        self.opened_space().map_or(0, |space| space.base())
    }

    /// Remembers a stream's work, to stop it with the guest or the device.
    pub(crate) fn register(&self, stream: Work) {
        let mut work = crate::lock(&self.work);
        work.retain(|known| !known.is_over());
        work.push(stream);
    }

    /// Whether memory of the guest's own is in the window.
    pub(crate) fn is_sharing(&self) -> bool {
        self.shares.load(SeqCst) > 0
    }

    /// A range more of the guest's own memory is in the window.
    pub(crate) fn begin_share(&self) {
        self.shares.fetch_add(1, SeqCst);
    }

    /// One is there no longer.
    pub(crate) fn end_share(&self) {
        self.shares.fetch_sub(1, SeqCst);
    }

    /// Waits until nothing of the guest's runs.
    pub(crate) async fn quiet(&self) {
        let work = crate::lock(&self.work).clone();
        for stream in work {
            stream.finished().await;
        }
    }

    /// Stops everything that the guest still runs.
    pub(crate) fn cancel(&self) {
        crate::lock(&self.work).iter().for_each(Work::cancel);
    }

    /// Tells the guest that its device is gone.
    pub(crate) fn lose(&self, reason: &str) {
        crate::lock(&self.work).iter().for_each(Work::lose);
        if let Some(hooks) = &self.guest.hooks {
            hooks.on_device_lost(self.device.name(), reason);
        }
    }

    /// Until the first of the running launches is stopped; none when none has a limit.
    pub(crate) fn time_remaining(&self) -> Option<Duration> {
        crate::lock(&self.work)
            .iter()
            .filter_map(Work::time_remaining)
            .min()
    }

    /// Asks the embedder about each launch in an operation, and tells it of them.
    pub(crate) fn admit(&self, operation: &Operation) -> CudaResult<()> {
        let Some(hooks) = &self.guest.hooks else {
            return Ok(());
        };
        let launches: &[Operation] = match operation {
            Operation::Graph(recording) => recording.operations(),
            other => std::slice::from_ref(other),
        };
        let launches = launches.iter().filter_map(|operation| match operation {
            Operation::Launch(launch) => Some(self.info(launch)),
            _ => None,
        });
        for launch in launches.clone() {
            hooks.admit(&launch).map_err(CudaError::other)?;
        }
        launches.for_each(|launch| hooks.on_launch(&launch));
        Ok(())
    }

    fn info<'a>(&'a self, launch: &'a Launch) -> LaunchInfo<'a> {
        LaunchInfo {
            device: self.device.name(),
            kernel: &launch.kernel.signature.name,
            grid: launch.grid,
            block: launch.block,
        }
    }
}

impl FaultSink for Grant {
    fn describe(&self, fault: &KernelFault<'_>) -> StreamError {
        let described = fault::describe(fault, self.base(), self.layout().as_deref());
        if let Some(hooks) = &self.guest.hooks {
            let summary = fault::summary(&described);
            let told = FaultInfo {
                device: self.device.name(),
                kernel: &described.kernel,
                line: described.line,
                message: &summary,
            };
            // On a worker: an embedder's mistake must not end it, nor keep the stream from failing.
            if catch_unwind(AssertUnwindSafe(|| hooks.on_fault(&told))).is_err() {
                tracing::error!("the hook on_fault panicked");
            }
        }
        StreamError::Fault(Arc::new(described))
    }
}
