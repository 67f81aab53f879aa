//! Counting what a guest holds.

use crate::bindings::wasi::cuda::types::Quota;
use crate::error::CudaError;
use crate::limits::Limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A number of live objects and how many there may be.
#[derive(Debug)]
pub(crate) struct Counter {
    live: AtomicU32,
    limit: u32,
}

impl Counter {
    fn new(limit: u32) -> Arc<Self> {
        Arc::new(Self {
            live: AtomicU32::new(0),
            limit,
        })
    }

    /// Counts one object more, or answers `quota-exceeded` with what `quota` makes.
    pub(crate) fn take(
        self: &Arc<Self>,
        quota: impl FnOnce() -> Quota,
    ) -> Result<Permit, CudaError> {
        let counted = self.live.fetch_update(Relaxed, Relaxed, |live| {
            (live < self.limit).then_some(live + 1)
        });
        match counted {
            Ok(_) => Ok(Permit(self.clone())),
            Err(_) => Err(quota().into()),
        }
    }
}

/// One counted object; dropping it counts one less.
#[derive(Debug)]
pub(crate) struct Permit(Arc<Counter>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.live.fetch_sub(1, Relaxed);
    }
}

/// The counters of one guest.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) buffers: Arc<Counter>,
    pub(crate) modules: Arc<Counter>,
    pub(crate) streams: Arc<Counter>,
    pub(crate) events: Arc<Counter>,
    pub(crate) graphs: Arc<Counter>,
    pub(crate) prepared_launches: Arc<Counter>,
}

impl Counters {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            buffers: Counter::new(limits.buffers),
            modules: Counter::new(limits.modules),
            streams: Counter::new(limits.streams),
            events: Counter::new(limits.events),
            graphs: Counter::new(limits.graphs),
            prepared_launches: Counter::new(limits.prepared_launches),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_permit_makes_room() {
        let counter = Counter::new(2);
        let first = counter.take(|| Quota::Streams).unwrap();
        let _second = counter.take(|| Quota::Streams).unwrap();
        assert!(counter.take(|| Quota::Streams).is_err());
        drop(first);
        assert!(counter.take(|| Quota::Streams).is_ok());
    }
}
