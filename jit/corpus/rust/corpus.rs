//! What the kernels beside this file share.
#![no_std]
#![feature(stdarch_nvptx)]

use core::arch::nvptx::{_block_dim_x, _block_idx_x, _grid_dim_x, _thread_idx_x};

/// The index of this thread in a one-dimensional grid.
#[inline(always)]
pub fn index() -> usize {
    // SAFETY: these read special registers, which every thread of a kernel has.
    unsafe { _block_idx_x() as usize * _block_dim_x() as usize + _thread_idx_x() as usize }
}

/// The number of threads of a one-dimensional grid.
#[inline(always)]
pub fn threads() -> usize {
    // SAFETY: as above.
    unsafe { _grid_dim_x() as usize * _block_dim_x() as usize }
}
