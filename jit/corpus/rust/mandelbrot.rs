//! Points of a plane, each with as many steps as it needs.
#![no_std]
#![feature(abi_ptx, stdarch_nvptx)]

use core::arch::nvptx::{
    _block_dim_x, _block_dim_y, _block_idx_x, _block_idx_y, _thread_idx_x, _thread_idx_y,
};

/// What part of the plane to draw.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct View {
    left: f64,
    top: f64,
    step: f64,
    width: u32,
    height: u32,
}

/// # Safety
/// `steps` holds as many numbers as the view has points.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn mandelbrot(steps: *mut u32, view: View, limit: u32) {
    // SAFETY: these read special registers.
    let (column, row) = unsafe {
        (
            (_block_idx_x() * _block_dim_x() + _thread_idx_x()) as u32,
            (_block_idx_y() * _block_dim_y() + _thread_idx_y()) as u32,
        )
    };
    if column >= view.width || row >= view.height {
        return;
    }
    let real = view.left + view.step * column as f64;
    let imaginary = view.top + view.step * row as f64;
    let (mut x, mut y) = (0.0, 0.0);
    let mut count = 0;
    while count < limit && x * x + y * y <= 4.0 {
        (x, y) = (x * x - y * y + real, 2.0 * x * y + imaginary);
        count += 1;
    }
    // SAFETY: the point is within the view.
    unsafe { *steps.add((row * view.width + column) as usize) = count };
}
