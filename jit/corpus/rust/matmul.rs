//! Products of matrices stored row by row, with and without tiles in shared memory.
#![no_std]
#![feature(abi_ptx, asm_experimental_arch, core_float_math, stdarch_nvptx)]

use core::arch::nvptx::{
    _block_dim_x, _block_dim_y, _block_idx_x, _block_idx_y, _syncthreads, _thread_idx_x,
    _thread_idx_y,
};

use corpus::shared;

const TILE: u32 = 16;

/// # Safety
/// `a` holds m x k numbers, `b` k x n and `c` m x n.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn matmul(
    a: *const f64,
    b: *const f64,
    c: *mut f64,
    m: u32,
    n: u32,
    k: u32,
) {
    // SAFETY: these read special registers.
    let (row, column) = unsafe {
        (
            (_block_idx_y() * _block_dim_y() + _thread_idx_y()) as usize,
            (_block_idx_x() * _block_dim_x() + _thread_idx_x()) as usize,
        )
    };
    let (m, n, k) = (m as usize, n as usize, k as usize);
    if row >= m || column >= n {
        return;
    }
    let mut sum = 0.0;
    for i in 0..k {
        // SAFETY: row and column are within the matrices.
        sum += unsafe { *a.add(row * k + i) * *b.add(i * n + column) };
    }
    // SAFETY: as above.
    unsafe { *c.add(row * n + column) = sum };
}

/// # Safety
/// Each matrix holds n x n numbers, n is a multiple of 16, and blocks are of 16 x 16 threads.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn matmul_tiled(a: *const f32, b: *const f32, c: *mut f32, n: u32) {
    let left = shared!("left", 256);
    let right = shared!("right", 256);
    // SAFETY: every thread fills one place of each tile, and barriers part that from its use.
    unsafe {
        let (x, y) = (_thread_idx_x() as u32, _thread_idx_y() as u32);
        let row = _block_idx_y() as u32 * TILE + y;
        let column = _block_idx_x() as u32 * TILE + x;
        let mut sum = 0.0;
        for start in (0..n).step_by(TILE as usize) {
            left.store(y * TILE + x, *a.add((row * n + start + x) as usize));
            right.store(y * TILE + x, *b.add(((start + y) * n + column) as usize));
            _syncthreads();
            for i in 0..TILE {
                sum = core::f32::math::mul_add(
                    left.load(y * TILE + i),
                    right.load(i * TILE + x),
                    sum,
                );
            }
            _syncthreads();
        }
        *c.add((row * n + column) as usize) = sum;
    }
}
