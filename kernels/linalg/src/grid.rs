//! Which elements a thread computes.

use core::arch::nvptx::{_block_dim_x, _block_idx_x, _grid_dim_x, _thread_idx_x};

/// Calls `element` with each index below `n` that is this thread's.
///
/// Indices are 64 bits wide, so that neither a large array nor a large grid wraps round.
#[inline(always)]
pub(crate) fn for_each_index(n: u64, mut element: impl FnMut(usize)) {
    // SAFETY: these read special registers, which every thread of a kernel has.
    let (block, blocks, threads, thread) = unsafe {
        (
            _block_idx_x() as u32 as u64,
            _grid_dim_x() as u32 as u64,
            _block_dim_x() as u32 as u64,
            _thread_idx_x() as u32 as u64,
        )
    };
    let stride = threads * blocks;
    let mut index = block * threads + thread;
    while index < n {
        element(index as usize);
        index += stride;
    }
}
