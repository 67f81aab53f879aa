//! Functions that GPUs approximate: any result within the PTX ISA's error is right.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::device::Applied;

/// A function, the operands for which its error is bounded, and the bound.
struct Function {
    body: &'static str,
    exact: fn(f64) -> f64,
    from: f32,
    to: f32,
    /// Largest error relative to the exact result.
    relative: f64,
    /// Largest error where the relative one is exceeded.
    absolute: f64,
}

const fn function(
    body: &'static str,
    exact: fn(f64) -> f64,
    range: (f32, f32),
    relative: f64,
    absolute: f64,
) -> Function {
    Function {
        body,
        exact,
        from: range.0,
        to: range.1,
        relative,
        absolute,
    }
}

/// 2^-22, a unit in the last place of a number in single precision or two.
const TWO_UNITS: f64 = 1.0 / 4_194_304.0;

#[test]
fn approximations_stay_within_their_error() {
    let functions = [
        function(
            "rcp.approx.f32 %d, %a;",
            |x| 1.0 / x,
            (1e-30, 1e30),
            TWO_UNITS,
            0.0,
        ),
        function(
            "rcp.approx.ftz.f32 %d, %a;",
            |x| 1.0 / x,
            (-1e30, -1e-30),
            TWO_UNITS,
            0.0,
        ),
        function(
            "sqrt.approx.f32 %d, %a;",
            f64::sqrt,
            (0.0, 1e38),
            TWO_UNITS,
            0.0,
        ),
        function(
            "rsqrt.approx.f32 %d, %a;",
            |x| 1.0 / x.sqrt(),
            (1e-30, 1e38),
            TWO_UNITS,
            0.0,
        ),
        function(
            "sin.approx.f32 %d, %a;",
            f64::sin,
            (-6.2, 6.2),
            0.0,
            2.0 * TWO_UNITS,
        ),
        function(
            "cos.approx.f32 %d, %a;",
            f64::cos,
            (-6.2, 6.2),
            0.0,
            2.0 * TWO_UNITS,
        ),
        function(
            "ex2.approx.f32 %d, %a;",
            f64::exp2,
            (-125.0, 127.0),
            TWO_UNITS,
            0.0,
        ),
        function(
            "lg2.approx.f32 %d, %a;",
            f64::log2,
            (1e-30, 1e30),
            TWO_UNITS,
            TWO_UNITS,
        ),
        function(
            "tanh.approx.f32 %d, %a;",
            f64::tanh,
            (-10.0, 10.0),
            1.0 / 2048.0,
            0.0,
        ),
    ];
    for function in functions {
        let applied = Applied::compile(function.body, "f32", ["f32"; 3]);
        let config = ProptestConfig {
            cases: 32,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let operands = vec(function.from..function.to, 1..=64);
        TestRunner::new(config)
            .run(&operands, |operands| {
                let bits: Vec<_> = operands
                    .iter()
                    .map(|x| [u64::from(x.to_bits()), 0, 0])
                    .collect();
                for (x, result) in operands.iter().zip(applied.run(&bits)) {
                    let (result, exact) = (
                        f64::from(f32::from_bits(result as u32)),
                        (function.exact)(f64::from(*x)),
                    );
                    let allowed = (exact.abs() * function.relative).max(function.absolute);
                    prop_assert!(
                        (result - exact).abs() <= allowed,
                        "`{}` of {x:e} gives {result:e}, further than {allowed:e} from {exact:e}",
                        function.body
                    );
                }
                Ok(())
            })
            .unwrap_or_else(|failure| panic!("{failure}"));
    }
}

#[test]
fn quotients_stay_within_two_units() {
    for body in ["div.approx.f32 %d, %a, %b;", "div.full.f32 %d, %a, %b;"] {
        let applied = Applied::compile(body, "f32", ["f32"; 3]);
        let config = ProptestConfig {
            cases: 32,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        TestRunner::new(config)
            .run(&(-1e15f32..1e15, 1e-15f32..1e15), |(a, b)| {
                let result = applied.run(&[[u64::from(a.to_bits()), u64::from(b.to_bits()), 0]])[0];
                let (result, exact) = (
                    f64::from(f32::from_bits(result as u32)),
                    f64::from(a) / f64::from(b),
                );
                prop_assert!(
                    (result - exact).abs() <= exact.abs() * TWO_UNITS,
                    "`{body}` of {a:e} and {b:e}: {result:e}"
                );
                Ok(())
            })
            .unwrap_or_else(|failure| panic!("{failure}"));
    }
}

#[test]
fn approximations_of_special_operands_are_exact() {
    let (infinity, nan) = (f32::INFINITY, f32::NAN);
    let expected: [(&str, &[(f32, f32)]); 8] = [
        (
            "rcp.approx.f32",
            &[
                (0.0, infinity),
                (-0.0, -infinity),
                (infinity, 0.0),
                (-infinity, -0.0),
                (nan, nan),
            ],
        ),
        (
            "sqrt.approx.f32",
            &[
                (0.0, 0.0),
                (-0.0, -0.0),
                (infinity, infinity),
                (-1.0, nan),
                (nan, nan),
            ],
        ),
        (
            "rsqrt.approx.f32",
            &[
                (0.0, infinity),
                (-0.0, -infinity),
                (infinity, 0.0),
                (-1.0, nan),
                (nan, nan),
            ],
        ),
        (
            "sin.approx.f32",
            &[
                (0.0, 0.0),
                (-0.0, -0.0),
                (infinity, nan),
                (-infinity, nan),
                (nan, nan),
            ],
        ),
        (
            "cos.approx.f32",
            &[
                (0.0, 1.0),
                (-0.0, 1.0),
                (infinity, nan),
                (-infinity, nan),
                (nan, nan),
            ],
        ),
        (
            "ex2.approx.f32",
            &[
                (0.0, 1.0),
                (-0.0, 1.0),
                (infinity, infinity),
                (-infinity, 0.0),
                (nan, nan),
            ],
        ),
        (
            "lg2.approx.f32",
            &[
                (0.0, -infinity),
                (-0.0, -infinity),
                (infinity, infinity),
                (-1.0, nan),
                (nan, nan),
            ],
        ),
        (
            "tanh.approx.f32",
            &[
                (0.0, 0.0),
                (-0.0, -0.0),
                (infinity, 1.0),
                (-infinity, -1.0),
                (nan, nan),
            ],
        ),
    ];
    for (name, pairs) in expected {
        let applied = Applied::compile(&format!("{name} %d, %a;"), "f32", ["f32"; 3]);
        let operands: Vec<_> = pairs
            .iter()
            .map(|(operand, _)| [u64::from(operand.to_bits()), 0, 0])
            .collect();
        for ((operand, result), actual) in pairs.iter().zip(applied.run(&operands)) {
            let actual = f32::from_bits(actual as u32);
            let same = actual.to_bits() == result.to_bits() || (actual.is_nan() && result.is_nan());
            assert!(
                same,
                "`{name}` of {operand} gives {actual} instead of {result}"
            );
        }
    }
}

/// A function of double precision: as it is spelt, exactly, and whether subnormal numbers are zeros and the lower word is.
type Double = (&'static str, fn(f64) -> f64, bool);

const DOUBLES: [Double; 3] = [
    ("rcp.approx.ftz.f64 %d, %a;", |x| 1.0 / x, true),
    ("rsqrt.approx.f64 %d, %a;", |x| 1.0 / x.sqrt(), false),
    ("rsqrt.approx.ftz.f64 %d, %a;", |x| 1.0 / x.sqrt(), true),
];

#[test]
fn approximations_of_doubles_have_at_least_twenty_bits() {
    let operands: Vec<_> = (0..200u64)
        .map(|step| [(step * 0x0009_1234_5678_9abc) + 0x0010_0000_0000_0000, 0, 0])
        .collect();
    for (body, exact, is_gross) in DOUBLES {
        let applied = Applied::compile(body, "f64", ["f64"; 3]);
        for (operand, actual) in operands.iter().zip(applied.run(&operands)) {
            let expected = exact(f64::from_bits(operand[0]));
            let value = f64::from_bits(actual);
            let error = (value / expected - 1.0).abs();
            assert!(
                error
                    < if is_gross {
                        2f64.powi(-19)
                    } else {
                        2f64.powi(-50)
                    },
                "`{body}` of {operand:x?} gives {value}, not {expected}"
            );
            assert!(!is_gross || actual as u32 == 0, "`{body}` has a lower word");
        }
    }
}

#[test]
fn approximations_of_special_doubles_are_exact() {
    let (infinity, nan, subnormal) = (f64::INFINITY, f64::NAN, f64::from_bits(1 << 40));
    let expected: [(usize, &[(f64, f64)]); 3] = [
        (
            0,
            &[
                (0.0, infinity),
                (-0.0, -infinity),
                (subnormal, infinity),
                (-subnormal, -infinity),
                (infinity, 0.0),
                (-infinity, -0.0),
                (1.0, 1.0),
                (f64::MAX, 0.0),
                (-f64::MAX, -0.0),
                (nan, nan),
            ],
        ),
        (
            1,
            &[
                (0.0, infinity),
                (-0.0, -infinity),
                (-subnormal, nan),
                (infinity, 0.0),
                (-1.0, nan),
                (4.0, 0.5),
                (nan, nan),
            ],
        ),
        (
            2,
            &[
                (0.0, infinity),
                (-0.0, -infinity),
                (subnormal, infinity),
                (-subnormal, -infinity),
                (infinity, 0.0),
                (-1.0, nan),
                (4.0, 0.5),
                (nan, nan),
            ],
        ),
    ];
    for (index, pairs) in expected {
        let body = DOUBLES[index].0;
        let applied = Applied::compile(body, "f64", ["f64"; 3]);
        let operands: Vec<_> = pairs.iter().map(|(x, _)| [x.to_bits(), 0, 0]).collect();
        for ((operand, result), actual) in pairs.iter().zip(applied.run(&operands)) {
            let actual = f64::from_bits(actual);
            let same = actual.to_bits() == result.to_bits() || (actual.is_nan() && result.is_nan());
            assert!(
                same,
                "`{body}` of {operand:e} gives {actual} instead of {result}"
            );
        }
    }
}
