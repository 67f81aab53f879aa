//! Numbers as bytes of memory, and many of them that look random but are the same in every run.

use half::{bf16, f16};

/// What an array of a kernel is made of.
pub(crate) trait Element: Copy {
    /// Its bytes, at most sixteen, the lowest first.
    const BYTES: usize;
    /// Adds its bytes.
    fn write(self, to: &mut Vec<u8>);
    /// What its bytes stand for: as a number, and whether that may be compared within bounds or be no number.
    fn read(bytes: &[u8]) -> Number;
}

/// A number that was read back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Integer(i128),
    Float(f64),
}

macro_rules! elements {
    ($($ty:ident as $kind:ident by $value:expr),* $(,)?) => {$(
        impl Element for $ty {
            const BYTES: usize = size_of::<$ty>();
            fn write(self, to: &mut Vec<u8>) {
                to.extend(self.to_le_bytes());
            }
            fn read(bytes: &[u8]) -> Number {
                let number = <$ty>::from_le_bytes(bytes.try_into().expect("a whole element"));
                let value: fn($ty) -> _ = $value;
                Number::$kind(value(number))
            }
        }
    )*};
}

elements!(
    u8 as Integer by i128::from,
    i8 as Integer by i128::from,
    u16 as Integer by i128::from,
    i16 as Integer by i128::from,
    u32 as Integer by i128::from,
    i32 as Integer by i128::from,
    u64 as Integer by i128::from,
    i64 as Integer by i128::from,
    u128 as Integer by |value| value as i128,
    f32 as Float by f64::from,
    f64 as Float by |value| value,
    f16 as Float by f64::from,
    bf16 as Float by f64::from,
);

/// A number in 32 bits of which the last is set where it is not exact: rounded again to fewer bits, it is what the number
/// itself would be.
fn sticky(x: f64) -> f32 {
    let nearest = x as f32;
    if f64::from(nearest) == x || x.is_nan() || x.is_infinite() {
        return nearest;
    }
    let bits = nearest.to_bits() - u32::from(f64::from(nearest).abs() > x.abs());
    f32::from_bits(bits | 1)
}

/// The nearest half.
pub(crate) fn to_f16(x: f64) -> f16 {
    f16::from_f32(sticky(x))
}

/// The nearest bfloat16.
pub(crate) fn to_bf16(x: f64) -> bf16 {
    bf16::from_f32(sticky(x))
}

/// The bytes of an array.
pub(crate) fn bytes<T: Element>(elements: &[T]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(elements.len() * T::BYTES);
    for element in elements {
        element.write(&mut bytes);
    }
    bytes
}

/// A source of numbers.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: usize) -> Self {
        Self(0x9e37_79b9_7f4a_7c15 ^ (seed as u64).wrapping_mul(0x1_0000_01b3))
    }

    pub(crate) fn word(&mut self) -> u64 {
        // xorshift64*: any spread of values will do.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d);
        high ^ high >> 32
    }

    pub(crate) fn many<T>(&mut self, count: usize, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..count).map(|_| one(self)).collect()
    }

    /// An integer from `low` up to and without `high`.
    pub(crate) fn within(&mut self, low: i64, high: i64) -> i64 {
        low + (self.word() % (high - low) as u64) as i64
    }

    /// A number between two others, of which every value is about as likely.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.word() >> 11) as f64 / (1u64 << 53) as f64)
    }

    /// Multiples of 1/8 between -8 and 8: sums of thousands of products of two such are exact in 32 bits, whatever their
    /// order and whether or not products are rounded.
    pub(crate) fn eighth(&mut self) -> f32 {
        self.within(-64, 65) as f32 / 8.0
    }

    pub(crate) fn eighths(&mut self, count: usize) -> Vec<f32> {
        self.many(count, Self::eighth)
    }

    /// Integers below `limit` in magnitude as halves.
    pub(crate) fn small_halves(&mut self, count: usize, limit: i64) -> Vec<f16> {
        self.many(count, |random| {
            f16::from_f32(random.within(-limit, limit + 1) as f32)
        })
    }

    pub(crate) fn small_bfloats(&mut self, count: usize, limit: i64) -> Vec<bf16> {
        self.many(count, |random| {
            bf16::from_f32(random.within(-limit, limit + 1) as f32)
        })
    }

    /// Numbers of one to three digits either side of zero.
    pub(crate) fn f32s(&mut self, count: usize) -> Vec<f32> {
        self.many(count, |random| random.between(-100.0, 100.0) as f32)
    }

    pub(crate) fn f64s(&mut self, count: usize) -> Vec<f64> {
        self.many(count, |random| random.between(-100.0, 100.0))
    }

    /// Every third of any bits, so that some are tiny, huge, infinite or no number; the others as [`Random::f32s`].
    pub(crate) fn any_f32s(&mut self, count: usize) -> Vec<f32> {
        self.many(count, |random| match random.word() % 6 {
            0 => f32::from_bits(random.word() as u32),
            1 => [
                0.0,
                -0.0,
                f32::INFINITY,
                f32::NEG_INFINITY,
                f32::NAN,
                1.0,
                -1.0,
                1e-40,
            ][random.word() as usize % 8],
            _ => random.between(-100.0, 100.0) as f32,
        })
    }

    pub(crate) fn any_f64s(&mut self, count: usize) -> Vec<f64> {
        self.many(count, |random| match random.word() % 6 {
            0 => f64::from_bits(random.word()),
            1 => [
                0.0,
                -0.0,
                f64::INFINITY,
                f64::NEG_INFINITY,
                f64::NAN,
                1.0,
                -1.0,
                1e-310,
            ][random.word() as usize % 8],
            _ => random.between(-100.0, 100.0),
        })
    }
}
