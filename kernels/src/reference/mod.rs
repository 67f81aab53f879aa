//! Each kernel in plain Rust, for whoever wants to check a device.
//!
//! A device gives the same bits, with one exception: which NaN comes out of an operation on floats is the device's
//! choice. Every operation rounds by itself, to nearest and ties to even, and keeps subnormal numbers; no product is fused
//! with the sum after it.
//!
//! Arrays are as long as the kernel's signature says: a function panics otherwise. Where a kernel is told a count that an
//! array's length tells as well, a function takes that length.

use std::ops::{Add, Mul};

mod block;
mod matrix;
mod nn;
mod reduce;

pub use matrix::{matmul, transpose};
pub use nn::{gelu, layer_norm, sigmoid, silu, softmax};
pub use reduce::{
    dot, histogram, inclusive_scan, inclusive_scan_u32, maximum, minimum, sum, sum_u32,
};

/// `out[i] = a[i] + b[i]`
pub fn vector_add(a: &[f32], b: &[f32], out: &mut [f32]) {
    zip(a, b, out, Add::add);
}

/// `out[i] = a[i] + b[i]`
pub fn vector_add_f64(a: &[f64], b: &[f64], out: &mut [f64]) {
    zip(a, b, out, Add::add);
}

/// `out[i] = a[i] + b[i]`, wrapping round.
pub fn vector_add_u32(a: &[u32], b: &[u32], out: &mut [u32]) {
    zip(a, b, out, u32::wrapping_add);
}

/// `out[i] = a[i] * b[i]`
pub fn hadamard(a: &[f32], b: &[f32], out: &mut [f32]) {
    zip(a, b, out, Mul::mul);
}

/// `out[i] = a[i] * b[i]`
pub fn hadamard_f64(a: &[f64], b: &[f64], out: &mut [f64]) {
    zip(a, b, out, Mul::mul);
}

/// `out[i] = a * x[i]`
pub fn scale(a: f32, x: &[f32], out: &mut [f32]) {
    map(x, out, |x| a * x);
}

/// `out[i] = a * x[i]`
pub fn scale_f64(a: f64, x: &[f64], out: &mut [f64]) {
    map(x, out, |x| a * x);
}

/// `y[i] = a * x[i] + y[i]`
pub fn saxpy(a: f32, x: &[f32], y: &mut [f32]) {
    update(x, y, |x, y| a * x + y);
}

/// `y[i] = a * x[i] + y[i]`
pub fn daxpy(a: f64, x: &[f64], y: &mut [f64]) {
    update(x, y, |x, y| a * x + y);
}

/// `y[i] = a * x[i] + b * y[i]`
pub fn axpby(a: f32, b: f32, x: &[f32], y: &mut [f32]) {
    update(x, y, |x, y| a * x + b * y);
}

/// `y[i] = a * x[i] + b * y[i]`
pub fn axpby_f64(a: f64, b: f64, x: &[f64], y: &mut [f64]) {
    update(x, y, |x, y| a * x + b * y);
}

/// `out[i] = x[2 * i] + x[2 * i + 1]`, wrapping round.
pub fn sum_pairs_u32(x: &[u32], out: &mut [u32]) {
    assert_eq!(x.len(), 2 * out.len(), "`x` is not twice as long as `out`");
    for (pair, out) in x.chunks_exact(2).zip(out) {
        *out = pair[0].wrapping_add(pair[1]);
    }
}

/// `out[i] = 0` where `x[i]` is negative, else `x[i]`: a NaN stays a NaN, and a zero keeps its sign.
pub fn relu(x: &[f32], out: &mut [f32]) {
    map(x, out, |x| if x < 0.0 { 0.0 } else { x });
}

/// `out[i]` is `x[i]` raised to at least `low`, then lowered to at most `high`; a NaN stays a NaN.
///
/// Unlike [`f32::clamp`] it takes a `low` above `high`, and then gives `high`.
pub fn clamp(low: f32, high: f32, x: &[f32], out: &mut [f32]) {
    map(x, out, |x| limit(low, high, x));
}

