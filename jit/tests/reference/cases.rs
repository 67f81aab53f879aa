//! An instruction with what it is expected to give, and the operands it is tried with.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use crate::device::{Applied, Operands};
use crate::exact::{BF16, E4M3, E5M2, F16, F32, F64, Format};

/// One spelling of an instruction.
pub(crate) struct Case {
    /// PTX that computes `%d` from `%a`, `%b` and `%c`.
    pub(crate) body: String,
    /// The type of `%d`.
    pub(crate) result: &'static str,
    /// The types of `%a`, `%b` and `%c`.
    pub(crate) operands: [&'static str; 3],
    /// The bits of `%d` that the PTX ISA asks for.
    pub(crate) expected: Box<dyn Fn(Operands) -> u64>,
}

impl Case {
    /// A case whose operands all have one type.
    pub(crate) fn new(
        body: String,
        result: &'static str,
        operand: &'static str,
        expected: impl Fn(Operands) -> u64 + 'static,
    ) -> Self {
        Self::mixed(body, result, [operand; 3], expected)
    }

    /// A case whose operands differ in type.
    pub(crate) fn mixed(
        body: String,
        result: &'static str,
        operands: [&'static str; 3],
        expected: impl Fn(Operands) -> u64 + 'static,
    ) -> Self {
        Self {
            body,
            result,
            operands,
            expected: Box::new(expected),
        }
    }
}

/// Runs every case with random operands and those at which instructions behave in a special way.
pub(crate) fn check(cases: Vec<Case>) {
    let compiled: Vec<_> = cases
        .iter()
        .map(|case| Applied::compile(&case.body, case.result, case.operands))
        .collect();
    let config = ProptestConfig {
        cases: 16,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let operands = vec([operand(), operand(), operand()], 1..=64);
    TestRunner::new(config)
        .run(&operands, |operands| {
            for (case, applied) in cases.iter().zip(&compiled) {
                for (values, actual) in operands.iter().zip(applied.run(&operands)) {
                    compare(case, *values, actual)?;
                }
            }
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

fn compare(case: &Case, operands: Operands, actual: u64) -> Result<(), TestCaseError> {
    let expected = (case.expected)(operands);
    let same = match parts(case.result) {
        Some(format) => (0..64).step_by(format.bits() as usize).all(|shift| {
            let (expected, actual) = (expected >> shift, actual >> shift);
            // Which NaN an operation gives is the device's choice.
            let cut = u64::MAX >> (64 - format.bits());
            expected & cut == actual & cut
                || (format.is_nan(expected & cut) && format.is_nan(actual & cut))
        }),
        None => expected == actual,
    };
    prop_assert!(
        same,
        "`{}` of {:?} {:#x?} gives {actual:#x} instead of {expected:#x}",
        case.body,
        case.operands,
        operands
    );
    Ok(())
}

/// The format of each of the numbers that a result of this type consists of.
fn parts(ty: &str) -> Option<Format> {
    Some(match ty {
        "f16" | "f16x2" => F16,
        "bf16" | "bf16x2" => BF16,
        "f32" | "tf32" => F32,
        "f64" => F64,
        "e4m3x2" => E4M3,
        "e5m2x2" => E5M2,
        _ => return None,
    })
}

/// Runs every case with these operands.
pub(crate) fn check_with(cases: Vec<Case>, operands: &[Operands]) {
    for case in cases {
        let applied = Applied::compile(&case.body, case.result, case.operands);
        for (values, actual) in operands.iter().zip(applied.run(operands)) {
            compare(&case, *values, actual).unwrap_or_else(|failure| panic!("{failure}"));
        }
    }
}

/// Bits that may be anything, but often are a number with a property.
fn operand() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => any::<u64>(),
        2 => (-70i64..70).prop_map(|value| value as u64),
        2 => special_bits(),
        2 => (0u32..64, -1i64..=1).prop_map(|(bit, near)| (1u64 << bit).wrapping_add(near as u64)),
        2 => any::<f32>().prop_map(|value| u64::from(value.to_bits())),
        2 => any::<f64>().prop_map(f64::to_bits),
        2 => halves().prop_map(|value| u64::from((value as f32).to_bits())),
        2 => halves().prop_map(f64::to_bits),
        2 => near_powers_of_two().prop_map(|value| u64::from((value as f32).to_bits())),
        2 => near_powers_of_two().prop_map(f64::to_bits),
        3 => [small(), small(), small(), small()].prop_map(|halves| {
            halves.into_iter().fold(0, |bits, half| bits << 16 | u64::from(half))
        }),
        3 => near_ties(),
    ]
}

/// Bits of 16, often a number of `.f16`, `.bf16` or two of 8 bits that has a property.
fn small() -> impl Strategy<Value = u16> {
    let special = [
        0, 0x8000, 1, 0x8001, 0x0080, 0x007f, 0x03ff, 0x0400, 0x8400, 0x3c00, 0xbc00, 0x3f80,
        0xbf80, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00, 0x7fff, 0x7f7f, 0xff7f, 0x7f80, 0xff80,
        0x7fc0, 0x7c01, 0x7f01, 0x7e7e, 0x7b7b, 0x0101, 0x0807,
    ];
    prop_oneof![
        2 => any::<u16>(),
        2 => prop::sample::select(special.to_vec()),
        // Of a size for which no sum or product leaves the format.
        1 => (0x3000u16..0x4800, any::<bool>()).prop_map(|(bits, negative)| bits | u16::from(negative) << 15),
    ]
}

/// Numbers at or near the middle between two of a narrower format.
fn near_ties() -> impl Strategy<Value = u64> {
    let single = (
        any::<u16>(),
        prop::sample::select(vec![13u32, 16, 20, 21]),
        -1i32..=1,
        any::<bool>(),
    );
    let single = single.prop_map(|(bits, width, near, narrow)| {
        let value = if narrow {
            F16.value(bits.into()) as f32
        } else {
            BF16.value(bits.into()) as f32
        };
        let middle = value.to_bits() >> width << width | 1 << (width - 1);
        u64::from(middle.wrapping_add_signed(near))
    });
    let double = (
        any::<f32>(),
        prop::sample::select(vec![29u32, 42, 45]),
        -1i64..=1,
    );
    let double = double.prop_map(|(value, width, near)| {
        let middle = f64::from(value).to_bits() >> width << width | 1 << (width - 1);
        middle.wrapping_add_signed(near)
    });
    prop_oneof![single, double]
}

/// Numbers that rounding to an integer moves, ties among them.
fn halves() -> impl Strategy<Value = f64> {
    (-600i32..600).prop_map(|quarters| f64::from(quarters) / 4.0)
}

/// The numbers around which integers of all widths end.
fn near_powers_of_two() -> impl Strategy<Value = f64> {
    (5i32..67, -2i32..=2, any::<bool>()).prop_map(|(power, near, negative)| {
        let value = 2f64.powi(power) + f64::from(near);
        if negative { -value } else { value }
    })
}

/// Zeros, infinities, NaNs, subnormal and extreme numbers of both float types.
fn special_bits() -> impl Strategy<Value = u64> {
    let singles = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        -f32::NAN,
        f32::MIN_POSITIVE,
        f32::MAX,
        f32::MIN,
        f32::from_bits(1),
        f32::from_bits(0x8000_0001),
        f32::from_bits(0x007f_ffff),
        f32::from_bits(0x7f80_0001),
    ];
    let doubles = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        -f64::NAN,
        f64::MIN_POSITIVE,
        f64::MAX,
        f64::MIN,
        f64::from_bits(1),
        f64::from_bits(1 << 63 | 1),
        f64::from_bits(0x000f_ffff_ffff_ffff),
        f64::from_bits(0x7ff0_0000_0000_0001),
        f64::from(f32::MAX),
        f64::from(f32::MIN_POSITIVE) / 3.0,
    ];
    let bits = singles
        .into_iter()
        .map(|value| u64::from(value.to_bits()))
        .chain(doubles.into_iter().map(f64::to_bits));
    prop::sample::select(bits.collect::<Vec<_>>())
}
