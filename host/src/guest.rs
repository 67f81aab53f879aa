//! What belongs to one guest whatever its devices.

use crate::error::{CudaError, CudaResult};
use crate::hooks::{LaunchInfo, WasiCudaHooks};
use crate::limits::Limits;
use crate::pending::Pending;
use crate::quota::Counters;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// One guest.
pub(crate) struct Guest {
    pub(crate) limits: Limits,
    pub(crate) checked: bool,
    /// Whether launches are timed where that costs.
    pub(crate) measures: bool,
    hooks: Option<Arc<dyn WasiCudaHooks>>,
    pub(crate) counters: Counters,
    pub(crate) pending: Arc<Pending>,
}

impl Guest {
    pub(crate) fn new(
        limits: Limits,
        checked: bool,
        measures: bool,
        hooks: Option<Arc<dyn WasiCudaHooks>>,
    ) -> Self {
        Self {
            counters: Counters::new(&limits),
            pending: Arc::new(Pending::new(
                limits.pending_operations,
                limits.pending_bytes,
            )),
            limits,
            checked,
            measures,
            hooks,
        }
    }

    /// Whether the embedder listens.
    pub(crate) fn is_watched(&self) -> bool {
        self.hooks.is_some()
    }

    /// Tells the embedder something, if it listens. Its mistakes must neither end the calling thread, which may be a worker, nor
    /// leave work half done.
    pub(crate) fn tell(&self, hook: &'static str, tell: impl FnOnce(&dyn WasiCudaHooks)) {
        if let Some(hooks) = &self.hooks
            && catch_unwind(AssertUnwindSafe(|| tell(&**hooks))).is_err()
        {
            tracing::error!(hook, "an embedder's hook panicked");
        }
    }

    /// Asks the embedder about a launch.
    pub(crate) fn admit(&self, launch: &LaunchInfo<'_>) -> CudaResult<()> {
        let mut admitted = Err("the host could not decide whether to admit the launch".to_owned());
        self.tell("admit", |hooks| admitted = hooks.admit(launch));
        admitted.map_err(CudaError::other)
    }
}
