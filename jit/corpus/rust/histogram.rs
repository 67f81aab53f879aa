//! Atomics of Rust's own, with their orders.
#![no_std]
#![feature(abi_ptx)]

use core::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering, fence};

use corpus::{index, threads};

/// # Safety
/// `data` holds `n` bytes, and `bins` 256 numbers.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn histogram(data: *const u8, bins: *const AtomicU32, n: u32) {
    let mut i = index();
    while i < n as usize {
        // SAFETY: the index is below `n`, and a byte is below 256.
        unsafe { (*bins.add(*data.add(i) as usize)).fetch_add(1, Ordering::Relaxed) };
        i += threads();
    }
}

/// # Safety
/// `data` holds `n` numbers, `words` six and `wide` three.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn each_atomic(
    data: *const i32,
    words: *const AtomicI32,
    wide: *const AtomicU64,
    n: u32,
) {
    let i = index();
    if i >= n as usize {
        return;
    }
    // SAFETY: the index is below `n`, and there are as many numbers as are used here.
    unsafe {
        let value = *data.add(i);
        (*words).fetch_min(value, Ordering::Relaxed);
        (*words.add(1)).fetch_max(value, Ordering::Relaxed);
        (*words.add(2)).fetch_and(value, Ordering::Relaxed);
        (*words.add(3)).fetch_xor(value, Ordering::AcqRel);
        (*words.add(4)).fetch_sub(value, Ordering::Relaxed);
        (*words.add(5)).swap(value, Ordering::Relaxed);
        (*wide).fetch_add(value as u64, Ordering::Relaxed);
        (*wide.add(1)).fetch_or(1 << (value & 63), Ordering::Relaxed);
        let mut seen = (*wide.add(2)).load(Ordering::Relaxed);
        while let Err(other) = (*wide.add(2)).compare_exchange(
            seen,
            seen.wrapping_mul(3).wrapping_add(value as u64),
            Ordering::Acquire,
            Ordering::Relaxed,
        ) {
            seen = other;
        }
    }
}

/// # Safety
/// `message` and `out` hold one number, and `ready` is zero.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn hand_over(
    message: *mut u32,
    ready: *const AtomicU32,
    out: *mut u32,
) {
    // SAFETY: thread 0 writes before it says so, and thread 32 reads after it heard so.
    unsafe {
        if index() == 0 {
            *message = 42;
            (*ready).store(1, Ordering::Release);
        } else if index() == 32 {
            for _ in 0..1_000_000 {
                if (*ready).load(Ordering::Acquire) == 1 {
                    *out = *message;
                    break;
                }
            }
            fence(Ordering::SeqCst);
        }
    }
}
