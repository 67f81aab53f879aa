//! One linear memory, in pages that can be mapped a second time.

use super::registry::{self, Known};
use rustix::io::{Errno, Result};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use wasmtime::LinearMemory;

/// Addresses that a memory has at least, if its type lets it grow so far: all that 32 bits reach.
const CAPACITY: usize = 4 << 30;

/// A guest's linear memory.
pub(super) struct Memory {
    /// What is mapped: a guard, the memory's addresses, and a guard.
    mapping: NonNull<c_void>,
    mapped: usize,
    base: NonNull<u8>,
    capacity: usize,
    size: Arc<AtomicUsize>,
}

// SAFETY: it is plain memory, which Wasmtime guards by the store that it belongs to.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    pub(super) fn new(
        minimum: usize,
        maximum: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Self> {
        let growing = maximum.map_or(CAPACITY, |maximum| maximum.min(CAPACITY));
        let wanted = minimum.max(growing).max(reserved.unwrap_or(0));
        let capacity = to_pages(wanted).ok_or(Errno::NOMEM)?;
        let guard = to_pages(guard).ok_or(Errno::NOMEM)?;
        let mapped = guard
            .checked_mul(2)
            .and_then(|both| both.checked_add(capacity));
        let mapped = mapped.ok_or(Errno::NOMEM)?;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a new mapping at an address of the system's choice touches no existing memory.
        let mapping =
            unsafe { mmap_anonymous(ptr::null_mut(), mapped, ProtFlags::empty(), flags)? };
        let mapping = NonNull::new(mapping).ok_or(Errno::NOMEM)?;
        // SAFETY: the guard is part of the mapping.
        let base = unsafe { mapping.cast::<u8>().add(guard) };
        let mut memory = Self {
            mapping,
            mapped,
            base,
            capacity,
            size: Arc::new(AtomicUsize::new(0)),
        };
        memory.back()?;
        memory.resize(minimum)?;
        let known = Known {
            size: memory.size.clone(),
        };
        registry::insert(base.as_ptr().expose_provenance(), known);
        Ok(memory)
    }

    /// Lets the addresses between the guards mean pages that can be mapped again. The system takes memory for those that are
    /// written to.
    fn back(&self) -> Result<()> {
        let flags = MapFlags::SHARED | MapFlags::NORESERVE | MapFlags::FIXED;
        let at = self.base.as_ptr().cast();
        // SAFETY: replaces a part of this mapping, which nobody uses yet; the part stays inaccessible.
        unsafe { mmap_anonymous(at, self.capacity, ProtFlags::empty(), flags)? };
        Ok(())
    }

    fn resize(&mut self, size: usize) -> Result<()> {
        let backed = to_pages(size).filter(|bytes| *bytes <= self.capacity);
        let backed = backed.ok_or(Errno::NOMEM)?;
        if backed > 0 && size > self.size.load(SeqCst) {
            let access = MprotectFlags::READ | MprotectFlags::WRITE;
            // SAFETY: the range lies between the guards, and is nobody else's.
            unsafe { mprotect(self.base.as_ptr().cast(), backed, access)? };
            self.size.store(size, SeqCst);
        }
        Ok(())
    }
}

/// So many bytes in whole pages.
fn to_pages(bytes: usize) -> Option<usize> {
    bytes.checked_next_multiple_of(rustix::param::page_size())
}

// SAFETY: the memory is readable and writable up to its size, inaccessible behind that, and stays where it is.
unsafe impl LinearMemory for Memory {
    fn byte_size(&self) -> usize {
        self.size.load(SeqCst)
    }

    fn byte_capacity(&self) -> usize {
        self.capacity
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        self.resize(new_size)
            .map_err(|error| std::io::Error::from(error).into())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.base.as_ptr()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        registry::remove(self.base.as_ptr().addr());
        // SAFETY: this is the mapping that `new` made; its instance is gone. Shared ranges have mappings of their own.
        let unmapped = unsafe { munmap(self.mapping.as_ptr(), self.mapped) };
        if let Err(error) = unmapped {
            tracing::error!(%error, "a linear memory was not unmapped");
        }
    }
}
