//! Floating-point arithmetic, rounding, comparisons and signs.

use super::{Nan, check_binary, check_unary};

/// Zeros, subnormals, numbers that are rounded either way, the edges of the integer types, infinities and NaNs.
pub(super) const EDGES_32: &[u64] = &[
    0x0000_0000,
    0x3f80_0000,
    0x8000_0000,
    0x3f00_0000,
    0x0000_0001,
    0x8000_0001,
    0x007f_ffff,
    0x0080_0000,
    0xbf00_0000,
    0x3fc0_0000,
    0x4020_0000,
    0xbf7f_ffff,
    0xbf80_0000,
    0x4b00_0001,
    0x4eff_ffff,
    0x4f00_0000,
    0xcf00_0000,
    0xcf00_0001,
    0x4f7f_ffff,
    0x4f80_0000,
    0x7f7f_ffff,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0xffc1_2345,
    0x7f80_0001,
];

pub(super) const EDGES_64: &[u64] = &[
    0x0000_0000_0000_0000,
    0x3ff0_0000_0000_0000,
    0x8000_0000_0000_0000,
    0x3fe0_0000_0000_0000,
    0x0000_0000_0000_0001,
    0x800f_ffff_ffff_ffff,
    0xbfe0_0000_0000_0000,
    0x3ff8_0000_0000_0000,
    0x4004_0000_0000_0000,
    0xbfef_ffff_ffff_ffff,
    0xbff0_0000_0000_0000,
    0x3810_0000_0000_0001,
    0x41df_ffff_ffc0_0000,
    0x41df_ffff_ffff_ffff,
    0x41e0_0000_0000_0000,
    0xc1e0_0000_001f_ffff,
    0xc1e0_0000_0020_0000,
    0x41ef_ffff_ffff_ffff,
    0x41f0_0000_0000_0000,
    0x47ef_ffff_f000_0000,
    0x7fef_ffff_ffff_ffff,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0000_0000,
    0xfff8_0000_0001_2345,
    0x7ff0_0000_0000_0001,
];

pub(super) fn f(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

pub(super) fn d(bits: u64) -> f64 {
    f64::from_bits(bits)
}

fn of_f(value: f32) -> u64 {
    value.to_bits().into()
}

fn narrow(name: &str, nan: Nan, reference: fn(f32, f32) -> f32) {
    let name = format!("f32.{name}");
    check_binary(&name, "f32", "f32", nan, &|a, b| {
        Ok(of_f(reference(f(a), f(b))))
    });
}

fn wide(name: &str, nan: Nan, reference: fn(f64, f64) -> f64) {
    let name = format!("f64.{name}");
    check_binary(&name, "f64", "f64", nan, &|a, b| {
        Ok(reference(d(a), d(b)).to_bits())
    });
}

fn narrow_unary(name: &str, nan: Nan, reference: fn(f32) -> f32) {
    let name = format!("f32.{name}");
    check_unary(&name, "f32", "f32", nan, &|a, _| Ok(of_f(reference(f(a)))));
}

fn wide_unary(name: &str, nan: Nan, reference: fn(f64) -> f64) {
    let name = format!("f64.{name}");
    check_unary(&name, "f64", "f64", nan, &|a, _| {
        Ok(reference(d(a)).to_bits())
    });
}

#[test]
fn arithmetic_is_rounded_once() {
    narrow("add", Nan::Any, |a, b| a + b);
    narrow("sub", Nan::Any, |a, b| a - b);
    narrow("mul", Nan::Any, |a, b| a * b);
    narrow("div", Nan::Any, |a, b| a / b);
    wide("add", Nan::Any, |a, b| a + b);
    wide("sub", Nan::Any, |a, b| a - b);
    wide("mul", Nan::Any, |a, b| a * b);
    wide("div", Nan::Any, |a, b| a / b);
    narrow_unary("sqrt", Nan::Any, f32::sqrt);
    wide_unary("sqrt", Nan::Any, f64::sqrt);
}

#[test]
fn numbers_are_rounded_in_four_ways() {
    narrow_unary("ceil", Nan::Any, f32::ceil);
    narrow_unary("floor", Nan::Any, f32::floor);
    narrow_unary("trunc", Nan::Any, f32::trunc);
    narrow_unary("nearest", Nan::Any, f32::round_ties_even);
    wide_unary("ceil", Nan::Any, f64::ceil);
    wide_unary("floor", Nan::Any, f64::floor);
    wide_unary("trunc", Nan::Any, f64::trunc);
    wide_unary("nearest", Nan::Any, f64::round_ties_even);
}

#[test]
fn signs_are_changed_as_bits_even_of_nan() {
    narrow_unary("abs", Nan::Exact, f32::abs);
    narrow_unary("neg", Nan::Exact, |a| -a);
    wide_unary("abs", Nan::Exact, f64::abs);
    wide_unary("neg", Nan::Exact, |a| -a);
    narrow("copysign", Nan::Exact, f32::copysign);
    wide("copysign", Nan::Exact, f64::copysign);
}

/// NaN if either is NaN, and a negative zero is less than a positive one.
macro_rules! extremes {
    ($name:ident, $float:ty) => {
        fn $name(a: $float, b: $float, takes_less: bool) -> $float {
            match () {
                () if a.is_nan() || b.is_nan() => <$float>::NAN,
                () if a == b && a.is_sign_negative() == takes_less => a,
                () if a == b => b,
                () if (a < b) == takes_less => a,
                () => b,
            }
        }
    };
}

extremes!(extreme_32, f32);
extremes!(extreme_64, f64);

#[test]
fn extremes_know_nan_and_the_sign_of_zero() {
    narrow("min", Nan::Any, |a, b| extreme_32(a, b, true));
    narrow("max", Nan::Any, |a, b| extreme_32(a, b, false));
    wide("min", Nan::Any, |a, b| extreme_64(a, b, true));
    wide("max", Nan::Any, |a, b| extreme_64(a, b, false));
}

type Comparison = fn(f64, f64) -> bool;

#[test]
fn comparisons_with_nan_say_unequal() {
    let comparisons: [(&str, Comparison); 6] = [
        ("eq", |a, b| a == b),
        ("ne", |a, b| a != b),
        ("lt", |a, b| a < b),
        ("gt", |a, b| a > b),
        ("le", |a, b| a <= b),
        ("ge", |a, b| a >= b),
    ];
    for (name, holds) in comparisons {
        let name_32 = format!("f32.{name}");
        check_binary(&name_32, "f32", "i32", Nan::Exact, &|a, b| {
            Ok(holds(f(a).into(), f(b).into()).into())
        });
        let name_64 = format!("f64.{name}");
        check_binary(&name_64, "f64", "i32", Nan::Exact, &|a, b| {
            Ok(holds(d(a), d(b)).into())
        });
    }
}
