//! Structures aligned so that they are loaded and stored whole.
#![no_std]
#![feature(abi_ptx)]

use corpus::index;

/// Four numbers in sixteen aligned bytes.
#[repr(C, align(16))]
#[derive(Clone, Copy)]
pub struct Float4([f32; 4]);

/// Two numbers in eight aligned bytes.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct Word2(u32, u32);

/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn add_float4(
    a: *const Float4,
    b: *const Float4,
    out: *mut Float4,
    n: u32,
) {
    let i = index();
    if i >= n as usize {
        return;
    }
    // SAFETY: the index is below `n`.
    let (Float4(x), Float4(y)) = unsafe { (*a.add(i), *b.add(i)) };
    // SAFETY: as above.
    unsafe { *out.add(i) = Float4([x[0] + y[0], x[1] + y[1], x[2] + y[2], x[3] + y[3]]) };
}

/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn swap_words(data: *mut Word2, n: u32) {
    let i = index();
    if i >= n as usize {
        return;
    }
    // SAFETY: the index is below `n`.
    let Word2(x, y) = unsafe { *data.add(i) };
    // SAFETY: as above.
    unsafe { *data.add(i) = Word2(y, x) };
}
