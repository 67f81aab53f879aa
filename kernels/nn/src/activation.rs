//! Activations, element by element.

use device::for_each_index;

use crate::exp::exp;

/// `out[i] = operation(x[i])`
///
/// # Safety
/// Each array holds `n` elements.
#[inline(always)]
unsafe fn map(x: *const f32, out: *mut f32, n: u64, operation: impl Fn(f32) -> f32) {
    // SAFETY: the index is below `n`, and each array holds `n` elements.
    for_each_index(n, |i| unsafe { *out.add(i) = operation(*x.add(i)) });
}

/// `out[i] = x[i] / (1 + exp(-2u))` with `u = sqrt(2 / pi) * (x[i] + 0.044715 * x[i]^3)`.
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn gelu(x: *const f32, out: *mut f32, n: u64) {
    let operation = |x: f32| {
        let u = 0.797_884_6 * (x + 0.044_715 * x * x * x);
        x / (1.0 + exp(-2.0 * u))
    };
    // SAFETY: as promised by the caller.
    unsafe { map(x, out, n, operation) }
}

/// `out[i] = 1 / (1 + exp(-x[i]))`
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn sigmoid(x: *const f32, out: *mut f32, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { map(x, out, n, |x| 1.0 / (1.0 + exp(-x))) }
}

/// `out[i] = x[i] / (1 + exp(-x[i]))`
///
/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn silu(x: *const f32, out: *mut f32, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { map(x, out, n, |x| x / (1.0 + exp(-x))) }
}
