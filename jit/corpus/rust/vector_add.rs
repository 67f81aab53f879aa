//! One element a thread.
#![no_std]
#![feature(abi_ptx)]

use corpus::index;

/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn vector_add(
    a: *const f32,
    b: *const f32,
    out: *mut f32,
    n: usize,
) {
    let i = index();
    if i < n {
        // SAFETY: the index is below `n`.
        unsafe { *out.add(i) = *a.add(i) + *b.add(i) };
    }
}
