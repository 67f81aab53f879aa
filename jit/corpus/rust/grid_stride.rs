//! Loops over more elements than there are threads.
#![no_std]
#![feature(abi_ptx)]

use corpus::{index, threads};

/// # Safety
/// The array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn scale_all(data: *mut f32, factor: f32, n: usize) {
    let mut i = index();
    while i < n {
        // SAFETY: the index is below `n`.
        unsafe { *data.add(i) *= factor };
        i += threads();
    }
}

/// # Safety
/// `data` holds `n` elements, `sums` one for each thread.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn sum_per_thread(data: *const f64, sums: *mut f64, n: u32) {
    let mut sum = 0.0;
    for i in (index()..n as usize).step_by(threads()) {
        // SAFETY: the index is below `n`.
        sum += unsafe { *data.add(i) };
    }
    // SAFETY: there is a sum for each thread.
    unsafe { *sums.add(index()) = sum };
}
