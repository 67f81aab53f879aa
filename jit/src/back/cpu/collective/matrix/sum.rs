//! The arithmetic of a product of matrices.
//!
//! The PTX ISA leaves the order and the rounding of sums of floats open, and tensor cores add a block of products at once, cutting off
//! what lies far below the largest. Here products are exact, and an element's sum is that of `c` and of its products by ascending `k` in
//! doubles, rounded once at the end. It lies within half a unit in the last place, and `(k + 1) * 2^-53` of the sum of all magnitudes, of
//! the exact one. A tensor core's lies within `(k + 1) * 2^-22` of the largest magnitude times the number of terms; so far the
//! two may be apart.
//!
//! Doubles are added by `fma`, by ascending `k`, as tensor cores do. Integers are exact: they wrap around, or with `.satfinite` the
//! exact sum is brought into range.

use super::double::{Rounding, fused};
use super::element;
use crate::ir::{Instruction, MatrixShape, Modifier, Type};

/// How elements are multiplied and added.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sum {
    Float,
    Double(Rounding),
    Integer {
        saturates: bool,
    },
    /// Bits that both have, or that one has.
    Bits {
        both: bool,
    },
}

/// The matrices' values, row by row.
pub(super) struct Matrices<'a, T> {
    pub(super) a: &'a [T],
    pub(super) b: &'a [T],
    pub(super) c: Vec<T>,
}

impl Sum {
    pub(super) fn of(instruction: &Instruction, factor: Type) -> Self {
        match factor {
            Type::F64 => Self::Double(Rounding::of(instruction)),
            Type::B1 => Self::Bits {
                both: instruction.has(Modifier::And),
            },
            Type::U8 | Type::S8 | Type::U4 | Type::S4 => Self::Integer {
                saturates: instruction.has(Modifier::SatFinite),
            },
            _ => Self::Float,
        }
    }

    /// Products of floats.
    pub(super) fn of_floats(self, shape: MatrixShape, matrices: Matrices<'_, f64>) -> Vec<f64> {
        match self {
            Self::Double(rounding) => {
                accumulate(shape, matrices, |a, b, c| fused(a, b, c, rounding))
            }
            _ => accumulate(shape, matrices, |a, b, c| c + a * b),
        }
    }

    /// Products of integers or bits; what wraps around does so when it is stored.
    pub(super) fn of_integers(self, shape: MatrixShape, matrices: Matrices<'_, i64>) -> Vec<i64> {
        match self {
            Self::Bits { both: true } => accumulate(shape, matrices, |a, b, c| c + (a & b)),
            Self::Bits { both: false } => accumulate(shape, matrices, |a, b, c| c + (a ^ b)),
            _ => {
                let mut sums = accumulate(shape, matrices, |a, b, c| c + a * b);
                if let Self::Integer { saturates: true } = self {
                    let (least, most) = (i64::from(i32::MIN), i64::from(i32::MAX));
                    sums.iter_mut()
                        .for_each(|sum| *sum = (*sum).clamp(least, most));
                }
                sums
            }
        }
    }

    pub(super) fn is_of_floats(self) -> bool {
        matches!(self, Self::Float | Self::Double(_))
    }
}

/// `c + a * b` for one product behind the other; each element's products are added by ascending `k`.
fn accumulate<T: Copy>(
    shape: MatrixShape,
    matrices: Matrices<'_, T>,
    add: impl Fn(T, T, T) -> T,
) -> Vec<T> {
    let [m, n, k] = [shape.m, shape.n, shape.k].map(|extent| extent as usize);
    let Matrices { a, b, mut c } = matrices;
    let factors = a.chunks_exact(m * k).zip(b.chunks_exact(k * n));
    for (sums, (a, b)) in c.chunks_exact_mut(m * n).zip(factors) {
        for (sums, a) in sums.chunks_exact_mut(n).zip(a.chunks_exact(k)) {
            for (a, b) in a.iter().zip(b.chunks_exact(n)) {
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = add(*a, *b, *sum);
                }
            }
        }
    }
    c
}

/// The bits of a result.
pub(super) fn integer_bits(value: i64) -> u64 {
    u64::from(value as u32)
}

/// The bits of a result.
pub(super) fn float_bits(value: f64, ty: Type) -> u64 {
    element::rounded(value, ty)
}
