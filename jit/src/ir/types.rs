//! Types of registers and operations (PTX ISA, "Fundamental Types").

use std::fmt;

/// What a type's bits mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// One bit that guards instructions.
    Predicate,
    /// Bits without a meaning: fits every class of the same width.
    Untyped,
    /// An unsigned integer.
    Unsigned,
    /// A signed integer, two's complement.
    Signed,
    /// An IEEE 754 number.
    Float,
    /// A bfloat16 number.
    BFloat,
    /// Several small numbers, or one in a format that registers hold as bits.
    Packed,
}

macro_rules! types {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $class:ident, $bits:literal;)*) => {
        /// A fundamental type.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Type { $($(#[$doc])* $name,)* }

        impl Type {
            /// The type of this PTX name, without the dot.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }

            /// The PTX name, without the dot.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Width in bits; 1 for a predicate.
            pub fn bits(self) -> u32 {
                match self { $(Self::$name => $bits,)* }
            }

            /// What the bits mean.
            pub fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)* }
            }
        }
    };
}

types! {
    /// A predicate.
    Pred = "pred", Predicate, 1;
    /// 8 bits.
    B8 = "b8", Untyped, 8;
    /// 16 bits.
    B16 = "b16", Untyped, 16;
    /// 32 bits.
    B32 = "b32", Untyped, 32;
    /// 64 bits.
    B64 = "b64", Untyped, 64;
    /// Unsigned, 8 bits.
    U8 = "u8", Unsigned, 8;
    /// Unsigned, 16 bits.
    U16 = "u16", Unsigned, 16;
    /// Unsigned, 32 bits.
    U32 = "u32", Unsigned, 32;
    /// Unsigned, 64 bits.
    U64 = "u64", Unsigned, 64;
    /// Signed, 8 bits.
    S8 = "s8", Signed, 8;
    /// Signed, 16 bits.
    S16 = "s16", Signed, 16;
    /// Signed, 32 bits.
    S32 = "s32", Signed, 32;
    /// Signed, 64 bits.
    S64 = "s64", Signed, 64;
    /// IEEE 754 binary16.
    F16 = "f16", Float, 16;
    /// bfloat16.
    Bf16 = "bf16", BFloat, 16;
    /// IEEE 754 binary32.
    F32 = "f32", Float, 32;
    /// IEEE 754 binary64.
    F64 = "f64", Float, 64;
    /// 128 bits.
    B128 = "b128", Untyped, 128;
    /// Two of `.f16`, the first in the lower half.
    F16x2 = "f16x2", Packed, 32;
    /// Two of `.bf16`.
    Bf16x2 = "bf16x2", Packed, 32;
    /// Two of `.u16`.
    U16x2 = "u16x2", Packed, 32;
    /// Two of `.s16`.
    S16x2 = "s16x2", Packed, 32;
    /// `.f32` with a mantissa of 10 bits.
    Tf32 = "tf32", Packed, 32;
    /// Two numbers of 8 bits, 4 of them the exponent.
    E4m3x2 = "e4m3x2", Packed, 16;
    /// Two numbers of 8 bits, 5 of them the exponent.
    E5m2x2 = "e5m2x2", Packed, 16;
    /// A number of 8 bits, 4 of them the exponent; in matrices alone.
    E4m3 = "e4m3", Packed, 8;
    /// A number of 8 bits, 5 of them the exponent; in matrices alone.
    E5m2 = "e5m2", Packed, 8;
    /// One bit; in matrices alone.
    B1 = "b1", Packed, 8;
    /// Four bits, unsigned; in matrices alone.
    U4 = "u4", Packed, 8;
    /// Four bits, signed; in matrices alone.
    S4 = "s4", Packed, 8;
}

impl Type {
    /// Size in memory in bytes.
    pub fn bytes(self) -> u32 {
        self.bits().div_ceil(8)
    }

    /// Bits that an element of a matrix takes; registers and memory hold several together.
    pub fn element_bits(self) -> u32 {
        match self {
            Self::B1 => 1,
            Self::U4 | Self::S4 => 4,
            Self::Tf32 => 32,
            ty => ty.bits(),
        }
    }

    /// Whether values are integers or bits.
    pub fn is_integer(self) -> bool {
        matches!(
            self.class(),
            Class::Untyped | Class::Unsigned | Class::Signed
        )
    }

    /// Whether values are signed integers.
    pub fn is_signed(self) -> bool {
        self.class() == Class::Signed
    }

    /// Whether values are IEEE 754 numbers.
    pub fn is_float(self) -> bool {
        self.class() == Class::Float
    }

    /// The integer type of twice the width, as `mul.wide` produces.
    pub fn widened(self) -> Option<Self> {
        Some(match self {
            Self::U16 => Self::U32,
            Self::S16 => Self::S32,
            Self::U32 => Self::U64,
            Self::S32 => Self::S64,
            _ => return None,
        })
    }

    /// The type of each of so many elements that share this type's bits.
    pub fn element(self, count: usize) -> Option<Self> {
        match (self.bits(), count) {
            (128, 2) => Some(Self::B64),
            (64, 2) => Some(Self::B32),
            (64, 4) | (32, 2) => Some(Self::B16),
            (32, 4) | (16, 2) => Some(Self::B8),
            _ => None,
        }
    }

    /// Whether a register of type `register` may stand where an instruction wants this type
    /// (PTX ISA, "Operand Type Checking"): same width, and both integers, both the same kind of float, or one untyped.
    pub fn accepts(self, register: Self) -> bool {
        use Class::{Predicate, Untyped};
        if self.bits() != register.bits()
            || (self.class() == Predicate) != (register.class() == Predicate)
        {
            return false;
        }
        self == register
            || (self.class() == register.class() && self.class() != Class::Packed)
            || self.class() == Untyped
            || register.class() == Untyped
            || (self.is_integer() && register.is_integer())
    }

    /// As [`Type::accepts`], but the register may be wider, as `ld`, `st` and `cvt` allow for integers and bits
    /// (PTX ISA, "Operand Size Exceeding Instruction-Type Size").
    pub fn accepts_wider(self, register: Self) -> bool {
        self.accepts(register)
            || (register.bits() > self.bits()
                && register.is_integer()
                && !matches!(self.class(), Class::Predicate | Class::Packed))
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ".{}", self.name())
    }
}
