//! Numbers that are exact until they are rounded once, into any format and in any direction.

use std::cmp::Ordering;

/// In which direction a number between two of a format is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// To the nearest, to the even one of two that are as near.
    Nearest = 0,
    /// Towards zero.
    Zero = 1,
    /// Towards minus infinity.
    Down = 2,
    /// Towards plus infinity.
    Up = 3,
}

impl Direction {
    /// The direction of this number.
    pub(super) fn from_code(code: u32) -> Self {
        match code & 3 {
            0 => Self::Nearest,
            1 => Self::Zero,
            2 => Self::Down,
            _ => Self::Up,
        }
    }
}

/// A binary floating-point format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `.f16`.
    F16 = 0,
    /// `.bf16`.
    Bf16 = 1,
    /// `.f32`.
    F32 = 2,
    /// `.f64`.
    F64 = 3,
    /// Each half of `.e4m3x2`: what is too large, infinity too, becomes the largest number.
    E4m3 = 4,
    /// Each half of `.e5m2x2`, as above.
    E5m2 = 5,
}

impl Format {
    /// The format of this number.
    pub(super) fn from_code(code: u32) -> Self {
        match code {
            0 => Self::F16,
            1 => Self::Bf16,
            2 => Self::F32,
            3 => Self::F64,
            4 => Self::E4m3,
            _ => Self::E5m2,
        }
    }

    /// The bits of a number, without the sign: those of the exponent, and those of the fraction.
    fn widths(self) -> (u32, u32) {
        match self {
            Self::F16 => (5, 10),
            Self::Bf16 => (8, 7),
            Self::F32 => (8, 23),
            Self::F64 => (11, 52),
            Self::E4m3 => (4, 3),
            Self::E5m2 => (5, 2),
        }
    }

    /// The exponent of the smallest number.
    fn lowest_exponent(self) -> i32 {
        let (exponent, fraction) = self.widths();
        2 - (1 << (exponent - 1)) - fraction as i32
    }

    /// The bits of the largest number.
    fn largest(self) -> u64 {
        match self {
            // The format has no infinity: one pattern alone is kept for NaN.
            Self::E4m3 => 0x7e,
            _ => self.exponent_bits() - 1,
        }
    }

    /// The bits of the number's exponent, all set: infinity, where there is one.
    fn exponent_bits(self) -> u64 {
        let (exponent, fraction) = self.widths();
        ((1 << exponent) - 1) << fraction
    }

    fn saturates(self) -> bool {
        matches!(self, Self::E4m3 | Self::E5m2)
    }

    /// A NaN whose bits are all set but the sign, as the PTX ISA asks for.
    fn nan(self) -> u64 {
        let (exponent, fraction) = self.widths();
        (1 << (exponent + fraction)) - 1
    }

    fn sign(self, negative: bool) -> u64 {
        let (exponent, fraction) = self.widths();
        u64::from(negative) << (exponent + fraction)
    }
}

/// A number of which, when bits had to be left out, the lowest one is set: enough to round it, as long as it has two bits more
/// than the format.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exact {
    negative: bool,
    magnitude: u128,
    exponent: i32,
}

impl Exact {
    /// A finite number.
    pub(super) fn of(value: f64) -> Self {
        let bits = value.to_bits();
        let (field, fraction) = ((bits >> 52 & 0x7ff) as i32, bits & ((1 << 52) - 1));
        let (magnitude, exponent) = match field {
            0 => (fraction, -1074),
            _ => (fraction | 1 << 52, field - 1075),
        };
        Self {
            negative: value.is_sign_negative(),
            magnitude: u128::from(magnitude),
            exponent,
        }
    }

    /// An integer.
    pub(super) fn integer(negative: bool, magnitude: u64) -> Self {
        Self {
            negative,
            magnitude: u128::from(magnitude),
            exponent: 0,
        }
    }

    pub(super) fn negated(self) -> Self {
        Self {
            negative: !self.negative,
            ..self
        }
    }

    /// A product of two numbers of at most 64 bits.
    pub(super) fn product(self, other: Self) -> Self {
        Self {
            negative: self.negative != other.negative,
            magnitude: self.magnitude * other.magnitude,
            exponent: self.exponent + other.exponent,
        }
    }

    /// A sum; the sign of one that is zero depends on the direction in which it will be rounded (IEEE 754, 6.3).
    pub(super) fn sum(self, other: Self, direction: Direction) -> Self {
        match (self.magnitude, other.magnitude) {
            (0, 0) if self.negative == other.negative => return self,
            (0, 0) => return self.zero(direction),
            (0, _) => return other,
            (_, 0) => return self,
            _ => {}
        }
        let (a, b) = (self.aligned(), other.aligned());
        let (large, small) = if a.exponent >= b.exponent {
            (a, b)
        } else {
            (b, a)
        };
        let shifted = shifted_out(small.magnitude, large.exponent.abs_diff(small.exponent));
        let (negative, magnitude) = if large.negative == small.negative {
            (large.negative, large.magnitude + shifted)
        } else {
            match large.magnitude.cmp(&shifted) {
                Ordering::Greater => (large.negative, large.magnitude - shifted),
                Ordering::Less => (small.negative, shifted - large.magnitude),
                Ordering::Equal => return self.zero(direction),
            }
        };
        Self {
            negative,
            magnitude,
            exponent: large.exponent,
        }
    }

