//! Numbers of any type for kernels.

use wasi_cuda_kernels::Number;

use Values::{F32, F64, U32};

/// Which numbers are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Spread {
    /// Floats up to 4 and integers below 64.
    Small,
    /// Floats up to 8192 and all integers.
    Wide,
    /// The same, with floats at which arithmetic behaves in a special way among them.
    Special,
}

/// A scalar, as the only element, or an array.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    U32(Vec<u32>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Values {
    /// So many numbers from the generator.
    pub(crate) fn random(
        number: Number,
        spread: Spread,
        count: u64,
        bits: &mut impl FnMut() -> u64,
    ) -> Self {
        let special = [
            0.0,
            -0.0,
            1.0,
            -1.5,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            1e-40,
            3e38,
            5e-324,
        ];
        let mut float = || match bits() {
            bits if spread == Spread::Special && bits % 4 == 0 => {
                special[(bits >> 8) as usize % special.len()]
            }
            bits if spread == Spread::Small => (bits as i64) as f64 / 2f64.powi(61),
            bits => (bits as i64) as f64 / 2f64.powi(50),
        };
        match number {
            Number::U32 if spread == Spread::Small => {
                U32((0..count).map(|_| bits() as u32 % 64).collect())
            }
            Number::U32 => U32((0..count).map(|_| bits() as u32).collect()),
            Number::F32 => F32((0..count).map(|_| float() as f32).collect()),
            Number::F64 => F64((0..count).map(|_| float()).collect()),
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            U32(values) => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            F32(values) => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            F64(values) => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        }
    }

    /// As the bytes that a device wrote in place of these values.
    pub(crate) fn read_back(&self, bytes: &[u8]) -> Self {
        match self {
            U32(_) => U32(bytes
                .chunks_exact(4)
                .map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap()))
                .collect()),
            F32(_) => F32(bytes
                .chunks_exact(4)
                .map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()))
                .collect()),
            F64(_) => F64(bytes
                .chunks_exact(8)
                .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()))
                .collect()),
        }
    }

    /// Whether all bits are equal, or both are some NaN: which one an operation gives is the device's choice.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (U32(left), U32(right)) => left == right,
            (F32(left), F32(right)) => left.iter().zip(right).all(|(left, right)| {
                left.to_bits() == right.to_bits() || (left.is_nan() && right.is_nan())
            }),
            (F64(left), F64(right)) => left.iter().zip(right).all(|(left, right)| {
                left.to_bits() == right.to_bits() || (left.is_nan() && right.is_nan())
            }),
            _ => false,
        }
    }
}
