//! Binary formats, and the number of one that an exact result is rounded to: by integers of any length.

use num_bigint::{BigInt, BigUint, Sign};

/// A format, by the widths of its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) name: &'static str,
    exponent: u32,
    fraction: u32,
    /// Whether what is too large becomes the largest number, there being a NaN alone above it.
    limited: bool,
}

const fn format(name: &'static str, exponent: u32, fraction: u32) -> Format {
    Format {
        name,
        exponent,
        fraction,
        limited: false,
    }
}

pub(crate) const F16: Format = format("f16", 5, 10);
pub(crate) const BF16: Format = format("bf16", 8, 7);
pub(crate) const F32: Format = format("f32", 8, 23);
pub(crate) const F64: Format = format("f64", 11, 52);
pub(crate) const E4M3: Format = Format {
    limited: true,
    ..format("e4m3", 4, 3)
};
pub(crate) const E5M2: Format = Format {
    limited: true,
    ..format("e5m2", 5, 2)
};

/// The directions in which a result may be rounded, as PTX spells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    Nearest,
    Zero,
    Down,
    Up,
}

pub(crate) const ROUNDINGS: [(&str, Rounding); 4] = [
    ("rn", Rounding::Nearest),
    ("rz", Rounding::Zero),
    ("rm", Rounding::Down),
    ("rp", Rounding::Up),
];

impl Format {
    pub(crate) fn bits(self) -> u32 {
        1 + self.exponent + self.fraction
    }

    fn sign_bit(self) -> u64 {
        1 << (self.bits() - 1)
    }

    /// All bits of the exponent.
    fn infinity(self) -> u64 {
        ((1 << self.exponent) - 1) << self.fraction
    }

    /// The largest number's bits.
    fn largest(self) -> u64 {
        if self == E4M3 {
            0x7e
        } else {
            self.infinity() - 1
        }
    }

    /// The power of two that the smallest number is.
    fn smallest(self) -> i64 {
        2 - (1 << (self.exponent - 1)) - i64::from(self.fraction)
    }

    pub(crate) fn is_nan(self, bits: u64) -> bool {
        let magnitude = bits & (self.sign_bit() - 1);
        magnitude > self.largest() && (self == E4M3 || magnitude != self.infinity())
    }

    pub(crate) fn nan(self) -> u64 {
        self.sign_bit() - 1
    }

    /// The number that bits stand for; those above the format's are ignored.
    pub(crate) fn value(self, bits: u64) -> f64 {
        if self == F64 {
            return f64::from_bits(bits);
        }
        let bits = bits & (self.sign_bit() << 1).wrapping_sub(1);
        let magnitude = bits & (self.sign_bit() - 1);
        let field = magnitude >> self.fraction;
        let fraction = magnitude & ((1 << self.fraction) - 1);
        let size = match () {
            () if self.is_nan(bits) => f64::NAN,
            () if magnitude > self.largest() => f64::INFINITY,
            () if field == 0 => fraction as f64 * 2f64.powi(self.smallest() as i32),
            () => {
                let whole = (fraction | 1 << self.fraction) as f64;
                whole * 2f64.powi((self.smallest() + field as i64 - 1) as i32)
            }
        };
        if bits & self.sign_bit() == 0 {
            size
        } else {
            -size
        }
    }

    /// `.ftz`: the zero of the sign where the bits are those of a subnormal number.
    pub(crate) fn flushed(self, bits: u64) -> u64 {
        let bits = bits & (self.sign_bit() << 1).wrapping_sub(1);
        if bits & self.infinity() == 0 {
            bits & self.sign_bit()
        } else {
            bits
        }
    }

    /// `.sat`: held to 0 to 1, and 0 for NaN.
    pub(crate) fn saturated(self, bits: u64) -> u64 {
        let value = self.value(bits);
        if value > 0.0 {
            round(value.min(1.0), self, Rounding::Nearest)
        } else {
            0
        }
    }

    /// `.relu`: 0 for what is not positive.
    pub(crate) fn not_negative(self, bits: u64) -> u64 {
        if self.value(bits) <= 0.0 { 0 } else { bits }
    }

    fn overflow(self, negative: bool, rounding: Rounding) -> u64 {
        let to_infinity = match rounding {
            Rounding::Nearest => true,
            Rounding::Zero => false,
            Rounding::Down => negative,
            Rounding::Up => !negative,
        };
        if to_infinity && !self.limited {
            self.infinity()
        } else {
            self.largest()
        }
    }
}

/// A result as an integer and the power of two by which it is to be divided.
struct Exact {
    integer: BigInt,
    scale: i64,
    /// Whether something smaller is left out, of the integer's sign.
    more: bool,
}

/// Every `.f64` is an integer times this power of two.
const SCALE: i64 = 1074;

fn integer(value: f64) -> BigInt {
    let bits = value.to_bits();
    let (field, fraction) = (bits >> 52 & 0x7ff, bits & ((1 << 52) - 1));
    let magnitude = match field {
        0 => BigUint::from(fraction),
        _ => BigUint::from(fraction | 1 << 52) << (field - 1),
    };
    let sign = if value < 0.0 { Sign::Minus } else { Sign::Plus };
    BigInt::from_biguint(sign, magnitude)
}

