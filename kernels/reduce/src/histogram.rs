//! Counts by value.

use core::sync::atomic::{AtomicU32, Ordering};

use device::for_each_index;

/// Adds to `out[v]` how many elements of `x` are `v`, wrapping round; those that are not below `bins` are not counted.
///
/// # Safety
/// `x` holds `n` elements and `out` holds `bins`.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn histogram(x: *const u32, out: *mut u32, bins: u64, n: u64) {
    let out = out.cast_const().cast::<AtomicU32>();
    for_each_index(n, |i| {
        // SAFETY: the index is below `n`.
        let value = unsafe { *x.add(i) } as u64;
        if value < bins {
            // SAFETY: the value is below `bins`.
            unsafe { (*out.add(value as usize)).fetch_add(1, Ordering::Relaxed) };
        }
    });
}
