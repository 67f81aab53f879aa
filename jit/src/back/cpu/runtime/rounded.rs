//! Arithmetic and conversions that round in a direction of their own, which processors of this kind only do by a mode.

use super::exact::{self, Direction, Exact, Format};

/// What is computed; the operands that it does not have are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Add = 0,
    Sub = 1,
    Mul = 2,
    Fma = 3,
    Div = 4,
    Rcp = 5,
    Sqrt = 6,
}

impl Operation {
    fn from_code(code: u32) -> Self {
        match code {
            0 => Self::Add,
            1 => Self::Sub,
            2 => Self::Mul,
            3 => Self::Fma,
            4 => Self::Div,
            5 => Self::Rcp,
            _ => Self::Sqrt,
        }
    }

    /// The number that compiled code says what it wants with.
    pub(crate) fn code(self, direction: Direction) -> u32 {
        (self as u32) << 2 | direction as u32
    }

    /// The result rounded to nearest: right wherever nothing is rounded.
    fn nearest(self, a: f64, b: f64, c: f64) -> f64 {
        match self {
            Self::Add => a + b,
            Self::Sub => a - b,
            Self::Mul => a * b,
            Self::Fma => a.mul_add(b, c),
            Self::Div => a / b,
            Self::Rcp => 1.0 / a,
            Self::Sqrt => a.sqrt(),
        }
    }

    fn arity(self) -> usize {
        match self {
            Self::Rcp | Self::Sqrt => 1,
            Self::Fma => 3,
            _ => 2,
        }
    }

    /// The result for operands that have one and are finite.
    fn exact(self, a: f64, b: f64, c: f64, direction: Direction) -> Exact {
        let (a, b) = (Exact::of(a), Exact::of(b));
        match self {
            Self::Add => a.sum(b, direction),
            Self::Sub => a.sum(b.negated(), direction),
            Self::Mul => a.product(b),
            Self::Fma => a.product(b).sum(Exact::of(c), direction),
            Self::Div => a.quotient(b),
            Self::Rcp => Exact::of(1.0).quotient(a),
            Self::Sqrt => a.root(),
        }
    }
}

fn compute(code: u32, operands: [f64; 3], format: Format) -> u64 {
    let (operation, direction) = (Operation::from_code(code >> 2), Direction::from_code(code));
    let [a, b, c] = operands;
    let is_finite = operands[..operation.arity()].iter().all(|x| x.is_finite());
    let by_zero = match operation {
        Operation::Div => b == 0.0,
        Operation::Rcp => a == 0.0,
        _ => false,
    };
    let negative_root = operation == Operation::Sqrt && a < 0.0;
    if !is_finite || by_zero || negative_root {
        return exact::round(operation.nearest(a, b, c), format, direction);
    }
    operation.exact(a, b, c, direction).round(format, direction)
}

/// `.f32` arithmetic; the code is that of [`Operation::code`].
pub(super) extern "C" fn rounded_f32(code: u32, a: f32, b: f32, c: f32) -> f32 {
    let bits = compute(code, [a, b, c].map(f64::from), Format::F32);
    f32::from_bits(bits as u32)
}

/// `.f64` arithmetic, as above.
pub(super) extern "C" fn rounded_f64(code: u32, a: f64, b: f64, c: f64) -> f64 {
    f64::from_bits(compute(code, [a, b, c], Format::F64))
}

/// The number that compiled code says with which number of which format it wants.
pub(crate) fn conversion_code(format: Format, direction: Direction) -> u32 {
    (format as u32) << 2 | direction as u32
}

/// The bits of a number in a format; the code is that of [`conversion_code`].
pub(super) extern "C" fn round_float(code: u32, value: f64) -> u64 {
    exact::round(
        value,
        Format::from_code(code >> 2),
        Direction::from_code(code),
    )
}

/// The same of an integer without a sign.
pub(super) extern "C" fn round_unsigned(code: u32, value: u64) -> u64 {
    Exact::integer(false, value).round(Format::from_code(code >> 2), Direction::from_code(code))
}

/// The same of an integer with a sign.
pub(super) extern "C" fn round_signed(code: u32, value: i64) -> u64 {
    Exact::integer(value < 0, value.unsigned_abs())
        .round(Format::from_code(code >> 2), Direction::from_code(code))
}
