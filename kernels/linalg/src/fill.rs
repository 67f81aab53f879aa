//! Arrays made from nothing but their index.

use device::for_each_index;

#[inline(always)]
unsafe fn fill_with<T: Copy>(value: T, out: *mut T, n: u64) {
    // SAFETY: the index is below `n`, and the array holds `n` elements.
    for_each_index(n, |i| unsafe { *out.add(i) = value });
}

/// `out[i] = value`
///
/// # Safety
/// The array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn fill(value: f32, out: *mut f32, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { fill_with(value, out, n) }
}

/// `out[i] = value`
///
/// # Safety
/// The array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn fill_f64(value: f64, out: *mut f64, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { fill_with(value, out, n) }
}

/// `out[i] = value`
///
/// # Safety
/// The array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn fill_u32(value: u32, out: *mut u32, n: u64) {
    // SAFETY: as promised by the caller.
    unsafe { fill_with(value, out, n) }
}

/// `out[i] = start + i`, wrapping round.
///
/// # Safety
/// The array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn iota_u32(start: u32, out: *mut u32, n: u64) {
    // SAFETY: the index is below `n`, and the array holds `n` elements.
    for_each_index(n, |i| unsafe { *out.add(i) = start.wrapping_add(i as u32) });
}
