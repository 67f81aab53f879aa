//! Sums of blocks: a tree in shared memory, and shuffles.
#![no_std]
#![feature(abi_ptx, asm_experimental_arch, stdarch_nvptx)]

use core::arch::asm;
use core::arch::nvptx::{_block_dim_x, _block_idx_x, _syncthreads, _thread_idx_x};

use corpus::{index, shared, threads};

/// # Safety
/// `data` holds `n` numbers, `sums` one for each block; blocks have a power of two of threads, at most 256.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn reduce_tree(data: *const f32, sums: *mut f32, n: u32) {
    let partial = shared!("partial", 256);
    let mut sum = 0.0;
    let mut i = index();
    while i < n as usize {
        // SAFETY: the index is below `n`.
        sum += unsafe { *data.add(i) };
        i += threads();
    }
    // SAFETY: each thread has a number of its own, barriers part writes from reads, and there is a sum for each block.
    unsafe {
        let thread = _thread_idx_x() as u32;
        partial.store(thread, sum);
        _syncthreads();
        let mut half = _block_dim_x() as u32 / 2;
        while half > 0 {
            if thread < half {
                partial.store(thread, partial.load(thread) + partial.load(thread + half));
            }
            _syncthreads();
            half /= 2;
        }
        if thread == 0 {
            *sums.add(_block_idx_x() as usize) = partial.load(0);
        }
    }
}

/// The number of the lane so many further on.
#[inline(always)]
fn from_lane_further(value: f32, by: u32) -> f32 {
    let other: f32;
    // SAFETY: all lanes of the warp come here.
    unsafe {
        asm!("shfl.sync.down.b32 {}, {}, {}, 31, -1;", out(reg32) other, in(reg32) value, in(reg32) by, options(nomem, nostack))
    };
    other
}

/// # Safety
/// `data` holds `n` numbers, `sum` one, which starts as zero; blocks have a multiple of 32 threads.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn reduce_shuffle(data: *const f32, sum: *mut f32, n: u32) {
    let mut own = 0.0;
    for i in (index()..n as usize).step_by(threads()) {
        // SAFETY: the index is below `n`.
        own += unsafe { *data.add(i) };
    }
    for by in [16, 8, 4, 2, 1] {
        own += from_lane_further(own, by);
    }
    // SAFETY: one number is added to in one piece.
    unsafe {
        if _thread_idx_x() % 32 == 0 {
            asm!("red.global.add.f32 [{}], {};", in(reg64) sum, in(reg32) own, options(nostack));
        }
    }
}
