//! What belongs to one guest whatever its devices.

use crate::hooks::WasiCudaHooks;
use crate::limits::Limits;
use crate::pending::Pending;
use crate::quota::Counters;
use std::sync::Arc;

/// One guest.
pub(crate) struct Guest {
    pub(crate) limits: Limits,
    pub(crate) checked: bool,
    pub(crate) hooks: Option<Arc<dyn WasiCudaHooks>>,
    pub(crate) counters: Counters,
    pub(crate) pending: Arc<Pending>,
}

impl Guest {
    pub(crate) fn new(
        limits: Limits,
        checked: bool,
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
            hooks,
        }
    }
}
