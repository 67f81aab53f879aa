//! Sums and products. Each operation rounds by itself: no product is fused with the sum after it.

use core::ops::{Add, Mul};

use device::for_each_index;

#[inline(always)]
unsafe fn add<T: Copy + Add<Output = T>>(a: *const T, b: *const T, out: *mut T, n: u64) {
    // SAFETY: the index is below `n`, and each array holds `n` elements.
    for_each_index(n, |i| unsafe { *out.add(i) = *a.add(i) + *b.add(i) });
}

#[inline(always)]
unsafe fn multiply<T: Copy + Mul<Output = T>>(a: *const T, b: *const T, out: *mut T, n: u64) {
    // SAFETY: the index is below `n`, and each array holds `n` elements.
    for_each_index(n, |i| unsafe { *out.add(i) = *a.add(i) * *b.add(i) });
}

#[inline(always)]
unsafe fn scale_by<T: Copy + Mul<Output = T>>(a: T, x: *const T, out: *mut T, n: u64) {
    // SAFETY: the index is below `n`, and each array holds `n` elements.
    for_each_index(n, |i| unsafe { *out.add(i) = a * *x.add(i) });
}

#[inline(always)]
unsafe fn combine<T: Copy + Add<Output = T> + Mul<Output = T>>(a: T, b: T, x: *const T, y: *mut T, n: u64) {
    // SAFETY: the index is below `n`, and each array holds `n` elements.
    for_each_index(n, |i| unsafe { *y.add(i) = a * *x.add(i) + b * *y.add(i) });
}

#[inline(always)]
unsafe fn accumulate<T: Copy + Add<Output = T> + Mul<Output = T>>(a: T, x: *const T, y: *mut T, n: u64) {
    // SAFETY: the index is below `n`, and each array holds `n` elements.
    for_each_index(n, |i| unsafe { *y.add(i) = a * *x.add(i) + *y.add(i) });
}

/// `out[i] = a[i] + b[i]`
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn vector_add(a: *const f32, b: *const f32, out: *mut f32, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { add(a, b, out, n) }
}

/// `out[i] = a[i] + b[i]`
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn vector_add_f64(a: *const f64, b: *const f64, out: *mut f64, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { add(a, b, out, n) }
}

/// `out[i] = a[i] + b[i]`, wrapping round.
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn vector_add_u32(a: *const u32, b: *const u32, out: *mut u32, n: u64) {
    // SAFETY: the index is below `n`, and each array holds `n` elements.
    for_each_index(n, |i| unsafe { *out.add(i) = (*a.add(i)).wrapping_add(*b.add(i)) });
}

/// `out[i] = a[i] * b[i]`
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn hadamard(a: *const f32, b: *const f32, out: *mut f32, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { multiply(a, b, out, n) }
}

/// `out[i] = a[i] * b[i]`
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn hadamard_f64(a: *const f64, b: *const f64, out: *mut f64, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { multiply(a, b, out, n) }
}

/// `out[i] = a * x[i]`
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn scale(a: f32, x: *const f32, out: *mut f32, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { scale_by(a, x, out, n) }
}

/// `out[i] = a * x[i]`
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn scale_f64(a: f64, x: *const f64, out: *mut f64, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { scale_by(a, x, out, n) }
}

/// `y[i] = a * x[i] + y[i]`
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn saxpy(a: f32, x: *const f32, y: *mut f32, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { accumulate(a, x, y, n) }
}

/// `y[i] = a * x[i] + y[i]`
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn daxpy(a: f64, x: *const f64, y: *mut f64, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { accumulate(a, x, y, n) }
}

/// `y[i] = a * x[i] + b * y[i]`
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn axpby(a: f32, b: f32, x: *const f32, y: *mut f32, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { combine(a, b, x, y, n) }
}

/// `y[i] = a * x[i] + b * y[i]`
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn axpby_f64(a: f64, b: f64, x: *const f64, y: *mut f64, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { combine(a, b, x, y, n) }
}

/// `out[i] = x[2 * i] + x[2 * i + 1]`, wrapping round.
///
/// # Safety
/// `out` holds `n` elements and `x` twice as many.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn sum_pairs_u32(x: *const u32, out: *mut u32, n: u64) {
    // SAFETY: the index is below `n`, `out` holds `n` elements and `x` twice as many.
    for_each_index(n, |i| unsafe { *out.add(i) = (*x.add(2 * i)).wrapping_add(*x.add(2 * i + 1)) });
}
