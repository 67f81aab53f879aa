//! Host memory that the GPU reads and writes.

use super::driver::{Driver, PinnedHandle, Result};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

/// Pinned memory, zeroed at first. The GPU knows it by the host's address.
pub(super) struct Pinned {
    driver: Arc<dyn Driver>,
    handle: PinnedHandle,
    bytes: usize,
}

impl Pinned {
    pub(super) fn new(driver: &Arc<dyn Driver>, bytes: usize) -> Result<Self> {
        Ok(Self {
            driver: driver.clone(),
            handle: driver.allocate_pinned(bytes)?,
            bytes,
        })
    }

    /// The address of a byte.
    pub(super) fn address(&self, offset: usize) -> u64 {
        debug_assert!(offset < self.bytes);
        (self.handle.0 + offset) as u64
    }

    /// A word that the GPU may write, too; `offset` is a multiple of 4.
    pub(super) fn word(&self, offset: usize) -> &AtomicU32 {
        assert!(offset.is_multiple_of(4) && offset + 4 <= self.bytes);
        let word = ptr::with_exposed_provenance::<AtomicU32>(self.handle.0 + offset);
        // SAFETY: the word lies in the allocation, which is aligned to a page and initialised, and lives as long as `self`;
        // everyone on this side accesses it atomically.
        unsafe { &*word }
    }

    /// Puts bytes at the start. Nobody else accesses the memory meanwhile.
    ///
    /// # Safety
    ///
    /// Neither the GPU nor another thread accesses it until this returns.
    pub(super) unsafe fn write(&self, bytes: &[u8]) {
        assert!(bytes.len() <= self.bytes);
        let start = ptr::with_exposed_provenance_mut::<u8>(self.handle.0);
        // SAFETY: the range lies in the allocation; the caller answers for exclusive access.
        unsafe { start.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }

    /// So many bytes from the start.
    ///
    /// # Safety
    ///
    /// Neither the GPU nor another thread writes to them while the result lives.
    pub(super) unsafe fn bytes(&self, length: usize) -> &[u8] {
        assert!(length <= self.bytes);
        let start = ptr::with_exposed_provenance::<u8>(self.handle.0);
        // SAFETY: the range lies in the allocation and is initialised; the caller answers for exclusive access.
        unsafe { std::slice::from_raw_parts(start, length) }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        let freed = self
            .driver
            .bind()
            .and_then(|()| self.driver.free_pinned(self.handle));
        if let Err(error) = freed {
            tracing::warn!(%error, "pinned memory is kept");
        }
    }
}
