//! Integer types and their values.

/// Signed or not, and how wide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Integer {
    pub(crate) name: &'static str,
    pub(crate) signed: bool,
    pub(crate) bits: u32,
}

const fn integer(name: &'static str, signed: bool, bits: u32) -> Integer {
    Integer { name, signed, bits }
}

/// The types that arithmetic has.
pub(crate) const ARITHMETIC: [Integer; 6] = [
    integer("u16", false, 16),
    integer("u32", false, 32),
    integer("u64", false, 64),
    integer("s16", true, 16),
    integer("s32", true, 32),
    integer("s64", true, 64),
];

/// The types that can be converted.
pub(crate) const CONVERTED: [Integer; 8] = [
    integer("u8", false, 8),
    integer("u16", false, 16),
    integer("u32", false, 32),
    integer("u64", false, 64),
    integer("s8", true, 8),
    integer("s16", true, 16),
    integer("s32", true, 32),
    integer("s64", true, 64),
];

/// The types without a sign that bits are moved as.
pub(crate) const BITS: [Integer; 3] = [
    integer("b16", false, 16),
    integer("b32", false, 32),
    integer("b64", false, 64),
];

impl Integer {
    /// The number that the lowest bits of a register stand for.
    pub(crate) fn value(self, register: u64) -> i128 {
        let unused = 128 - self.bits;
        let shifted = i128::from(register) << unused;
        if self.signed {
            shifted >> unused
        } else {
            (shifted as u128 >> unused) as i128
        }
    }

    /// The bits of a number, wrapping round.
    pub(crate) fn wrap(self, value: i128) -> u64 {
        let unused = 64 - self.bits;
        (value as u64) << unused >> unused
    }

    /// The bits of the number nearest to this one.
    pub(crate) fn saturate(self, value: i128) -> u64 {
        self.wrap(value.clamp(self.min(), self.max()))
    }

    /// The bits of a number in a register of at least 32 bits, as a conversion extends it.
    pub(crate) fn extended(self, value: u64) -> u64 {
        if self.bits >= 16 {
            value
        } else {
            self.value(value) as u64 & 0xffff_ffff
        }
    }

    pub(crate) fn min(self) -> i128 {
        if self.signed {
            -(1 << (self.bits - 1))
        } else {
            0
        }
    }

    pub(crate) fn max(self) -> i128 {
        if self.signed {
            (1 << (self.bits - 1)) - 1
        } else {
            (1 << self.bits) - 1
        }
    }

    /// The type of twice the width.
    pub(crate) fn wider(self) -> Integer {
        ARITHMETIC
            .into_iter()
            .find(|wide| wide.signed == self.signed && wide.bits == 2 * self.bits)
            .expect("only 16 and 32 bits are widened")
    }

    /// All bits of the type.
    pub(crate) fn ones(self) -> u64 {
        self.wrap(-1)
    }
}