/// `out[i]` is `x[i]` raised to at least `low`, then lowered to at most `high`.
///
/// Unlike [`u32::clamp`] it takes a `low` above `high`, and then gives `high`.
pub fn clamp_u32(low: u32, high: u32, x: &[u32], out: &mut [u32]) {
    map(x, out, |x| limit(low, high, x));
}

/// `out[i] = value`
pub fn fill(value: f32, out: &mut [f32]) {
    out.fill(value);
}

/// `out[i] = value`
pub fn fill_f64(value: f64, out: &mut [f64]) {
    out.fill(value);
}

/// `out[i] = value`
pub fn fill_u32(value: u32, out: &mut [u32]) {
    out.fill(value);
}

/// `out[i] = start + i`, wrapping round.
pub fn iota_u32(start: u32, out: &mut [u32]) {
    let mut next = start;
    for out in out {
        *out = next;
        next = next.wrapping_add(1);
    }
}

fn limit<T: PartialOrd>(low: T, high: T, value: T) -> T {
    let raised = if value < low { low } else { value };
    if raised > high { high } else { raised }
}

fn map<T: Copy>(x: &[T], out: &mut [T], operation: impl Fn(T) -> T) {
    assert_eq!(x.len(), out.len(), "the arrays differ in length");
    for (x, out) in x.iter().zip(out) {
        *out = operation(*x);
    }
}

fn zip<T: Copy>(a: &[T], b: &[T], out: &mut [T], operation: impl Fn(T, T) -> T) {
    assert!(
        a.len() == out.len() && b.len() == out.len(),
        "the arrays differ in length"
    );
    for ((a, b), out) in a.iter().zip(b).zip(out) {
        *out = operation(*a, *b);
    }
}

fn update<T: Copy>(x: &[T], y: &mut [T], operation: impl Fn(T, T) -> T) {
    assert_eq!(x.len(), y.len(), "the arrays differ in length");
    for (x, y) in x.iter().zip(y) {
        *y = operation(*x, *y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saxpy_rounds_the_product_before_the_sum() {
        let a = 1.0 + f32::EPSILON;
        let mut y = [-(a * a)];
        saxpy(a, &[a], &mut y);
        assert_eq!(
            y,
            [0.0],
            "a fused operation would leave the product's rounding error"
        );
    }

    #[test]
    fn axpby_scales_both_arrays() {
        let mut y = [1.0, 2.0];
        axpby(2.0, 10.0, &[3.0, 4.0], &mut y);
        assert_eq!(y, [16.0, 28.0]);
    }

    #[test]
    fn relu_keeps_nan_and_the_sign_of_zero() {
        let mut out = [1.0; 4];
        relu(&[f32::NAN, -0.0, -3.0, f32::INFINITY], &mut out);
        assert!(out[0].is_nan());
        assert_eq!(out[1].to_bits(), (-0.0f32).to_bits());
        assert_eq!(out[2..], [0.0, f32::INFINITY]);
    }

    #[test]
    fn clamp_gives_the_upper_limit_when_the_limits_cross() {
        let mut out = [0.0; 3];
        clamp(-1.0, 1.0, &[-2.0, 0.5, 2.0], &mut out);
        assert_eq!(out, [-1.0, 0.5, 1.0]);
        clamp(1.0, -1.0, &[-2.0, 0.5, 2.0], &mut out);
        assert_eq!(out, [-1.0; 3]);
    }

    #[test]
    fn integers_wrap_round() {
        let mut out = [0; 2];
        vector_add_u32(&[u32::MAX, 1], &[2, 3], &mut out);
        assert_eq!(out, [1, 4]);
        sum_pairs_u32(&[u32::MAX, 1, 2, 3], &mut out);
        assert_eq!(out, [0, 5]);
        iota_u32(u32::MAX, &mut out);
        assert_eq!(out, [u32::MAX, 0]);
    }

    #[test]
    #[should_panic(expected = "the arrays differ in length")]
    fn arrays_of_different_lengths_are_refused() {
        vector_add(&[1.0], &[1.0, 2.0], &mut [0.0, 0.0]);
    }
}
