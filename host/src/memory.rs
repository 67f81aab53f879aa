//! Buffers of one guest on one device.

mod allocator;
mod ranges;

use crate::bindings::wasi::cuda::types::{ErrorCode, Quota};
use crate::error::{CudaError, CudaResult};
use crate::grant::Grant;
use crate::quota::Permit;
use allocator::Allocator;
use ranges::Ranges;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// What addresses are aligned to, and the unit in which checked mode knows buffers.
pub(crate) const GRANULE: u64 = 256;

/// Bytes after each buffer that belong to none, so that a small overrun is found in checked mode.
const RED_ZONE: u64 = GRANULE;

/// Freed ranges of this size are given back to the device at once; smaller ones are kept and zeroed when
/// they are handed out again, which is cheaper than losing their pages.
const DISCARD_FROM: u64 = 64 << 10;

/// Most bytes of small freed ranges that are kept.
const KEPT_DIRTY: u64 = 16 << 20;

/// Where buffers lie in the window.
pub(crate) struct Layout {
    allocator: Allocator,
    /// Free memory that may hold old data.
    dirty: Ranges,
    /// Live buffers, offset to requested size.
    live: BTreeMap<u64, u64>,
}

impl Layout {
    /// An empty window of `reserved` bytes; the first granule stays free, so that no address is null.
    pub(crate) fn new(reserved: u64) -> Self {
        Self {
            allocator: Allocator::new(GRANULE, reserved),
            dirty: Ranges::default(),
            live: BTreeMap::new(),
        }
    }

    /// The live buffer that begins last at or before `offset`, and the first one after, as (offset, size).
    pub(crate) fn neighbours(&self, offset: u64) -> [Option<(u64, u64)>; 2] {
        let pair = |(offset, size): (&u64, &u64)| (*offset, *size);
        [
            self.live.range(..=offset).next_back().map(pair),
            self.live
                .range((Bound::Excluded(offset), Bound::Unbounded))
                .next()
                .map(pair),
        ]
    }
}

/// A buffer's memory: freed when the guest and all enqueued work have let go of it.
pub(crate) struct Allocation {
    grant: Arc<Grant>,
    offset: u64,
    size: u64,
    _counted: Permit,
}

impl Allocation {
    /// Allocates zeroed memory.
    pub(crate) fn new(grant: &Arc<Grant>, size: u64) -> CudaResult<Arc<Self>> {
        if size == 0 {
            return Err(CudaError::invalid_argument(
                "the size of a buffer is 0; it must be at least 1",
            ));
        }
        let counted = grant.guest().counters.buffers.take(|| Quota::Buffers)?;
        let granules = size
            .checked_next_multiple_of(GRANULE)
            .ok_or(Quota::Memory)?;
        let charge = grant.usage().charge(granules)?;
        let offset = place(grant, size, granules)?;
        charge.keep();
        Ok(Arc::new(Self {
            grant: grant.clone(),
            offset,
            size,
            _counted: counted,
        }))
    }

    /// The guest and device that it belongs to.
    pub(crate) fn grant(&self) -> &Arc<Grant> {
        &self.grant
    }

    /// Bytes from the window's start.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Size in bytes, as requested.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The address at which kernels see it.
    pub(crate) fn address(&self) -> u64 {
        self.grant.base() + self.offset
    }
}

impl Drop for Allocation {
    fn drop(&mut self) {
        let granules = self.size.next_multiple_of(GRANULE);
        if let Some(space) = self.grant.opened_space() {
            release(&self.grant, space, self.offset, self.size, granules);
        }
        self.grant.usage().release(granules);
    }
}

/// Finds room, backs it, makes it zero and marks it.
fn place(grant: &Arc<Grant>, size: u64, granules: u64) -> CudaResult<u64> {
    let space = grant.space()?;
    let (offset, dirty) = {
        let mut layout = grant.layout().ok_or(ErrorCode::OutOfMemory)?;
        let room = granules
            .checked_add(RED_ZONE)
            .ok_or(ErrorCode::OutOfMemory)?;
        let offset = layout
            .allocator
            .allocate(room)
            .ok_or(ErrorCode::OutOfMemory)?;
        if let Err(reason) = space.grow(offset + room) {
            tracing::warn!(reason, "device memory could not grow");
            layout.allocator.free(offset, room);
            return Err(ErrorCode::OutOfMemory.into());
        }
        layout.live.insert(offset, size);
        (offset, layout.dirty.remove(offset, granules))
    };
    for (start, length) in dirty {
        space.zero(start, length);
    }
    space.mark(offset, size, true);
    Ok(offset)
}

/// Gives a buffer's range back.
fn release(
    grant: &Grant,
    space: &dyn crate::backend::Space,
    offset: u64,
    size: u64,
    granules: u64,
) {
    space.mark(offset, size, false);
    let large = granules >= DISCARD_FROM;
    if large {
        // Before the range can be handed out again.
        space.discard(offset, granules);
    }
    let Some(mut layout) = grant.layout() else {
        return;
    };
    layout.live.remove(&offset);
    if !large {
        layout.dirty.insert(offset, granules);
    }
    layout.allocator.free(offset, granules + RED_ZONE);
    if layout.dirty.total() > KEPT_DIRTY {
        for (start, length) in layout.dirty.take() {
            space.discard(start, length);
        }
    }
}

#[cfg(test)]
mod tests;
