//! Tables, variables and strings with values from the start, and numbers wider or narrower than most.
#![no_std]
#![feature(abi_ptx, f16)]

use core::sync::atomic::{AtomicU32, Ordering};

use corpus::index;

static PRIMES: [u32; 8] = [2, 3, 5, 7, 11, 13, 17, 19];
static WEIGHTS: [f64; 4] = [1.0, -0.5, 0.25, -0.125];
static TEXT: &[u8; 16] = b"sixteen letters.";
static COUNTER: AtomicU32 = AtomicU32::new(100);

/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn read_tables(
    words: *mut u32,
    floats: *mut f64,
    letters: *mut u8,
    n: u32,
) {
    let i = index();
    if i < n as usize {
        // SAFETY: the index is below `n`.
        unsafe {
            *words.add(i) = PRIMES[i & 7];
            *floats.add(i) = WEIGHTS[i & 3] * i as f64;
            *letters.add(i) = TEXT[i & 15];
        }
    }
}

/// # Safety
/// `out` holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn count(out: *mut u32, n: u32) {
    let i = index();
    if i < n as usize {
        // SAFETY: the index is below `n`.
        unsafe { *out.add(i) = COUNTER.fetch_add(1, Ordering::Relaxed) };
    }
}

/// # Safety
/// `a` and `b` hold `n` elements, `out` three times as many.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn wide_integers(
    a: *const u128,
    b: *const u128,
    out: *mut u128,
    n: u32,
) {
    let i = index();
    if i < n as usize {
        // SAFETY: the index is below `n`.
        unsafe {
            let (x, y) = (*a.add(i), *b.add(i));
            *out.add(i * 3) = x.wrapping_add(y);
            *out.add(i * 3 + 1) = x.wrapping_mul(y);
            *out.add(i * 3 + 2) = x >> (y as u32 & 127);
        }
    }
}

/// # Safety
/// `a` and `b` hold `n` elements, `out` four times as many.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn halves(a: *const f16, b: *const f16, out: *mut f16, n: u32) {
    let i = index();
    if i < n as usize {
        // SAFETY: the index is below `n`.
        unsafe {
            let (x, y) = (*a.add(i), *b.add(i));
            *out.add(i * 4) = x + y;
            *out.add(i * 4 + 1) = x * y;
            *out.add(i * 4 + 2) = (x as f32 / y as f32) as f16;
            *out.add(i * 4 + 3) = if x < y { x } else { y };
        }
    }
}

/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn bits(data: *mut u64, words: *mut u32, n: u32) {
    let i = index();
    if i < n as usize {
        // SAFETY: the index is below `n`.
        unsafe {
            let (x, y) = (*data.add(i), *words.add(i));
            *data.add(i) = x.reverse_bits() ^ x.rotate_right(y) ^ x.swap_bytes();
            *words.add(i) = x.count_ones() + x.leading_zeros() * 100 + y.trailing_zeros() * 10_000;
        }
    }
}
