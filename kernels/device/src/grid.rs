//! Which part of the work is a thread's or a block's, in a one-dimensional grid of any size.
//!
//! Indices are 64 bits wide, so that neither a large array nor a large grid wraps round.

use core::arch::nvptx::{_block_dim_x, _block_idx_x, _grid_dim_x, _thread_idx_x};

/// Calls `element` with each index below `n` that is this thread's.
#[inline(always)]
pub fn for_each_index(n: u64, mut element: impl FnMut(usize)) {
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

/// Calls `part` with each index below `n` that is this block's: all threads of a block get the same ones, so that they
/// may meet at barriers.
#[inline(always)]
pub fn for_each_of_block(n: u64, mut part: impl FnMut(u64)) {
    // SAFETY: these read special registers, which every thread of a kernel has.
    let (block, blocks) = unsafe { (_block_idx_x() as u32 as u64, _grid_dim_x() as u32 as u64) };
    let mut index = block;
    while index < n {
        part(index);
        index += blocks;
    }
}
