//! Arrays combined in chunks of 1024 elements, each to one number. Run again on what they gave, until one is left.

use device::{Shared, THREADS, Word, for_each_of_block, shared, thread, total};

/// How many elements give one number.
const CHUNK: u64 = 1024;

/// Combines the values of each chunk of `n` indices: each thread those that are [`THREADS`] apart, then all threads.
///
/// # Safety
/// `out` holds an element for each chunk; blocks have [`THREADS`] threads, for which `scratch` has room.
#[inline(always)]
unsafe fn combine_chunks<T: Word>(
    scratch: Shared,
    identity: T,
    combine: impl Fn(T, T) -> T,
    value: impl Fn(usize) -> T,
    out: *mut T,
    n: u64,
) {
    for_each_of_block(n.div_ceil(CHUNK), |chunk| {
        let start = chunk * CHUNK;
        let mut own = identity;
        let mut place = thread() as u64;
        while place < CHUNK {
            if start + place < n {
                own = combine(own, value((start + place) as usize));
            }
            place += THREADS as u64;
        }
        // SAFETY: all threads of the block come here.
        let total = unsafe { total(scratch, own, &combine) };
        if thread() == 0 {
            // SAFETY: there is an element for each chunk.
            unsafe { *out.add(chunk as usize) = total };
        }
    });
}

/// `out[i]` is the sum of the `i`th 1024 elements of `x`.
///
/// # Safety
/// `x` holds `n` elements and `out` one for each 1024 of them; blocks have 256 threads.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn sum(x: *const f32, out: *mut f32, n: u64) {
    let scratch = shared!("scratch", 256);
    // SAFETY: as promised by the caller, and indices are below `n`.
    unsafe { combine_chunks(scratch, 0.0, |a, b| a + b, |i| *x.add(i), out, n) }
}

/// `out[i]` is the sum of the `i`th 1024 elements of `x`, wrapping round.
///
/// # Safety
/// `x` holds `n` elements and `out` one for each 1024 of them; blocks have 256 threads.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn sum_u32(x: *const u32, out: *mut u32, n: u64) {
    let scratch = shared!("scratch", 256);
    // SAFETY: as promised by the caller, and indices are below `n`.
    unsafe { combine_chunks(scratch, 0, u32::wrapping_add, |i| *x.add(i), out, n) }
}

/// `out[i]` is the sum of the products of the `i`th 1024 elements of `a` and `b`.
///
/// # Safety
/// `a` and `b` hold `n` elements each and `out` one for each 1024 of them; blocks have 256 threads.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn dot(a: *const f32, b: *const f32, out: *mut f32, n: u64) {
    let scratch = shared!("scratch", 256);
    // SAFETY: as promised by the caller, and indices are below `n`.
    unsafe { combine_chunks(scratch, 0.0, |a, b| a + b, |i| *a.add(i) * *b.add(i), out, n) }
}

/// `out[i]` is the greatest of the `i`th 1024 elements of `x`, or NaN where one of them is.
///
/// # Safety
/// `x` holds `n` elements and `out` one for each 1024 of them; blocks have 256 threads.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn maximum(x: *const f32, out: *mut f32, n: u64) {
    let scratch = shared!("scratch", 256);
    let greater = |a: f32, b: f32| if a > b || a.is_nan() { a } else { b };
    // SAFETY: as promised by the caller, and indices are below `n`.
    unsafe { combine_chunks(scratch, f32::NEG_INFINITY, greater, |i| *x.add(i), out, n) }
}

/// `out[i]` is the least of the `i`th 1024 elements of `x`, or NaN where one of them is.
///
/// # Safety
/// `x` holds `n` elements and `out` one for each 1024 of them; blocks have 256 threads.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn minimum(x: *const f32, out: *mut f32, n: u64) {
    let scratch = shared!("scratch", 256);
    let less = |a: f32, b: f32| if a < b || a.is_nan() { a } else { b };
    // SAFETY: as promised by the caller, and indices are below `n`.
    unsafe { combine_chunks(scratch, f32::INFINITY, less, |i| *x.add(i), out, n) }
}
