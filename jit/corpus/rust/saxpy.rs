//! A scalar parameter, and a product with its sum: rustc fuses them only where told to.
#![no_std]
#![feature(abi_ptx, core_float_math)]

use corpus::index;

/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn saxpy(n: u32, a: f32, x: *const f32, y: *mut f32) {
    let i = index();
    if i < n as usize {
        // SAFETY: the index is below `n`.
        unsafe { *y.add(i) = a * *x.add(i) + *y.add(i) };
    }
}

/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn saxpy_fused(n: u32, a: f32, x: *const f32, y: *mut f32) {
    let i = index();
    if i < n as usize {
        // SAFETY: the index is below `n`.
        unsafe { *y.add(i) = core::f32::math::mul_add(a, *x.add(i), *y.add(i)) };
    }
}
