//! Functions that are called, choices among many, and arrays of one thread.
#![no_std]
#![feature(abi_ptx)]

use corpus::index;

/// A point with its weight.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Point {
    x: f32,
    y: f32,
    weight: f64,
    kind: u8,
}

#[inline(never)]
fn turned(point: Point, sine: f32, cosine: f32) -> Point {
    Point {
        x: point.x * cosine - point.y * sine,
        y: point.x * sine + point.y * cosine,
        weight: point.weight * 2.0,
        kind: point.kind ^ 1,
    }
}

#[inline(never)]
fn digits(mut value: u32, into: &mut [u8; 16]) -> usize {
    let mut length = 0;
    loop {
        into[length & 15] = (value % 10) as u8;
        length += 1;
        value /= 10;
        if value == 0 {
            return length;
        }
    }
}

#[inline(never)]
fn pair(value: i64) -> (i64, bool) {
    value.overflowing_mul(3_037_000_500)
}

/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn turn(points: *mut Point, sine: f32, cosine: f32, n: u32) {
    let i = index();
    if i < n as usize {
        // SAFETY: the index is below `n`.
        unsafe { *points.add(i) = turned(turned(*points.add(i), sine, cosine), -sine, cosine) };
    }
}

/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn reverse_digits(data: *mut u32, n: u32) {
    let i = index();
    if i >= n as usize {
        return;
    }
    let mut own = [0; 16];
    // SAFETY: the index is below `n`.
    let value = unsafe { *data.add(i) };
    let length = digits(value, &mut own);
    let mut reversed = 0u32;
    for at in 0..length {
        reversed = reversed.wrapping_mul(10).wrapping_add(own[at & 15] as u32);
    }
    // SAFETY: as above.
    unsafe { *data.add(i) = reversed };
}

/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn products(
    data: *const i64,
    out: *mut i64,
    overflowed: *mut bool,
    n: u32,
) {
    let i = index();
    if i < n as usize {
        // SAFETY: the index is below `n`.
        unsafe { (*out.add(i), *overflowed.add(i)) = pair(*data.add(i)) };
    }
}

/// # Safety
/// Each array holds `n` elements.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn calculate(
    operations: *const u8,
    a: *const f32,
    b: *const f32,
    out: *mut f32,
    n: u32,
) {
    let i = index();
    if i >= n as usize {
        return;
    }
    // SAFETY: the index is below `n`.
    let (operation, x, y) = unsafe { (*operations.add(i), *a.add(i), *b.add(i)) };
    let result = match operation {
        0 => x + y,
        1 => x - y,
        2 => x * y,
        3 => x / y,
        4 => x * x + y,
        5 => {
            let mut halved = x;
            while halved > 1.0 {
                halved *= 0.5;
            }
            halved
        }
        6 => x.min(y),
        7 => -x,
        _ => f32::NAN,
    };
    // SAFETY: as above.
    unsafe { *out.add(i) = result };
}
