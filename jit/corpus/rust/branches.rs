//! Choices, comparisons and loops that end early.
#![no_std]
#![feature(abi_ptx)]

use core::cmp::Ordering;

use corpus::index;

/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn compare(a: *const f64, b: *const f64, out: *mut i32, n: u32) {
    let i = index();
    if i >= n as usize {
        return;
    }
    // SAFETY: the index is below `n`.
    let order = unsafe { (*a.add(i)).partial_cmp(&*b.add(i)) };
    let code = match order {
        Some(Ordering::Less) => -1,
        Some(Ordering::Equal) => 0,
        Some(Ordering::Greater) => 1,
        None => 2,
    };
    // SAFETY: as above.
    unsafe { *out.add(i) = code };
}

/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn greatest_common_divisor(
    a: *const u64,
    b: *const u64,
    out: *mut u64,
    n: u32,
) {
    let i = index();
    if i >= n as usize {
        return;
    }
    // SAFETY: the index is below `n`.
    let (mut x, mut y) = unsafe { (*a.add(i), *b.add(i)) };
    while y != 0 {
        (x, y) = (y, x % y);
    }
    // SAFETY: as above.
    unsafe { *out.add(i) = x };
}

/// # Safety
/// Each array holds `n` elements, and `table` is sorted.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn find(
    table: *const i32,
    entries: u32,
    wanted: *const i32,
    out: *mut u32,
    n: u32,
) {
    let i = index();
    if i >= n as usize {
        return;
    }
    // SAFETY: the index is below `n`.
    let wanted = unsafe { *wanted.add(i) };
    let (mut low, mut high) = (0, entries);
    let mut place = u32::MAX;
    while low < high {
        let middle = low + (high - low) / 2;
        // SAFETY: the middle is below `entries`.
        match unsafe { *table.add(middle as usize) }.cmp(&wanted) {
            Ordering::Equal => {
                place = middle;
                break;
            }
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    // SAFETY: as above.
    unsafe { *out.add(i) = place };
}
