//! Matrices of every type, as numbers and as bits.

use half::{bf16, f16};

/// A type of a matrix's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    F16,
    Bf16,
    Tf32,
    F32,
    F64,
    E4m3,
    E5m2,
    U8,
    S8,
    U4,
    S4,
    B1,
    S32,
}

use Number::*;

impl Number {
    pub(crate) fn named(name: &str) -> Self {
        let all = [
            ("f16", F16),
            ("bf16", Bf16),
            ("tf32", Tf32),
            ("f32", F32),
            ("f64", F64),
            ("e4m3", E4m3),
            ("e5m2", E5m2),
            ("u8", U8),
            ("s8", S8),
            ("u4", U4),
            ("s4", S4),
            ("b1", B1),
            ("s32", S32),
        ];
        let found = all.iter().find(|(text, _)| *text == name);
        found.unwrap_or_else(|| panic!("no type {name}")).1
    }

    pub(crate) fn bits(self) -> usize {
        match self {
            F64 => 64,
            F32 | Tf32 | S32 => 32,
            F16 | Bf16 => 16,
            E4m3 | E5m2 | U8 | S8 => 8,
            U4 | S4 => 4,
            B1 => 1,
        }
    }

    /// Elements that one register holds.
    pub(crate) fn packed(self) -> usize {
        (32 / self.bits()).max(1)
    }

    /// Some bits of a finite number that is not too large, from a random word.
    pub(crate) fn bits_of(self, random: u64) -> u64 {
        let small = (random % 4001) as f64 / 997.0 - 2.0;
        match self {
            F16 => u64::from(f16::from_f64(small).to_bits()),
            Bf16 => u64::from(bf16::from_f64(small).to_bits()),
            F32 => u64::from((small as f32).to_bits()),
            // All bits, so that those beyond the 19th are seen to be ignored.
            Tf32 => u64::from((small as f32).to_bits() | (random >> 32) as u32 & 0x1fff),
            F64 => (small * 1.000_000_007).to_bits(),
            // Below two, so that sums fit an `.f16`.
            E4m3 | E5m2 => random & 0xbf,
            U8 | S8 => random & 0xff,
            U4 | S4 => random & 0xf,
            B1 => random & 1,
            S32 => random & 0xffff_ffff,
        }
    }

    /// The number that the bits of a float are.
    pub(crate) fn float(self, bits: u64) -> f64 {
        match self {
            F16 => f16::from_bits(bits as u16).to_f64(),
            Bf16 => bf16::from_bits(bits as u16).to_f64(),
            Tf32 => f64::from(f32::from_bits(bits as u32 & 0xffff_e000)),
            F32 => f64::from(f32::from_bits(bits as u32)),
            F64 => f64::from_bits(bits),
            E5m2 => f16::from_bits((bits as u16) << 8).to_f64(),
            E4m3 => {
                let (sign, exponent, mantissa) = (bits >> 7, bits >> 3 & 15, (bits & 7) as f64);
                let magnitude = match exponent {
                    0 => mantissa * 2f64.powi(-9),
                    _ => (8.0 + mantissa) * 2f64.powi(exponent as i32 - 10),
                };
                if sign == 1 { -magnitude } else { magnitude }
            }
            _ => panic!("{self:?} is no float"),
        }
    }

    /// The number that the bits of an integer are.
    pub(crate) fn integer(self, bits: u64) -> i64 {
        match self {
            S8 => i64::from(bits as u8 as i8),
            S4 if bits & 8 != 0 => bits as i64 - 16,
            S32 => i64::from(bits as u32 as i32),
            _ => bits as i64,
        }
    }
}

/// A sequence of words that looks random and is always the same.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }
}

/// A matrix's elements as bits, row by row.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    pub(crate) ty: Number,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) bits: Vec<u64>,
}

impl Matrix {
    pub(crate) fn random(ty: Number, rows: usize, columns: usize, random: &mut Random) -> Self {
        let bits = (0..rows * columns).map(|_| ty.bits_of(random.next()));
        let bits = bits.collect();
        Self {
            ty,
            rows,
            columns,
            bits,
        }
    }

    pub(crate) fn at(&self, row: usize, column: usize) -> u64 {
        self.bits[row * self.columns + column]
    }
}

/// How an integer's sum ends, or what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Wraps,
    Saturates,
    CountsBoth,
    CountsOne,
}

/// Asserts that `d` is `a * b + c`: exactly, or for floats of less than 64 bits within half a unit in the last place and what doubles
/// lose.
pub(crate) fn assert_product(what: &str, [a, b, c, d]: [&Matrix; 4], ending: Ending) {
    for row in 0..a.rows {
        for column in 0..b.columns {
            let pairs = (0..a.columns).map(|k| (a.at(row, k), b.at(k, column)));
            let (start, found) = (c.at(row, column), d.at(row, column));
            let place = format!("{what}: row {row}, column {column}");
            match d.ty {
                S32 => {
                    let wanted = integer_sum(a.ty, b.ty, c.ty.integer(start), pairs, ending);
                    assert_eq!(found as u32 as i32, wanted, "{place}");
                }
                F64 => {
                    let sum = pairs.fold(f64::from_bits(start), |sum, (x, y)| {
                        f64::from_bits(x).mul_add(f64::from_bits(y), sum)
                    });
                    assert_eq!(found, sum.to_bits(), "{place}");
                }
                ty => {
                    let products = pairs.map(|(x, y)| a.ty.float(x) * b.ty.float(y));
                    let (mut exact, mut magnitude) = (c.ty.float(start), c.ty.float(start).abs());
                    for product in products {
                        exact += product;
                        magnitude += product.abs();
                    }
                    let found = ty.float(found);
                    let (digits, least) = if ty == F16 { (11, -25) } else { (24, -150) };
                    let half_unit = (exact.abs() * 2f64.powi(-digits)).max(2f64.powi(least));
                    let lost = magnitude * (a.columns + 1) as f64 * 2f64.powi(-52);
                    assert!(
                        (found - exact).abs() <= half_unit + lost,
                        "{place}: {found} instead of {exact}"
                    );
                }
            }
        }
    }
}

fn integer_sum(
    a: Number,
    b: Number,
    start: i64,
    pairs: impl Iterator<Item = (u64, u64)>,
    ending: Ending,
) -> i32 {
    let terms = pairs.map(|(x, y)| match ending {
        Ending::CountsBoth => (x & y) as i64,
        Ending::CountsOne => (x ^ y) as i64,
        _ => a.integer(x) * b.integer(y),
    });
    let sum = start + terms.sum::<i64>();
    match ending {
        Ending::Saturates => sum.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32,
        _ => sum as i32,
    }
}
