//! The exponential function from multiplications and additions alone, so that it gives the same bits everywhere.

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

/// `e^x`, within two units in the last place; a NaN stays a NaN.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // Beyond these the result is infinite, or nearer to 0 than to any other number.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    let exponent = (x * core::f32::consts::LOG2_E + ROUNDER) - ROUNDER;
    let r = (x - exponent * LN_2[0]) - exponent * LN_2[1];
    let mut sum = COEFFICIENTS[0];
    sum = sum * r + COEFFICIENTS[1];
    sum = sum * r + COEFFICIENTS[2];
    sum = sum * r + COEFFICIENTS[3];
    sum = sum * r + COEFFICIENTS[4];
    sum = sum * r + COEFFICIENTS[5];
    let power = sum * r * r + r + 1.0;
    // In two steps, as 2^exponent may be no number of its own though the result is.
    let half = exponent as i32 >> 1;
    power * two_to(half) * two_to(exponent as i32 - half)
}

/// `2^exponent`, which is a normal number.
#[inline(always)]
fn two_to(exponent: i32) -> f32 {
    f32::from_bits(((exponent + 127) as u32) << 23)
}
