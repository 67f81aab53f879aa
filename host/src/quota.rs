//! Counting what a guest holds.

use crate::bindings::wasi::cuda::types::Quota;
use crate::error::CudaError;
use crate::limits::Limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Bytes that a guest's downloads may have read ahead of their readers, together: as much as eight need to be fast. Where
/// they have that, others read what they are asked for.
const READ_AHEAD: u64 = 8 << 20;

/// A number of live objects and how many there may be.
#[derive(Debug)]
pub(crate) struct Counter {
    live: AtomicU32,
    limit: u32,
}

impl Counter {
    pub(crate) fn new(limit: u32) -> Arc<Self> {
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

/// Bytes of the host's memory that something of a guest takes, and how many it may.
#[derive(Debug)]
pub(crate) struct ByteCounter {
    held: AtomicU64,
    limit: u64,
}

impl ByteCounter {
    fn new(limit: u64) -> Arc<Self> {
        Arc::new(Self {
            held: AtomicU64::new(0),
            limit,
        })
    }

    /// Bytes that are counted now.
    pub(crate) fn held(&self) -> u64 {
        self.held.load(Relaxed)
    }

    /// A permit for no bytes yet.
    pub(crate) fn permit(self: &Arc<Self>) -> BytePermit {
        BytePermit {
            counter: self.clone(),
            bytes: 0,
        }
    }
}

/// Counted bytes; dropping it counts them off.
#[derive(Debug)]
pub(crate) struct BytePermit {
    counter: Arc<ByteCounter>,
    bytes: u64,
}

impl BytePermit {
    /// Counts more bytes; false, and as before, when there may not be so many.
    #[must_use]
    pub(crate) fn extend(&mut self, bytes: u64) -> bool {
        let counter = &self.counter;
        let counted = counter.held.fetch_update(Relaxed, Relaxed, |held| {
            held.checked_add(bytes).filter(|sum| *sum <= counter.limit)
        });
        if counted.is_ok() {
            self.bytes += bytes;
        }
        counted.is_ok()
    }

    /// The counted bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A permit for as many bytes again; none when there may not be so many.
    pub(crate) fn again(&self) -> Option<Self> {
        let mut again = self.counter.permit();
        again.extend(self.bytes).then_some(again)
    }
}

impl Drop for BytePermit {
    fn drop(&mut self) {
        self.counter.held.fetch_sub(self.bytes, Relaxed);
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
    /// What captures and graphs take.
    pub(crate) graph_bytes: Arc<ByteCounter>,
    /// What downloads through streams have read ahead of their readers.
    pub(crate) read_ahead: Arc<ByteCounter>,
    /// Ranges of its linear memory that it shares.
    pub(crate) mapped_ranges: Arc<Counter>,
    /// Bytes of their pages.
    pub(crate) mapped_bytes: Arc<ByteCounter>,
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
            graph_bytes: ByteCounter::new(limits.graph_bytes),
            read_ahead: ByteCounter::new(READ_AHEAD),
            mapped_ranges: Counter::new(limits.mapped_ranges),
            mapped_bytes: ByteCounter::new(limits.mapped_memory),
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
    #[test]
    fn bytes_that_do_not_fit_count_nothing_and_dropped_ones_fit_again() {
        let counter = ByteCounter::new(100);
        let mut first = counter.permit();
        assert!(first.extend(60));
        assert!(!first.extend(41) && !first.extend(u64::MAX));
        assert!(first.again().is_none(), "only 40 bytes are left");
        let mut second = counter.permit();
        assert!(second.extend(40));
        drop(first);
        assert!(second.again().is_some());
    }
}
