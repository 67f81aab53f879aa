//! Ranges of the guest's own linear memory, as buffers.
//!
//! The pages of such a range appear in the guest's window a second time, among its buffers, so that one guard holds for both
//! and a launch that uses none of it pays nothing. A kernel reaches whole pages, and all that are shared, whichever buffers it
//! was given: so everything that may access them runs while the guest waits for it, see
//! [`Stream::enqueue`](crate::stream::Stream::enqueue).
//!
//! When the guest drops its buffer the range means other memory of the window at once, whoever still names it.

use super::{Allocation, GRANULE, RED_ZONE, window_end};
use crate::backend::Space;
use crate::bindings::wasi::cuda::types::{ErrorCode, Quota};
use crate::error::{CudaError, CudaResult};
use crate::grant::Grant;
use crate::linear::{self, Pages};
use crate::quota::{BytePermit, Counter, Permit};
use std::sync::{Arc, LazyLock, Mutex};

/// Ranges that all guests of a process share at a time. Each splits a window in two, and what lies in it is a third mapping,
/// while a process may have 65,530 on Linux: past that its own allocations fail, whoever made the others.
const MOST_RANGES: u32 = 8192;

static RANGES: LazyLock<Arc<Counter>> = LazyLock::new(|| Counter::new(MOST_RANGES));

/// A part of a window that means pages of the guest's memory, or did.
pub(super) struct Mapped {
    /// What it takes of the window, with what keeps it apart.
    room: Room,
    /// Where the pages begin in the window.
    start: u64,
    /// Bytes of the pages.
    length: u64,
    state: Mutex<State>,
}

enum State {
    Mapped(Counted),
    Over,
    /// It could not be taken out of the window, and so stays there as long as that.
    Stuck,
}

struct Room {
    offset: u64,
    length: u64,
}

/// What a range counts as while it is mapped.
struct Counted {
    _of_guest: Permit,
    _of_process: Permit,
    _bytes: BytePermit,
}

impl Counted {
    fn take(grant: &Grant, bytes: u64) -> CudaResult<Self> {
        let counters = &grant.guest().counters;
        let mut mapped = counters.mapped_bytes.permit();
        if !mapped.extend(bytes) {
            return Err(Quota::MappedMemory.into());
        }
        Ok(Self {
            _of_guest: counters.mapped_ranges.take(|| Quota::Buffers)?,
            _of_process: RANGES
                .take(|| Quota::Buffers)
                .map_err(|_| CudaError::from(ErrorCode::OutOfMemory))?,
            _bytes: mapped,
        })
    }
}

impl Grant {
    /// `unsupported` where the device maps no linear memory.
    pub(crate) fn check_shares(&self) -> CudaResult<()> {
        if self.space()?.maps_linear_memory() {
            return Ok(());
        }
        Err(CudaError::unsupported(format!(
            "device {} shares no memory with guests; use `write` and `read`",
            self.device().name()
        )))
    }
}

impl Allocation {
    /// A buffer that is a range of linear memory, by its address in the host. The caller holds the guest's store, and nothing of
    /// the guest's runs meanwhile.
    pub(crate) fn shared(
        grant: &Arc<Grant>,
        address: usize,
        length: usize,
    ) -> CudaResult<Arc<Self>> {
        let pages = linear::pages(address, length).ok_or_else(not_mappable)?;
        let counted = grant.guest().counters.buffers.take(|| Quota::Buffers)?;
        let mapped = Mapped::new(grant, &pages, length as u64)?;
        Ok(Arc::new(Self {
            grant: grant.clone(),
            offset: mapped.start + pages.lead,
            size: length as u64,
            mapped: Some(mapped),
            _counted: counted,
        }))
    }

    /// The guest drops its buffer: a range of linear memory is the guest's alone from now on.
    pub(crate) fn end_share(&self) {
        if let Some(mapped) = &self.mapped {
            mapped.end(&self.grant);
        }
    }

