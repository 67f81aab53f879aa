//! Addresses that are reserved whole and backed as they are needed.

use super::driver::{Driver, DriverError, PhysicalHandle, Result};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// A range of the GPU's addresses, of which the first part is backed. What is in new memory is unspecified.
pub(super) struct Window {
    driver: Arc<dyn Driver>,
    base: u64,
    reserved: u64,
    backed: AtomicU64,
    chunks: Mutex<Vec<Chunk>>,
}

struct Chunk {
    offset: u64,
    bytes: u64,
    memory: PhysicalHandle,
}

/// Why a window does not grow.
#[derive(Debug, thiserror::Error)]
pub(super) enum GrowError {
    #[error("past the end of the window")]
    PastTheEnd,
    #[error(transparent)]
    Driver(#[from] DriverError),
}

impl Window {
    /// Reserves addresses for at least so many bytes.
    pub(super) fn reserve(driver: &Arc<dyn Driver>, bytes: u64) -> Result<Self> {
        let granularity = driver.properties().granularity;
        let reserved = bytes
            .max(1)
            .checked_next_multiple_of(granularity)
            .unwrap_or(bytes);
        Ok(Self {
            base: driver.reserve(reserved)?,
            driver: driver.clone(),
            reserved,
            backed: AtomicU64::new(0),
            chunks: Mutex::default(),
        })
    }

    pub(super) fn base(&self) -> u64 {
        self.base
    }

    pub(super) fn reserved(&self) -> u64 {
        self.reserved
    }

    pub(super) fn backed(&self) -> u64 {
        self.backed.load(SeqCst)
    }

    /// Backs the window up to `end` at least, and has `prepare` make each new range what it should be before anyone sees it.
    pub(super) fn grow(
        &self,
        end: u64,
        prepare: impl Fn(u64, u64) -> Result<()>,
    ) -> std::result::Result<(), GrowError> {
        let mut chunks = crate::lock(&self.chunks);
        let backed = self.backed();
        let granularity = self.driver.properties().granularity;
        let end = end
            .checked_next_multiple_of(granularity)
            .filter(|end| *end <= self.reserved)
            .ok_or(GrowError::PastTheEnd)?;
        if end <= backed {
            return Ok(());
        }
        // More than is backed where what was mapped could not be prepared.
        let mapped = chunks.last().map_or(0, |last| last.offset + last.bytes);
        if end > mapped {
            let bytes = end - mapped;
            let memory = self.driver.map(self.base + mapped, bytes)?;
            chunks.push(Chunk {
                offset: mapped,
                bytes,
                memory,
            });
        }
        let end = end.max(mapped);
        prepare(self.base + backed, end - backed)?;
        self.backed.store(end, SeqCst);
        Ok(())
    }

    /// The address of a range that is wholly backed.
    pub(super) fn range(&self, offset: u64, length: u64) -> Option<u64> {
        let end = offset.checked_add(length)?;
        (end <= self.backed()).then(|| self.base + offset)
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let chunks = std::mem::take(&mut *crate::lock(&self.chunks));
        let freed = self.driver.bind().and_then(|()| {
            for chunk in chunks {
                let address = self.base + chunk.offset;
                self.driver.unmap(address, chunk.bytes, chunk.memory)?;
            }
            self.driver.unreserve(self.base, self.reserved)
        });
        if let Err(error) = freed {
            tracing::warn!(%error, "a window's memory is kept");
        }
    }
}
