//! Buffers of one guest on one device.

mod allocator;
mod shared;

use crate::backend::{Space, Variables};
use crate::bindings::wasi::cuda::types::{ErrorCode, Quota};
use crate::error::{CudaError, CudaResult};
use crate::grant::Grant;
use crate::quota::Permit;
use allocator::Allocator;
use shared::Mapped;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// What addresses are aligned to, and the unit in which checked mode knows buffers.
pub(crate) const GRANULE: u64 = 256;

/// Bytes after each buffer that belong to none, so that a small overrun is found in checked mode.
const RED_ZONE: u64 = GRANULE;

/// What a window's end is rounded to, the largest step in which a backend backs one.
const WINDOW_STEP: u64 = 2 << 20;

/// Where the window ends of a guest that may have `limit` bytes of buffers.
///
/// A kernel may write wherever its guest's window is backed, in free memory too, so it is this end that
/// bounds what a guest takes of the machine. It is twice the limit: the smallest buffers take as much
/// again for their red zones, and a guest with larger ones has the other half for holes that fit nothing.
/// With more holes it gets `out-of-memory`.
pub(crate) fn window_end(limit: u64) -> u64 {
    limit
        .checked_mul(2)
        .and_then(|twice| twice.checked_add(GRANULE))
        .and_then(|end| end.checked_next_multiple_of(WINDOW_STEP))
        .unwrap_or(u64::MAX)
}

/// Where buffers lie in the window.
pub(crate) struct Layout {
    allocator: Allocator,
    /// What is live, by offset.
    live: BTreeMap<u64, Held>,
    /// Buffers that were made so far.
    made: u64,
    /// Where the window ends, and whether that is with room for shared memory.
    end: u64,
    is_widened: bool,
}

/// Memory that is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Bytes from the window's start.
    pub(crate) offset: u64,
    /// Size in bytes, as requested.
    pub(crate) size: u64,
    pub(crate) holder: Holder,
}

/// What memory is handed out for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A buffer of the guest's: the first that it made on this device, the second, ...
    Buffer(u64),
    /// Variables of a module that it loaded.
    Variables,
}

impl Layout {
    /// An empty window of `end` bytes; the first granule stays free, so that no address is null.
    pub(crate) fn new(end: u64) -> Self {
        Self {
            allocator: Allocator::new(GRANULE, end),
            live: BTreeMap::new(),
            made: 0,
            end,
            is_widened: false,
        }
    }

    /// Moves the window's end out to `end`, once, so that a guest that shares no memory has no more than its buffers need.
    fn widen(&mut self, end: u64) {
        if !self.is_widened && end > self.end {
            self.allocator.free(self.end, end - self.end);
            self.end = end;
        }
        self.is_widened = true;
    }

    /// What is live and begins last at or before `offset`, and the first one after.
    pub(crate) fn neighbours(&self, offset: u64) -> [Option<Held>; 2] {
        let after = (Bound::Excluded(offset), Bound::Unbounded);
        [
            self.live.range(..=offset).next_back(),
            self.live.range(after).next(),
        ]
        .map(|found| found.map(|(_, held)| *held))
    }

    fn insert(&mut self, offset: u64, size: u64, variables: bool) {
        let holder = if variables {
            Holder::Variables
        } else {
            self.made += 1;
            Holder::Buffer(self.made)
        };
        let held = Held {
            offset,
            size,
            holder,
        };
        self.live.insert(offset, held);
    }
}

/// A buffer's memory: freed when the guest and all enqueued work have let go of it.
pub(crate) struct Allocation {
    grant: Arc<Grant>,
    offset: u64,
    size: u64,
    /// Where the guest's own memory appears in the window, for a range of that.
    mapped: Option<Mapped>,
    _counted: Permit,
}

impl Allocation {
    /// Allocates zeroed memory for a buffer.
    pub(crate) fn new(grant: &Arc<Grant>, size: u64) -> CudaResult<Arc<Self>> {
        Self::of(grant, size, false)
    }

    fn of(grant: &Arc<Grant>, size: u64, variables: bool) -> CudaResult<Arc<Self>> {
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
        let offset = place(grant, size, granules, variables)?;
        charge.keep();
        grant.tell_memory(granules, true);
        Ok(Arc::new(Self {
            grant: grant.clone(),
            offset,
            size,
            mapped: None,
            _counted: counted,
        }))
    }

    /// Memory for the variables of a module that is loaded, with what is in them at first; none if it has none.
    pub(crate) fn of_variables(
        grant: &Arc<Grant>,
        variables: &Variables,
    ) -> CudaResult<Option<Arc<Self>>> {
        if variables.bytes == 0 {
            return Ok(None);
        }
        let allocation = Self::of(grant, variables.bytes, true)?;
        let initial = variables.initial(allocation.address());
        grant.space()?.write(allocation.offset(), &initial)?;
        Ok(Some(allocation))
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
        if let Some(mapped) = self.mapped.take() {
            mapped.release(&self.grant, self.offset, self.size);
            return;
        }
        let granules = self.size.next_multiple_of(GRANULE);
        if let Some(space) = self.grant.opened_space() {
            release(&self.grant, space, self.offset, self.size, granules);
        }
        self.grant.usage().release(granules);
        self.grant.tell_memory(granules, false);
    }
}

/// Finds room, backs it, makes it zero and marks it.
fn place(grant: &Arc<Grant>, size: u64, granules: u64, variables: bool) -> CudaResult<u64> {
    let space = grant.space()?;
    let (offset, backed) = {
        let mut layout = grant.layout().ok_or(ErrorCode::OutOfMemory)?;
        let room = granules
            .checked_add(RED_ZONE)
            .ok_or(ErrorCode::OutOfMemory)?;
        let offset = layout
            .allocator
            .allocate(room)
            .ok_or(ErrorCode::OutOfMemory)?;
        let backed = space.backed();
        if let Err(reason) = space.grow(offset + room) {
            tracing::warn!(reason, "device memory could not grow");
            layout.allocator.free(offset, room);
            return Err(ErrorCode::OutOfMemory.into());
        }
        layout.insert(offset, size, variables);
        (offset, backed)
    };
    // What was backed before is made zero, used or not: any kernel of the guest may have written there. What is backed only
    // now is zero already.
    let old = granules.min(backed.saturating_sub(offset));
    if old > 0
        && let Err(reason) = space.zero(offset, old)
    {
        take_back(grant, offset, granules);
        return Err(reason.into());
    }
    space.mark(offset, size, true);
    Ok(offset)
}

fn take_back(grant: &Grant, offset: u64, granules: u64) {
    if let Some(mut layout) = grant.layout() {
        layout.live.remove(&offset);
        layout.allocator.free(offset, granules + RED_ZONE);
    }
}

/// Gives a buffer's range back.
fn release(grant: &Grant, space: &dyn Space, offset: u64, size: u64, granules: u64) {
    space.mark(offset, size, false);
    // Before the range can be handed out again.
    space.release(offset, granules);
    take_back(grant, offset, granules);
}

#[cfg(test)]
mod tests;
