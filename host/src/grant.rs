//! One guest's share of one device.

mod tell;

use crate::account::Account;
use crate::backend::{Kernel, Space};
use crate::bindings::wasi::cuda::types::ErrorCode;
use crate::device::Device;
use crate::error::CudaResult;
use crate::guest::Guest;
use crate::hooks::StopCause;
use crate::memory::{Layout, window_end};
use crate::stream::Work;
use crate::usage::Usage;
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
    /// Launches by which the device may have been lost, until that was told.
    suspects: Mutex<Vec<Suspect>>,
}

/// A launch by which a device may have been lost. It keeps no buffer, which would keep its grant.
pub(crate) struct Suspect {
    kernel: Arc<Kernel>,
    grid: [u32; 3],
    block: [u32; 3],
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
            work: Mutex::default(),
            shares: AtomicU32::new(0),
            suspects: Mutex::default(),
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
        let work = crate::lock(&self.work);
        let stopped = work.iter().filter(|work| work.cancel()).count();
        drop(work);
        (0..stopped).for_each(|_| self.tell_stop(StopCause::Cancelled, None));
    }

    /// Stops one stream of the guest's.
    pub(crate) fn cancel_one(&self, work: &Work) {
        if work.cancel() {
            self.tell_stop(StopCause::Cancelled, None);
        }
    }

    /// The guest's launches by which the device may have been lost, once.
    pub(crate) fn take_suspects(&self) -> Vec<Suspect> {
        std::mem::take(&mut *crate::lock(&self.suspects))
    }

    /// Tells the guest that its device is gone, and the embedder by what of the guest's that may be, if by any: `all` counts
    /// those of every guest.
    pub(crate) fn lose(&self, reason: &str, own: &[Suspect], all: usize) {
        crate::lock(&self.work).iter().for_each(Work::lose);
        self.tell_lost(reason, own, all);
    }

    /// Until the first of the running launches is stopped; none when none has a limit.
    pub(crate) fn time_remaining(&self) -> Option<Duration> {
        crate::lock(&self.work)
            .iter()
            .filter_map(Work::time_remaining)
            .min()
    }

    /// What the guest has had so far.
    pub(crate) fn account(&self) -> Account {
        self.usage.totals().account(self.device.name(), &self.usage)
    }
}
