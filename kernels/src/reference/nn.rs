//! Activations and normalizations of neural networks.

use std::ops::Add;

use super::block::{greater, total};
use super::map;

/// `out[i] = x[i] / (1 + exp(-2u))` with `u = sqrt(2 / pi) * (x[i] + 0.044715 * x[i]^3)`: the usual approximation by a
/// hyperbolic tangent. Negative infinity gives NaN.
pub fn gelu(x: &[f32], out: &mut [f32]) {
    map(x, out, |x| {
        let u = 0.797_884_6 * (x + 0.044_715 * x * x * x);
        x / (1.0 + exp(-2.0 * u))
    });
}

/// `out[i] = 1 / (1 + exp(-x[i]))`
pub fn sigmoid(x: &[f32], out: &mut [f32]) {
    map(x, out, |x| 1.0 / (1.0 + exp(-x)));
}

/// `out[i] = x[i] / (1 + exp(-x[i]))`. Negative infinity gives NaN.
pub fn silu(x: &[f32], out: &mut [f32]) {
    map(x, out, |x| x / (1.0 + exp(-x)));
}

/// `out[r][i] = exp(x[r][i] - m) / s`, with `m` the greatest of the row and `s` the sum of the row's exponentials, in rows
/// of `columns` elements. A row with a NaN or an infinite `m` is NaN where `x[r][i] - m` is, and all NaN if its `s` is.
pub fn softmax(x: &[f32], out: &mut [f32], columns: usize) {
    for_each_row(x, out, columns, |x, out| {
        let greatest = total(x.iter().copied(), f32::NEG_INFINITY, greater);
        let power = |x: &f32| exp(x - greatest);
        let sum = total(x.iter().map(power), 0.0, f32::add);
        for (x, out) in x.iter().zip(out) {
            *out = power(x) / sum;
        }
    });
}

/// `out[r][i] = (x[r][i] - mean) / sqrt(variance + epsilon) * weight[i] + bias[i]`, of each row's mean and variance; a row
/// is as long as `weight`.
pub fn layer_norm(epsilon: f32, x: &[f32], weight: &[f32], bias: &[f32], out: &mut [f32]) {
    assert_eq!(weight.len(), bias.len(), "the arrays differ in length");
    let columns = weight.len();
    for_each_row(x, out, columns, |x, out| {
        let mean = total(x.iter().copied(), 0.0, f32::add) / columns as f32;
        let squares = x.iter().map(|x| (x - mean) * (x - mean));
        let variance = total(squares, 0.0, f32::add) / columns as f32;
        let deviation = (variance + epsilon).sqrt();
        for (place, (x, out)) in x.iter().zip(out).enumerate() {
            *out = (x - mean) / deviation * weight[place] + bias[place];
        }
    });
}

fn for_each_row(x: &[f32], out: &mut [f32], columns: usize, row: impl Fn(&[f32], &mut [f32])) {
    assert_eq!(x.len(), out.len(), "the arrays differ in length");
    if columns == 0 {
        return assert!(x.is_empty(), "rows without columns have no elements");
    }
    assert_eq!(x.len() % columns, 0, "`x` is not made of whole rows");
    for (x, out) in x.chunks(columns).zip(out.chunks_mut(columns)) {
        row(x, out);
    }
}

/// The coefficients of `(e^r - 1 - r) / r^2` where `r` is at most half of ln 2, highest power first: those of Cephes.
const COEFFICIENTS: [f32; 6] = [
    1.987_569_1e-4,
    1.398_199_9e-3,
    8.333_452e-3,
    4.166_579_6e-2,
    1.666_666_5e-1,
    0.5,
];

/// Ln 2 in two parts; the first has so few bits that a product with an exponent is exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

/// Added to a number and taken away again, it leaves an integer.
const ROUNDER: f32 = 12_582_912.0;

/// `e^x` from multiplications and additions alone, so that it gives the same bits on every device; within two units in
/// the last place. A NaN stays a NaN.
fn exp(x: f32) -> f32 {
    // Beyond these the result is infinite, or nearer to 0 than to any other number.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    let exponent = (x * std::f32::consts::LOG2_E + ROUNDER) - ROUNDER;
    let r = (x - exponent * LN_2[0]) - exponent * LN_2[1];
    let sum = COEFFICIENTS
        .iter()
        .skip(1)
        .fold(COEFFICIENTS[0], |sum, next| sum * r + next);
    let power = sum * r * r + r + 1.0;
    // In two steps, as 2^exponent may be no number of its own though the result is.
    let half = exponent as i32 >> 1;
    power * two_to(half) * two_to(exponent as i32 - half)
}

/// `2^exponent`, which is a normal number.
fn two_to(exponent: i32) -> f32 {
    f32::from_bits(((exponent + 127) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_within_two_units_in_the_last_place() {
        let mut x = -104.5f32;
        while x < 89.5 {
            let exact = f64::from(x).exp();
            let nearest = exact as f32;
            let unit = f64::from(nearest.next_up()) - f64::from(nearest);
            if nearest.is_infinite() {
                assert_eq!(exp(x), nearest, "exp({x})");
            } else {
                let error = (f64::from(exp(x)) - exact).abs();
                assert!(
                    error <= 2.0 * unit,
                    "exp({x}) is {} and not {exact}",
                    exp(x)
                );
            }
            x += 0.003_1;
        }
    }

    #[test]
    fn exponentials_of_no_ordinary_number_are_right() {
        assert_eq!(exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(-0.0), 1.0);
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn activations_agree_with_doubles() {
        let x: Vec<f32> = (-400..400).map(|i| i as f32 / 20.0).collect();
        let mut out = vec![0.0; x.len()];
        let close = |out: &[f32], exact: &dyn Fn(f64) -> f64| {
            for (x, out) in x.iter().zip(out) {
                let exact = exact(f64::from(*x));
                assert!(
                    (f64::from(*out) - exact).abs() <= 1e-6 * exact.abs().max(1.0),
                    "{x}: {out}, {exact}"
                );
            }
        };
        gelu(&x, &mut out);
        close(&out, &|x| {
            let u = std::f64::consts::FRAC_2_PI.sqrt() * (x + 0.044715 * x * x * x);
            0.5 * x * (1.0 + u.tanh())
        });
        sigmoid(&x, &mut out);
        close(&out, &|x| 1.0 / (1.0 + (-x).exp()));
        silu(&x, &mut out);
        close(&out, &|x| x / (1.0 + (-x).exp()));
    }

    #[test]
    fn softmax_gives_shares_of_one_even_of_large_numbers() {
        let mut out = [0.0; 4];
        softmax(&[1000.0, 1000.0, 0.0, 3.0f32.ln()], &mut out, 2);
        assert_eq!(out[..2], [0.5, 0.5]);
        assert!(
            (out[2] - 0.25).abs() < 1e-6 && (out[3] - 0.75).abs() < 1e-6,
            "{out:?}"
        );
    }

    #[test]
    fn layer_norm_centres_and_scales_each_row() {
        let mut out = [0.0; 4];
        layer_norm(
            0.0,
            &[1.0, 3.0, -10.0, 10.0],
            &[1.0, 2.0],
            &[0.0, 5.0],
            &mut out,
        );
        assert_eq!(out, [-1.0, 7.0, -1.0, 7.0]);
    }
}
