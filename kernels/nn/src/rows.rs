//! Normalizations of rows, a block to a row.

use device::{Shared, THREADS, for_each_of_block, shared, thread, total};

use crate::exp::exp;

/// Calls `element` with each column that is this thread's.
#[inline(always)]
fn for_each_column(columns: u64, mut element: impl FnMut(usize)) {
    let mut column = thread() as u64;
    while column < columns {
        element(column as usize);
        column += THREADS as u64;
    }
}

/// All values of a row combined, in every thread.
///
/// # Safety
/// All [`THREADS`] threads of the block come here, for which `scratch` has room.
#[inline(always)]
unsafe fn combine_row(
    scratch: Shared,
    identity: f32,
    combine: impl Fn(f32, f32) -> f32,
    value: impl Fn(usize) -> f32,
    columns: u64,
) -> f32 {
    let mut own = identity;
    for_each_column(columns, |column| own = combine(own, value(column)));
    // SAFETY: as promised by the caller.
    unsafe { total(scratch, own, combine) }
}

/// `out[r][i] = exp(x[r][i] - m) / s`, with `m` the greatest of the row and `s` the sum of the row's exponentials.
///
/// # Safety
/// Each array holds `rows` rows of `columns` elements; blocks have 256 threads.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn softmax(x: *const f32, out: *mut f32, rows: u64, columns: u64) {
    let scratch = shared!("scratch", 256);
    let greater = |a: f32, b: f32| if a > b || a.is_nan() { a } else { b };
    for_each_of_block(rows, |row| {
        let start = (row * columns) as usize;
        // SAFETY: all threads of the block come here, and columns are within the row.
        unsafe {
            let (x, out) = (x.add(start), out.add(start));
            let greatest = combine_row(scratch, f32::NEG_INFINITY, greater, |i| *x.add(i), columns);
            let power = |i| exp(*x.add(i) - greatest);
            let sum = combine_row(scratch, 0.0, |a, b| a + b, power, columns);
            for_each_column(columns, |i| *out.add(i) = power(i) / sum);
        }
    });
}

/// `out[r][i] = (x[r][i] - mean) / sqrt(variance + epsilon) * weight[i] + bias[i]`, of the row's mean and variance.
///
/// # Safety
/// `x` and `out` hold `rows` rows of `columns` elements, `weight` and `bias` one row; blocks have 256 threads.
#[unsafe(no_mangle)]
pub unsafe extern "ptx-kernel" fn layer_norm(
    epsilon: f32,
    x: *const f32,
    weight: *const f32,
    bias: *const f32,
    out: *mut f32,
    rows: u64,
    columns: u64,
) {
    let scratch = shared!("scratch", 256);
    let add = |a: f32, b: f32| a + b;
    for_each_of_block(rows, |row| {
        let start = (row * columns) as usize;
        // SAFETY: all threads of the block come here, and columns are within the rows.
        unsafe {
            let (x, out) = (x.add(start), out.add(start));
            let mean = combine_row(scratch, 0.0, add, |i| *x.add(i), columns) / columns as f32;
            let square = |i| (*x.add(i) - mean) * (*x.add(i) - mean);
            let variance = combine_row(scratch, 0.0, add, square, columns) / columns as f32;
            let deviation = core::f32::math::sqrt(variance + epsilon);
            for_each_column(columns, |i| {
                *out.add(i) = (*x.add(i) - mean) / deviation * *weight.add(i) + *bias.add(i);
            });
        }
    });
}