    fn zero(self, direction: Direction) -> Self {
        Self {
            negative: direction == Direction::Down,
            magnitude: 0,
            exponent: self.exponent,
        }
    }

    /// A quotient by a number of at most 64 bits that is not zero.
    pub(super) fn quotient(self, other: Self) -> Self {
        if self.magnitude == 0 {
            let negative = self.negative != other.negative;
            return Self { negative, ..self };
        }
        let dividend = self.aligned();
        let quotient = dividend.magnitude / other.magnitude;
        let exact = dividend.magnitude.is_multiple_of(other.magnitude);
        Self {
            negative: self.negative != other.negative,
            magnitude: quotient | u128::from(!exact),
            exponent: dividend.exponent - other.exponent,
        }
    }

    /// The root of a number that is not negative.
    pub(super) fn root(self) -> Self {
        if self.magnitude == 0 {
            return self;
        }
        let square = self.aligned();
        let odd = square.exponent & 1;
        let magnitude = square.magnitude << odd;
        let root = magnitude.isqrt();
        Self {
            negative: self.negative,
            magnitude: root | u128::from(root * root != magnitude),
            exponent: (square.exponent - odd) / 2,
        }
    }

    /// The same number, the highest bit of its magnitude two below the top: room for a sum.
    fn aligned(self) -> Self {
        let unused = self.magnitude.leading_zeros() - 2;
        Self {
            magnitude: self.magnitude << unused,
            exponent: self.exponent - unused as i32,
            ..self
        }
    }

    /// The bits of the format's number in that direction.
    pub(super) fn round(self, format: Format, direction: Direction) -> u64 {
        let sign = format.sign(self.negative);
        if self.magnitude == 0 {
            return sign;
        }
        let (_, fraction) = format.widths();
        let length = (u128::BITS - self.magnitude.leading_zeros()) as i32;
        let lowest = format.lowest_exponent();
        let exponent = (self.exponent + length - 1 - fraction as i32).max(lowest);
        let dropped = exponent - self.exponent;
        let kept = if dropped <= 0 {
            (self.magnitude << -dropped) as u64
        } else {
            let dropped = dropped as u32;
            let kept = self.magnitude.checked_shr(dropped).unwrap_or(0);
            let rest = self.magnitude - kept.checked_shl(dropped).unwrap_or(0);
            kept as u64 + u64::from(self.goes_up(kept, rest, dropped, direction))
        };
        // The leading bit, where there is one, counts the exponent up by one.
        let bits = (((exponent - lowest) as u64) << fraction) + kept;
        sign | if bits > format.largest() {
            self.overflow(format, direction)
        } else {
            bits
        }
    }

    /// Whether the magnitude that is kept is the next larger one, where `rest`, of so many bits, is dropped.
    fn goes_up(self, kept: u128, rest: u128, dropped: u32, direction: Direction) -> bool {
        match direction {
            Direction::Nearest => {
                // Of more bits than the magnitude has, the rest is less than a half.
                let half = 1u128.checked_shl(dropped - 1);
                match half.map(|half| rest.cmp(&half)) {
                    Some(Ordering::Greater) => true,
                    Some(Ordering::Equal) => kept & 1 == 1,
                    _ => false,
                }
            }
            Direction::Zero => false,
            Direction::Down => self.negative && rest != 0,
            Direction::Up => !self.negative && rest != 0,
        }
    }

    fn overflow(self, format: Format, direction: Direction) -> u64 {
        let towards_zero = match direction {
            Direction::Nearest => false,
            Direction::Zero => true,
            Direction::Down => !self.negative,
            Direction::Up => self.negative,
        };
        if towards_zero || format.saturates() {
            format.largest()
        } else {
            format.exponent_bits()
        }
    }
}

/// Any number, rounded.
pub(super) fn round(value: f64, format: Format, direction: Direction) -> u64 {
    if value.is_nan() {
        format.nan()
    } else if value.is_finite() {
        Exact::of(value).round(format, direction)
    } else {
        let largest = if format.saturates() {
            format.largest()
        } else {
            format.exponent_bits()
        };
        format.sign(value.is_sign_negative()) | largest
    }
}

/// The upper bits, the lowest of them set if any is lost.
fn shifted_out(magnitude: u128, count: u32) -> u128 {
    match magnitude.checked_shr(count) {
        Some(kept) => kept | u128::from(kept << count != magnitude),
        None => u128::from(magnitude != 0),
    }
}
