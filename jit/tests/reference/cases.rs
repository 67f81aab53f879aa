//! An instruction with what it is expected to give, and the operands it is tried with.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use crate::device::{Applied, Operands};

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
    let same = match case.result {
        // Which NaN an operation gives is the device's choice.
        "f32" if f32::from_bits(expected as u32).is_nan() => f32::from_bits(actual as u32).is_nan(),
        "f64" if f64::from_bits(expected).is_nan() => f64::from_bits(actual).is_nan(),
        _ => expected == actual,
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
    ]
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
