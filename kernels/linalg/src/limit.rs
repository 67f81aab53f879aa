//! Values kept within limits. They are compared, not combined by `min` and `max`, so that a NaN stays what it is and a
//! zero keeps its sign.

use device::for_each_index;

#[inline(always)]
unsafe fn clamp_to<T: Copy + PartialOrd>(low: T, high: T, x: *const T, out: *mut T, n: u64) {
    for_each_index(n, |i| {
        // SAFETY: the index is below `n`, and each array holds `n` elements.
        let value = unsafe { *x.add(i) };
        let raised = if value < low { low } else { value };
        // SAFETY: as above.
        unsafe { *out.add(i) = if raised > high { high } else { raised } };
    });
}

/// `out[i] = 0` where `x[i]` is negative, else `x[i]`.
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn relu(x: *const f32, out: *mut f32, n: u64) {
    for_each_index(n, |i| {
        // SAFETY: the index is below `n`, and each array holds `n` elements.
        let value = unsafe { *x.add(i) };
        // SAFETY: as above.
        unsafe { *out.add(i) = if value < 0.0 { 0.0 } else { value } };
    });
}

/// `out[i]` is `x[i]` raised to at least `low`, then lowered to at most `high`.
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn clamp(low: f32, high: f32, x: *const f32, out: *mut f32, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { clamp_to(low, high, x, out, n) }
}

/// `out[i]` is `x[i]` raised to at least `low`, then lowered to at most `high`.
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn clamp_u32(low: u32, high: u32, x: *const u32, out: *mut u32, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { clamp_to(low, high, x, out, n) }
}
