//! Many numbers to one.

use std::ops::Add;

use super::block::{THREADS, greater, less, total};

/// How many elements give one number.
const CHUNK: usize = 1024;

/// `out[i]` is the sum of the `i`th 1024 elements of `x`.
pub fn sum(x: &[f32], out: &mut [f32]) {
    chunks(x, out, 0.0, f32::add);
}

/// `out[i]` is the sum of the `i`th 1024 elements of `x`, wrapping round.
pub fn sum_u32(x: &[u32], out: &mut [u32]) {
    chunks(x, out, 0, u32::wrapping_add);
}

/// `out[i]` is the sum of the products of the `i`th 1024 elements of `a` and `b`.
pub fn dot(a: &[f32], b: &[f32], out: &mut [f32]) {
    assert_eq!(a.len(), b.len(), "the arrays differ in length");
    let products: Vec<_> = a.iter().zip(b).map(|(a, b)| a * b).collect();
    chunks(&products, out, 0.0, f32::add);
}

/// `out[i]` is the greatest of the `i`th 1024 elements of `x`, or NaN where one of them is.
pub fn maximum(x: &[f32], out: &mut [f32]) {
    chunks(x, out, f32::NEG_INFINITY, greater);
}

/// `out[i]` is the least of the `i`th 1024 elements of `x`, or NaN where one of them is.
pub fn minimum(x: &[f32], out: &mut [f32]) {
    chunks(x, out, f32::INFINITY, less);
}

/// Adds to `out[v]` how many elements of `x` are `v`, wrapping round; a `v` past the end of `out` is not counted.
pub fn histogram(x: &[u32], out: &mut [u32]) {
    for value in x {
        if let Some(count) = out.get_mut(*value as usize) {
            *count = count.wrapping_add(1);
        }
    }
}

/// `out[r][i]` is the sum of `x[r][0]` to `x[r][i]`, in rows of `columns` elements.
pub fn inclusive_scan(x: &[f32], out: &mut [f32], columns: usize) {
    scan(x, out, columns, 0.0, f32::add);
}

/// `out[r][i]` is the sum of `x[r][0]` to `x[r][i]`, wrapping round, in rows of `columns` elements.
pub fn inclusive_scan_u32(x: &[u32], out: &mut [u32], columns: usize) {
    scan(x, out, columns, 0, u32::wrapping_add);
}

fn chunks<T: Copy>(x: &[T], out: &mut [T], identity: T, combine: impl Fn(T, T) -> T) {
    assert_eq!(
        out.len(),
        x.len().div_ceil(CHUNK),
        "`out` has not one element for each 1024 of `x`"
    );
    for (chunk, out) in x.chunks(CHUNK).zip(out) {
        *out = total(chunk.iter().copied(), identity, &combine);
    }
}

/// Scans each row by warps of 32 elements: the sums before a warp are added to those within it.
fn scan<T: Copy>(x: &[T], out: &mut [T], columns: usize, zero: T, add: impl Fn(T, T) -> T) {
    assert_eq!(x.len(), out.len(), "the arrays differ in length");
    if columns == 0 {
        return assert!(x.is_empty(), "rows without columns have no elements");
    }
    assert_eq!(x.len() % columns, 0, "`x` is not made of whole rows");
    for (x, out) in x.chunks(columns).zip(out.chunks_mut(columns)) {
        let mut before = zero;
        for (x, out) in x.chunks(WARP).zip(out.chunks_mut(WARP)) {
            let mut within = [zero; WARP];
            within[..x.len()].copy_from_slice(x);
            scan_warp(&mut within, &add);
            for (out, within) in out.iter_mut().zip(within) {
                *out = add(before, within);
            }
            before = add(before, within[WARP - 1]);
        }
    }
}

/// The threads of a warp.
const WARP: usize = 32;
const _: () = assert!(THREADS.is_multiple_of(WARP));

/// Adds to each value the one 1, 2, 4, 8 and then 16 places before it.
fn scan_warp<T: Copy>(values: &mut [T; WARP], add: impl Fn(T, T) -> T) {
    for by in [1, 2, 4, 8, 16] {
        for place in (by..WARP).rev() {
            values[place] = add(values[place - by], values[place]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_chunk_has_a_sum_of_its_own() {
        let x = vec![1.0; 2500];
        let mut out = [0.0; 3];
        sum(&x, &mut out);
        assert_eq!(out, [1024.0, 1024.0, 452.0]);
        dot(&x, &x, &mut out);
        assert_eq!(out, [1024.0, 1024.0, 452.0]);
    }

    #[test]
    fn the_greatest_and_the_least_are_found_anywhere_and_nan_is_both() {
        let mut x: Vec<f32> = (0..700).map(|i| i as f32).collect();
        let (mut greatest, mut least) = ([0.0], [0.0]);
        maximum(&x, &mut greatest);
        minimum(&x, &mut least);
        assert_eq!((greatest, least), ([699.0], [0.0]));
        x[333] = f32::NAN;
        maximum(&x, &mut greatest);
        minimum(&x, &mut least);
        assert!(greatest[0].is_nan() && least[0].is_nan());
    }

    #[test]
    fn scans_start_anew_in_each_row() {
        let mut out = vec![0; 600];
        inclusive_scan_u32(&[1; 600], &mut out, 300);
        let row: Vec<u32> = (1..=300).collect();
        assert_eq!(out, [row.clone(), row].concat());
    }

    #[test]
    fn values_that_have_no_bin_are_not_counted() {
        let mut out = [10, 0, 0];
        histogram(&[0, 2, 2, 3, u32::MAX], &mut out);
        assert_eq!(out, [11, 0, 2]);
    }
}
