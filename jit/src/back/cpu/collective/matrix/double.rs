//! `fma` of doubles in every rounding of PTX.

use crate::ir::{Instruction, Modifier};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounding {
    Nearest,
    Zero,
    Down,
    Up,
}

impl Rounding {
    /// The one that an instruction names, else to the nearest.
    pub(super) fn of(instruction: &Instruction) -> Self {
        let named = [
            (Modifier::Rz, Self::Zero),
            (Modifier::Rm, Self::Down),
            (Modifier::Rp, Self::Up),
        ];
        super::super::chosen(instruction, &named).unwrap_or(Self::Nearest)
    }
}

/// `a * b + c`, rounded once. The directed roundings are exact unless the lower half of the product is below the smallest double.
pub(super) fn fused(a: f64, b: f64, c: f64, rounding: Rounding) -> f64 {
    let nearest = a.mul_add(b, c);
    if rounding == Rounding::Nearest || nearest.is_nan() {
        return nearest;
    }
    if nearest.is_infinite() {
        let is_exact = a.is_infinite() || b.is_infinite() || c.is_infinite();
        return if is_exact {
            nearest
        } else {
            beside_overflow(nearest, rounding)
        };
    }
    let error = error(a, b, c, nearest);
    match rounding {
        // A sum of zero whose terms are not is negative when rounding down.
        Rounding::Down if nearest == 0.0 && error == 0.0 && (c != 0.0 || is_negative(a, b, c)) => {
            -0.0
        }
        Rounding::Down if error < 0.0 => nearest.next_down(),
        Rounding::Up if error > 0.0 => nearest.next_up(),
        Rounding::Zero if nearest > 0.0 && error < 0.0 => nearest.next_down(),
        Rounding::Zero if nearest < 0.0 && error > 0.0 => nearest.next_up(),
        _ => nearest,
    }
}

/// Whether one of the two terms is a negative zero.
fn is_negative(a: f64, b: f64, c: f64) -> bool {
    (a * b).is_sign_negative() || c.is_sign_negative()
}

/// What is too large for a double, when it is not rounded away from zero.
fn beside_overflow(infinity: f64, rounding: Rounding) -> f64 {
    match rounding {
        Rounding::Zero => f64::MAX.copysign(infinity),
        Rounding::Down => infinity.min(f64::MAX),
        Rounding::Up => infinity.max(f64::MIN),
        Rounding::Nearest => infinity,
    }
}

/// What is missing from the nearest double (Boldo and Muller, "Exact and approximated error of the FMA"); its sign is exact.
fn error(a: f64, b: f64, c: f64, nearest: f64) -> f64 {
    let high = a * b;
    let low = a.mul_add(b, -high);
    let (partial, rest) = two_sum(c, low);
    let (sum, lost) = two_sum(high, partial);
    let gamma = (sum - nearest) + lost;
    gamma + rest
}

/// A sum, and what rounding it lost.
fn two_sum(x: f64, y: f64) -> (f64, f64) {
    let sum = x + y;
    let of_y = sum - x;
    let lost = (x - (sum - of_y)) + (y - of_y);
    (sum, lost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Rounding::{Down, Nearest, Up, Zero};

    #[test]
    fn each_rounding_falls_on_its_side() {
        let tiny = f64::from(-80).exp2();
        let above = 1.0f64.next_up();
        let below = 1.0f64.next_down();
        let results = [Nearest, Zero, Down, Up].map(|way| fused(tiny, 1.0, 1.0, way));
        assert_eq!(results, [1.0, 1.0, 1.0, above]);
        let results = [Nearest, Zero, Down, Up].map(|way| fused(-tiny, 1.0, 1.0, way));
        assert_eq!(results, [1.0, below, below, 1.0]);
        let results = [Nearest, Zero, Down, Up].map(|way| fused(tiny, 1.0, -1.0, way));
        assert_eq!(results, [-1.0, -below, -1.0, -below]);
    }

    #[test]
    fn what_is_too_large_is_rounded_too() {
        let results = [Nearest, Zero, Down, Up].map(|way| fused(f64::MAX, 2.0, 0.0, way));
        assert_eq!(results, [f64::INFINITY, f64::MAX, f64::MAX, f64::INFINITY]);
    }

    #[test]
    fn a_difference_of_equals_is_negative_zero_when_rounding_down() {
        assert!(fused(1.0, 1.0, -1.0, Down).is_sign_negative());
        assert!(fused(1.0, 1.0, -1.0, Up).is_sign_positive());
        assert!(fused(0.0, 0.0, 0.0, Down).is_sign_positive());
    }
}
