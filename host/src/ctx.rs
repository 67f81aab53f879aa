//! What a guest is given.

use crate::account::Account;
use crate::device::Device;
use crate::grant::Grant;
use crate::guest::Guest;
use crate::hooks::WasiCudaHooks;
use crate::limits::Limits;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One guest's devices, limits and accounts. It lives in the store's data.
///
/// Dropping it, with the store, cancels what the guest still runs; memory is unmapped when the last
/// worker has left it.
pub struct WasiCudaCtx {
    guest: Arc<Guest>,
    grants: Vec<Arc<Grant>>,
}

impl WasiCudaCtx {
    /// Grants nothing until told to.
    pub fn builder() -> WasiCudaCtxBuilder {
        WasiCudaCtxBuilder::default()
    }

    pub(crate) fn guest(&self) -> &Arc<Guest> {
        &self.guest
    }

    pub(crate) fn grants(&self) -> &[Arc<Grant>] {
        &self.grants
    }

    /// The names of the granted devices, in the order that the guest sees.
    pub fn devices(&self) -> impl Iterator<Item = &str> {
        self.grants.iter().map(|grant| grant.device().name())
    }

    /// Bytes of device memory in use now, over all granted devices.
    pub fn memory_used(&self) -> u64 {
        self.grants.iter().map(|grant| grant.usage().used()).sum()
    }

    /// Bytes of its linear memory that the guest shares with devices now, in whole pages.
    pub fn mapped_memory(&self) -> u64 {
        self.guest.counters.mapped_bytes.held()
    }

    /// What the guest has had of each granted device so far, in the order that it sees them. Sums of things that happen at the
    /// same time: none of them is behind once whoever waits for the work has been told that it is over.
    pub fn accounts(&self) -> Vec<Account> {
        self.grants.iter().map(|grant| grant.account()).collect()
    }

    /// Stops everything that the guest runs; its streams report `cancelled`.
    pub fn cancel(&self) {
        self.grants.iter().for_each(|grant| grant.cancel());
    }
}

impl Drop for WasiCudaCtx {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl fmt::Debug for WasiCudaCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let devices: Vec<_> = self.devices().collect();
        f.debug_struct("WasiCudaCtx")
            .field("devices", &devices)
            .finish_non_exhaustive()
    }
}

/// Makes a [`WasiCudaCtx`].
#[derive(Clone, Default)]
pub struct WasiCudaCtxBuilder {
    devices: Vec<Device>,
    limits: Limits,
    checked: bool,
    measures: bool,
    hooks: Option<Arc<dyn WasiCudaHooks>>,
}

impl WasiCudaCtxBuilder {
    /// Grants a device. Guests see devices in the order of these calls; the same device twice counts once.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        if !self.devices.iter().any(|known| known.is(&device)) {
            self.devices.push(device);
        }
        self
    }

    /// Sets all limits; see [`Limits`] for what holds otherwise.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets [`Limits::memory`], in bytes.
    #[must_use]
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.limits.memory = bytes;
        self
    }

    /// Sets [`Limits::time`]: how long one launch may run at most.
    #[must_use]
    pub fn time_limit(mut self, limit: Option<Duration>) -> Self {
        self.limits.time = limit;
        self
    }

    /// Sets [`Limits::default_time`]: how long a launch may run for which the guest asks for no limit.
    #[must_use]
    pub fn default_time_limit(mut self, limit: Option<Duration>) -> Self {
        self.limits.default_time = limit;
        self
    }

    /// Whether kernels also fault where they leave their buffers but stay in the guest's own memory:
    /// slower, and what development wants. Off by default.
    #[must_use]
    pub fn checked(mut self, checked: bool) -> Self {
        self.checked = checked;
        self
    }

    /// Whether launches are timed on devices where that costs something, which GPUs are: two marks more for each launch, some
    /// microseconds. Off by default; the CPU device times launches anyhow.
    #[must_use]
    pub fn measure_kernels(mut self, measure: bool) -> Self {
        self.measures = measure;
        self
    }

    /// Calls back about this guest's work.
    #[must_use]
    pub fn hooks(mut self, hooks: Arc<dyn WasiCudaHooks>) -> Self {
        self.hooks = Some(hooks);
        self
    }

    /// The context of one guest.
    pub fn build(self) -> WasiCudaCtx {
        let guest = Arc::new(Guest::new(
            self.limits,
            self.checked,
            self.measures,
            self.hooks,
        ));
        let grants = self
            .devices
            .into_iter()
            .map(|device| Grant::new(device, guest.clone()))
            .collect();
        WasiCudaCtx { guest, grants }
    }
}

impl fmt::Debug for WasiCudaCtxBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasiCudaCtxBuilder")
            .field("devices", &self.devices)
            .field("limits", &self.limits)
            .field("checked", &self.checked)
            .field("measures", &self.measures)
            .finish_non_exhaustive()
    }
}
