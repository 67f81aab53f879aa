//! Pinned memory that enqueued uploads go through.

use super::driver::{Driver, Result};
use super::pinned::Pinned;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// Bytes of a block.
pub(super) const BLOCK: usize = 1 << 20;

/// Blocks of a device: more than what is on its way at a time, and little beside the memory of a host with a GPU.
const BLOCKS: usize = 64;

/// All blocks of a device.
pub(super) struct Staging {
    driver: Arc<dyn Driver>,
    free: Mutex<Vec<Pinned>>,
    made: AtomicUsize,
}

/// A block that holds bytes on their way.
pub(super) struct Block {
    memory: Option<Pinned>,
    staging: Arc<Staging>,
}

impl Staging {
    pub(super) fn new(driver: Arc<dyn Driver>) -> Arc<Self> {
        Arc::new(Self {
            driver,
            free: Mutex::default(),
            made: AtomicUsize::new(0),
        })
    }

    /// A block with these bytes, at most [`BLOCK`]; none while all are in use.
    pub(super) fn take(self: &Arc<Self>, bytes: &[u8]) -> Result<Option<Block>> {
        let free = crate::lock(&self.free).pop();
        let memory = match free {
            Some(memory) => memory,
            None if self.made.fetch_add(1, SeqCst) < BLOCKS => Pinned::new(&self.driver, BLOCK)
                .inspect_err(|_| {
                    self.made.fetch_sub(1, SeqCst);
                })?,
            None => {
                self.made.fetch_sub(1, SeqCst);
                return Ok(None);
            }
        };
        // SAFETY: a free block is nobody else's, and a used one comes back when its copy is over.
        unsafe { memory.write(bytes) };
        Ok(Some(Block {
            memory: Some(memory),
            staging: self.clone(),
        }))
    }
}

impl Block {
    /// The address of its bytes.
    pub(super) fn address(&self) -> u64 {
        self.memory.as_ref().map_or(0, |memory| memory.address(0))
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            crate::lock(&self.staging.free).push(memory);
        }
    }
}
