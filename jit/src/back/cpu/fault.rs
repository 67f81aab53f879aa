//! The record of a launch's first fault, written by running code and read when the launch has ended.

use crate::diagnostics::Span;
use crate::ir::{FaultCause, FaultSite};
use std::cell::UnsafeCell;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

/// What a kernel did that its sandbox stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// A global-memory access outside the window, or in checked mode outside every buffer.
    GlobalOutOfBounds,
    /// A shared-memory access outside the block's allocation.
    SharedOutOfBounds,
    /// A local-memory access outside the thread's allocation.
    LocalOutOfBounds,
    /// An address that is not a multiple of the access size.
    Misaligned,
    /// `trap`, `brkpt`, WebAssembly's `unreachable` or a failed assertion without a text.
    Trap,
    /// An integer division by zero in a kernel language that faults on it.
    DivideByZero,
    /// A quotient or a converted number that does not fit, likewise.
    IntegerOverflow,
    /// An operation of a warp whose participants wait elsewhere, so that it can never be done.
    Divergence,
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GlobalOutOfBounds => "global access out of bounds",
            Self::SharedOutOfBounds => "shared access out of bounds",
            Self::LocalOutOfBounds => "local access out of bounds",
            Self::Misaligned => "misaligned access",
            Self::Trap => "trap",
            Self::DivideByZero => "integer division by zero",
            Self::IntegerOverflow => "integer overflow",
            Self::Divergence => "divergent operation of a warp",
        })
    }
}

/// The first fault of a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What happened.
    pub kind: FaultKind,
    /// The faulting instruction in the module's source.
    pub span: Span,
    /// The faulting address as the kernel sees it; 0 for a fault without one.
    pub address: u64,
    /// Size of the access in bytes; 0 for a fault without one.
    pub size: u32,
    /// Index of the block in the grid.
    pub block: [u32; 3],
    /// Index of the thread in its block.
    pub thread: [u32; 3],
}

impl FaultKind {
    fn of(cause: FaultCause) -> Self {
        match cause {
            FaultCause::GlobalOutOfBounds => Self::GlobalOutOfBounds,
            FaultCause::SharedOutOfBounds => Self::SharedOutOfBounds,
            FaultCause::LocalOutOfBounds => Self::LocalOutOfBounds,
            FaultCause::Divergence => Self::Divergence,
            FaultCause::Misaligned | FaultCause::MisalignedSmall => Self::Misaligned,
            FaultCause::Trap => Self::Trap,
            FaultCause::DivideByZero => Self::DivideByZero,
            FaultCause::IntegerOverflow => Self::IntegerOverflow,
        }
    }
}

impl Fault {
    /// A fault of a site, with what its record holds besides.
    pub(crate) fn at(site: &FaultSite, address: u64, block: [u32; 3], thread: [u32; 3]) -> Self {
        Self {
            kind: FaultKind::of(site.cause),
            span: site.span,
            address: if site.size == 0 { 0 } else { address },
            size: site.size,
            block,
            thread,
        }
    }
}

/// What running code writes: the layout that [`crate::back::ptx`] prints stores for, too.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RawFault {
    /// Index in the kernel's table of sites.
    pub(super) site: u32,
    pub(super) address: u64,
    pub(super) block: [u32; 3],
    pub(super) thread: [u32; 3],
}

const EMPTY: u32 = 0;
const CLAIMED: u32 = 1;
const WRITTEN: u32 = 2;

/// Where the first fault of a launch is recorded. Later ones find it taken and leave it alone.
#[repr(C)]
#[derive(Debug, Default)]
pub struct FaultSlot {
    state: AtomicU32,
    raw: UnsafeCell<RawFault>,
}

// SAFETY: `raw` is written only by the one thread that moved `state` from EMPTY to CLAIMED, and read
// only after WRITTEN was seen with acquire ordering.
unsafe impl Sync for FaultSlot {}

impl FaultSlot {
    /// An empty slot.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn record(&self, raw: RawFault) {
        let claimed =
            self.state
                .compare_exchange(EMPTY, CLAIMED, Ordering::Acquire, Ordering::Relaxed);
        if claimed.is_ok() {
            // SAFETY: this thread alone moved the state away from EMPTY, so nobody else writes, and
            // readers wait for WRITTEN.
            unsafe { *self.raw.get() = raw };
            self.state.store(WRITTEN, Ordering::Release);
        }
    }

    pub(super) fn raw(&self) -> Option<RawFault> {
        if self.state.load(Ordering::Acquire) != WRITTEN {
            return None;
        }
        // SAFETY: WRITTEN is the last state, so the record is complete and never written again.
        Some(unsafe { *self.raw.get() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fault_wins() {
        let slot = FaultSlot::new();
        assert!(slot.raw().is_none());
        for site in [7, 8] {
            slot.record(RawFault {
                site,
                ..RawFault::default()
            });
        }
        assert_eq!(slot.raw().map(|raw| raw.site), Some(7));
    }
}
