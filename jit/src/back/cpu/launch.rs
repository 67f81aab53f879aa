//! What a launch hands to compiled code.

use super::fault::FaultSlot;
use std::mem::offset_of;
use std::sync::atomic::AtomicU32;

/// One launch as compiled code sees it: the hidden parameter of the CPU device.
///
/// Kernels compute with addresses from `window_base` on; the code turns them into places in the
/// host's memory, after its guards and a mask. No host address can be seen by a kernel.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Launch {
    /// The parameter block, as the kernel's signature lays it out.
    pub parameters: *const u8,
    /// Where the window begins in the host's memory.
    pub window_host: *mut u8,
    /// The address at which kernels see the window's first byte; a multiple of the reserved size.
    pub window_base: u64,
    /// Bytes from the window's start that may be accessed; a multiple of 256.
    pub window_mapped: u64,
    /// Bytes reserved for the window, a power of two, less one.
    pub window_mask: u64,
    /// In checked mode one entry for each 256 bytes of the mapped window: how many of them, from the first,
    /// lie in a buffer. Else unused.
    pub granules: *const u16,
    /// Non-zero when kernels shall leave at their next poll.
    pub stop: *const AtomicU32,
    /// Where the first fault is recorded.
    pub fault: *const FaultSlot,
    /// Blocks in the grid, x first.
    pub grid: [u32; 3],
    /// Threads in a block, x first.
    pub block: [u32; 3],
    /// Dynamic shared memory per block, in bytes.
    pub dynamic_shared: u32,
    /// The address at which kernels see the module's own variables, in the window.
    pub variables: u64,
}

/// One block as compiled code sees it.
#[repr(C)]
#[derive(Debug)]
pub(super) struct BlockContext {
    /// Index of the block in the grid.
    pub(super) index: [u32; 3],
    /// The thread to begin with, by number in the block, x fastest.
    pub(super) first: u32,
    /// The thread to end before.
    pub(super) last: u32,
    /// The block's shared memory.
    pub(super) shared: *mut u8,
    /// Bytes of it that may be accessed.
    pub(super) shared_size: u64,
    /// Bytes that are reserved for it, a power of two, less one.
    pub(super) shared_mask: u64,
    /// The threads' local memory.
    pub(super) local: *mut u8,
    /// What threads keep while they wait.
    pub(super) frames: *mut u8,
    /// For each thread the entry that it shall run.
    pub(super) run: *const u32,
    /// For each thread where it waits.
    pub(super) waits: *mut u32,
    /// For each group of threads that run in step whether they have parted.
    pub(super) parted: *mut u8,
}

// SAFETY: the pointers are handed to compiled code and nothing else; that they stay valid on every thread
// that runs blocks is what `Kernel::run_blocks` asks of its caller.
unsafe impl Send for Launch {}
// SAFETY: as above; the structure itself is never written through a shared reference.
unsafe impl Sync for Launch {}

/// Byte offsets of the fields that compiled code reads.
pub(super) mod field {
    use super::{BlockContext, Launch, offset_of};

    pub(in super::super) const PARAMETERS: i32 = offset_of!(Launch, parameters) as i32;
    pub(in super::super) const WINDOW_HOST: i32 = offset_of!(Launch, window_host) as i32;
    pub(in super::super) const WINDOW_BASE: i32 = offset_of!(Launch, window_base) as i32;
    pub(in super::super) const WINDOW_MAPPED: i32 = offset_of!(Launch, window_mapped) as i32;
    pub(in super::super) const WINDOW_MASK: i32 = offset_of!(Launch, window_mask) as i32;
    pub(in super::super) const GRANULES: i32 = offset_of!(Launch, granules) as i32;
    pub(in super::super) const STOP: i32 = offset_of!(Launch, stop) as i32;
    pub(in super::super) const GRID: i32 = offset_of!(Launch, grid) as i32;
    pub(in super::super) const BLOCK: i32 = offset_of!(Launch, block) as i32;
    pub(in super::super) const DYNAMIC_SHARED: i32 = offset_of!(Launch, dynamic_shared) as i32;
    pub(in super::super) const VARIABLES: i32 = offset_of!(Launch, variables) as i32;
    pub(in super::super) const INDEX: i32 = offset_of!(BlockContext, index) as i32;
    pub(in super::super) const FIRST: i32 = offset_of!(BlockContext, first) as i32;
    pub(in super::super) const LAST: i32 = offset_of!(BlockContext, last) as i32;
    pub(in super::super) const SHARED: i32 = offset_of!(BlockContext, shared) as i32;
    pub(in super::super) const SHARED_SIZE: i32 = offset_of!(BlockContext, shared_size) as i32;
    pub(in super::super) const SHARED_MASK: i32 = offset_of!(BlockContext, shared_mask) as i32;
    pub(in super::super) const LOCAL: i32 = offset_of!(BlockContext, local) as i32;
    pub(in super::super) const FRAMES: i32 = offset_of!(BlockContext, frames) as i32;
    pub(in super::super) const RUN: i32 = offset_of!(BlockContext, run) as i32;
    pub(in super::super) const PARTED: i32 = offset_of!(BlockContext, parted) as i32;
    pub(in super::super) const WAITS: i32 = offset_of!(BlockContext, waits) as i32;
}

/// How a run of blocks ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every block ran to its end.
    Completed,
    /// A thread faulted; the record is in the launch's [`FaultSlot`].
    Faulted,
    /// The stop word was set.
    Stopped,
}