impl Exact {
    fn round(&self, format: Format, rounding: Rounding) -> u64 {
        let negative = self.integer.sign() == Sign::Minus;
        let magnitude = self.integer.magnitude();
        let length = magnitude.bits() as i64;
        // The power of two that the last bit which is kept counts.
        let last = (length - self.scale - 1 - i64::from(format.fraction)).max(format.smallest());
        let dropped = last + self.scale;
        let (kept, twice_rest, twice_half) = if dropped > 0 {
            let kept = magnitude >> dropped;
            let rest = magnitude - (&kept << dropped);
            (
                kept,
                (rest << 1u32) + u32::from(self.more),
                BigUint::from(1u32) << dropped,
            )
        } else {
            assert!(!self.more, "the integer is too short");
            (magnitude << -dropped, BigUint::ZERO, BigUint::from(1u32))
        };
        let kept = u64::try_from(kept).expect("a number of the format fits");
        let inexact = twice_rest != BigUint::ZERO;
        let up = match rounding {
            Rounding::Nearest => {
                twice_rest > twice_half || (twice_rest == twice_half && kept % 2 == 1)
            }
            Rounding::Zero => false,
            Rounding::Down => negative && inexact,
            Rounding::Up => !negative && inexact,
        };
        let bits = (((last - format.smallest()) as u64) << format.fraction) + kept + u64::from(up);
        let bits = if bits > format.largest() {
            format.overflow(negative, rounding)
        } else {
            bits
        };
        bits | if negative { format.sign_bit() } else { 0 }
    }
}

/// A number in a format.
pub(crate) fn round(value: f64, format: Format, rounding: Rounding) -> u64 {
    let sign = if value.is_sign_negative() {
        format.sign_bit()
    } else {
        0
    };
    match () {
        () if value.is_nan() => format.nan(),
        () if value.is_infinite() && format.limited => format.largest() | sign,
        () if value.is_infinite() => format.infinity() | sign,
        () if value == 0.0 => sign,
        () => {
            let exact = Exact {
                integer: integer(value),
                scale: SCALE,
                more: false,
            };
            exact.round(format, rounding)
        }
    }
}

/// An integer in a format.
pub(crate) fn round_integer(value: i128, format: Format, rounding: Rounding) -> u64 {
    if value == 0 {
        return 0;
    }
    let exact = Exact {
        integer: value.into(),
        scale: 0,
        more: false,
    };
    exact.round(format, rounding)
}

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Add,
    Sub,
    Mul,
    Fma,
    Div,
    Rcp,
    Sqrt,
}

impl Operation {
    /// The result with the operands' format and `.f64`'s rounding.
    fn approximate(self, [a, b, c]: [f64; 3]) -> f64 {
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

    fn exact(self, [a, b, c]: [f64; 3]) -> Exact {
        let [x, y, z] = [a, b, c].map(integer);
        let quotient = |x: BigInt, y: BigInt| {
            let (dividend, scale) = (x << 3000u32, 3000);
            let integer = &dividend / &y;
            let more = &integer * y != dividend;
            Exact {
                integer,
                scale,
                more,
            }
        };
        let whole = |integer, scale| Exact {
            integer,
            scale,
            more: false,
        };
        match self {
            Self::Add => whole(x + y, SCALE),
            Self::Sub => whole(x - y, SCALE),
            Self::Mul => whole(x * y, 2 * SCALE),
            Self::Fma => whole(x * y + (z << SCALE), 2 * SCALE),
            Self::Div => quotient(x, y),
            Self::Rcp => quotient(integer(1.0), x),
            Self::Sqrt => {
                let square = x << (3200 - SCALE);
                let integer = square.sqrt();
                let more = &integer * &integer != square;
                Exact {
                    integer,
                    scale: 1600,
                    more,
                }
            }
        }
    }

    /// The operands that it has.
    fn count(self) -> usize {
        match self {
            Self::Fma => 3,
            Self::Rcp | Self::Sqrt => 1,
            _ => 2,
        }
    }

    /// The bits of the result for operands of any format.
    pub(crate) fn of(self, operands: [f64; 3], format: Format, rounding: Rounding) -> u64 {
        let approximate = self.approximate(operands);
        let is_finite = operands[..self.count()].iter().all(|x| x.is_finite());
        let [a, b, _] = operands;
        let divides_by_zero = match self {
            Self::Div => b == 0.0,
            Self::Rcp => a == 0.0,
            _ => false,
        };
        if !is_finite || approximate.is_nan() || divides_by_zero {
            return round(approximate, format, rounding);
        }
        let exact = self.exact(operands);
        if exact.integer.sign() != Sign::NoSign {
            return exact.round(format, rounding);
        }
        if exact.more {
            unreachable!("no result is smaller than its scale");
        }
        // A sum that is zero and no sum of zeros of one sign is the negative zero only if rounded downwards.
        let cancels = match self {
            Self::Add => a.is_sign_negative() != b.is_sign_negative(),
            Self::Sub => a.is_sign_negative() == b.is_sign_negative(),
            Self::Fma => (a * b).is_sign_negative() != operands[2].is_sign_negative(),
            _ => false,
        };
        let zero = match () {
            () if cancels && rounding == Rounding::Down => -0.0,
            () if cancels => 0.0,
            () => approximate,
        };
        round(zero, format, rounding)
    }
}