    /// Whether it is a range of the guest's own linear memory.
    pub(crate) fn is_shared(&self) -> bool {
        self.mapped.as_ref().is_some_and(Mapped::is_live)
    }
}

impl Mapped {
    fn new(grant: &Arc<Grant>, pages: &Pages, size: u64) -> CudaResult<Self> {
        let counted = Counted::take(grant, pages.length)?;
        let space = grant.space()?;
        let page = rustix::param::page_size() as u64;
        let room = Room::take(grant, &**space, pages.length + page + RED_ZONE)?;
        let start = room.offset.next_multiple_of(page);
        if let Err(reason) = space.map(start, pages) {
            tracing::warn!(reason, "linear memory could not be mapped");
            room.give_back(grant);
            return Err(ErrorCode::OutOfMemory.into());
        }
        grant.begin_share();
        if let Some(mut layout) = grant.layout() {
            layout.insert(start + pages.lead, size, false);
        }
        let (offset, size) = marked(start + pages.lead, size);
        space.mark(offset, size, true);
        Ok(Self {
            room,
            start,
            length: pages.length,
            state: Mutex::new(State::Mapped(counted)),
        })
    }

    /// Whether it means the guest's memory.
    pub(super) fn is_live(&self) -> bool {
        matches!(*crate::lock(&self.state), State::Mapped(_))
    }

    /// Lets it be memory of the window.
    fn end(&self, grant: &Grant) {
        let mut state = crate::lock(&self.state);
        let State::Mapped(counted) = std::mem::replace(&mut *state, State::Over) else {
            return;
        };
        let Some(space) = grant.opened_space() else {
            return;
        };
        match space.unmap(self.start, self.length) {
            Ok(()) => grant.end_share(),
            Err(reason) => {
                // The guest goes on as one that shares memory.
                tracing::error!(reason, "shared memory stays in a window");
                std::mem::forget(counted);
                *state = State::Stuck;
            }
        }
    }

    /// Gives its part of the window back: the guest and all enqueued work have let go of it.
    pub(super) fn release(self, grant: &Grant, offset: u64, size: u64) {
        self.end(grant);
        if let Some(space) = grant.opened_space() {
            let (marked, length) = marked(offset, size);
            space.mark(marked, length, false);
        }
        if let Some(mut layout) = grant.layout() {
            layout.live.remove(&offset);
        }
        if matches!(*crate::lock(&self.state), State::Over) {
            self.room.give_back(grant);
        }
    }
}

impl Room {
    /// Backed room in the window, which is widened for the first range.
    fn take(grant: &Grant, space: &dyn Space, length: u64) -> CudaResult<Self> {
        let mut layout = grant.layout().ok_or(ErrorCode::OutOfMemory)?;
        let limits = &grant.guest().limits;
        let end = window_end(limits.memory).saturating_add(window_end(limits.mapped_memory));
        layout.widen(end.min(space.reserved()));
        let offset = layout.allocator.allocate(length);
        let offset = offset.ok_or(ErrorCode::OutOfMemory)?;
        if let Err(reason) = space.grow(offset + length) {
            tracing::warn!(reason, "device memory could not grow");
            layout.allocator.free(offset, length);
            return Err(ErrorCode::OutOfMemory.into());
        }
        Ok(Self { offset, length })
    }

    fn give_back(&self, grant: &Grant) {
        if let Some(mut layout) = grant.layout() {
            layout.allocator.free(self.offset, self.length);
        }
    }
}

/// The granules that a range touches: the map of buffers knows how far the used part of one goes, and not where it begins.
fn marked(offset: u64, size: u64) -> (u64, u64) {
    let lead = offset % GRANULE;
    (offset - lead, lead + size)
}

fn not_mappable() -> CudaError {
    CudaError::unsupported(
        "the host did not make this guest's memory so that devices can map it; use `write` and `read`",
    )
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
