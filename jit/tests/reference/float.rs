//! Floating-point arithmetic, which the PTX ISA asks to be exact to the last bit.

use crate::cases::{Case, check};

fn single(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

/// A case of three `.f32` operands.
fn f32_case(body: &str, expected: impl Fn(f32, f32, f32) -> f32 + 'static) -> Case {
    Case::new(body.to_owned(), "f32", "f32", move |[a, b, c]| {
        u64::from(expected(single(a), single(b), single(c)).to_bits())
    })
}

/// A case of three `.f64` operands.
fn f64_case(body: &str, expected: impl Fn(f64, f64, f64) -> f64 + 'static) -> Case {
    Case::new(body.to_owned(), "f64", "f64", move |[a, b, c]| {
        expected(f64::from_bits(a), f64::from_bits(b), f64::from_bits(c)).to_bits()
    })
}

/// `.ftz`: a subnormal number is a zero of its sign.
fn flush(value: f32) -> f32 {
    if value.is_subnormal() {
        0f32.copysign(value)
    } else {
        value
    }
}

/// `.sat`: held to 0 to 1, and 0 for NaN.
fn saturated(value: f32) -> f32 {
    if value > 0.0 { value.min(1.0) } else { 0.0 }
}

/// The smaller number, where the negative zero is smaller than the positive one and a NaN is none.
fn smaller(a: f64, b: f64) -> f64 {
    match (a.is_nan(), b.is_nan()) {
        (true, _) => b,
        (_, true) => a,
        _ if a.total_cmp(&b).is_lt() => a,
        _ => b,
    }
}

fn larger(a: f64, b: f64) -> f64 {
    -smaller(-a, -b)
}

#[test]
fn single_precision_is_rounded_to_nearest() {
    check(vec![
        f32_case("add.f32 %d, %a, %b;", |a, b, _| a + b),
        f32_case("add.rn.f32 %d, %a, %b;", |a, b, _| a + b),
        f32_case("sub.f32 %d, %a, %b;", |a, b, _| a - b),
        f32_case("mul.f32 %d, %a, %b;", |a, b, _| a * b),
        f32_case("mul.rn.f32 %d, %a, %b;", |a, b, _| a * b),
        f32_case("div.rn.f32 %d, %a, %b;", |a, b, _| a / b),
        f32_case("sqrt.rn.f32 %d, %a;", |a, _, _| a.sqrt()),
        f32_case("rcp.rn.f32 %d, %a;", |a, _, _| 1.0 / a),
    ]);
}

#[test]
fn double_precision_is_rounded_to_nearest() {
    check(vec![
        f64_case("add.f64 %d, %a, %b;", |a, b, _| a + b),
        f64_case("add.rn.f64 %d, %a, %b;", |a, b, _| a + b),
        f64_case("sub.f64 %d, %a, %b;", |a, b, _| a - b),
        f64_case("mul.f64 %d, %a, %b;", |a, b, _| a * b),
        f64_case("div.rn.f64 %d, %a, %b;", |a, b, _| a / b),
        f64_case("sqrt.rn.f64 %d, %a;", |a, _, _| a.sqrt()),
        f64_case("rcp.rn.f64 %d, %a;", |a, _, _| 1.0 / a),
    ]);
}

#[test]
fn a_fused_product_and_sum_are_rounded_once() {
    check(vec![
        f32_case("fma.rn.f32 %d, %a, %b, %c;", f32::mul_add),
        f64_case("fma.rn.f64 %d, %a, %b, %c;", f64::mul_add),
        f32_case("mad.rn.f32 %d, %a, %b, %c;", f32::mul_add),
        f64_case("mad.rn.f64 %d, %a, %b, %c;", f64::mul_add),
    ]);
}

#[test]
fn signs_are_changed_and_copied() {
    check(vec![
        f32_case("abs.f32 %d, %a;", |a, _, _| a.abs()),
        f32_case("neg.f32 %d, %a;", |a, _, _| -a),
        f32_case("copysign.f32 %d, %a, %b;", |a, b, _| b.copysign(a)),
        f64_case("abs.f64 %d, %a;", |a, _, _| a.abs()),
        f64_case("neg.f64 %d, %a;", |a, _, _| -a),
        f64_case("copysign.f64 %d, %a, %b;", |a, b, _| b.copysign(a)),
    ]);
}

#[test]
fn limits_prefer_a_number_to_nan_and_order_the_zeros() {
    check(vec![
        f32_case("min.f32 %d, %a, %b;", |a, b, _| {
            smaller(a.into(), b.into()) as f32
        }),
        f32_case("max.f32 %d, %a, %b;", |a, b, _| {
            larger(a.into(), b.into()) as f32
        }),
        f64_case("min.f64 %d, %a, %b;", |a, b, _| smaller(a, b)),
        f64_case("max.f64 %d, %a, %b;", |a, b, _| larger(a, b)),
    ]);
}

#[test]
fn limits_keep_nan_when_told_to() {
    let or_nan = |a: f32, b: f32, limit: f64| {
        if a.is_nan() || b.is_nan() {
            f32::NAN
        } else {
            limit as f32
        }
    };
    check(vec![
        f32_case("min.NaN.f32 %d, %a, %b;", move |a, b, _| {
            or_nan(a, b, smaller(a.into(), b.into()))
        }),
        f32_case("max.NaN.f32 %d, %a, %b;", move |a, b, _| {
            or_nan(a, b, larger(a.into(), b.into()))
        }),
    ]);
}

#[test]
fn flushing_turns_subnormal_operands_and_results_into_zeros() {
    check(vec![
        f32_case("add.ftz.f32 %d, %a, %b;", |a, b, _| {
            flush(flush(a) + flush(b))
        }),
        f32_case("sub.ftz.f32 %d, %a, %b;", |a, b, _| {
            flush(flush(a) - flush(b))
        }),
        f32_case("mul.ftz.f32 %d, %a, %b;", |a, b, _| {
            flush(flush(a) * flush(b))
        }),
        f32_case("fma.rn.ftz.f32 %d, %a, %b, %c;", |a, b, c| {
            flush(flush(a).mul_add(flush(b), flush(c)))
        }),
        f32_case("div.rn.ftz.f32 %d, %a, %b;", |a, b, _| {
            flush(flush(a) / flush(b))
        }),
        f32_case("sqrt.rn.ftz.f32 %d, %a;", |a, _, _| flush(a).sqrt()),
        f32_case("abs.ftz.f32 %d, %a;", |a, _, _| flush(a).abs()),
        f32_case("neg.ftz.f32 %d, %a;", |a, _, _| -flush(a)),
        f32_case("max.ftz.f32 %d, %a, %b;", |a, b, _| {
            larger(flush(a).into(), flush(b).into()) as f32
        }),
    ]);
}

#[test]
fn saturation_holds_results_between_zero_and_one() {
    check(vec![
        f32_case("add.sat.f32 %d, %a, %b;", |a, b, _| saturated(a + b)),
        f32_case("sub.sat.f32 %d, %a, %b;", |a, b, _| saturated(a - b)),
        f32_case("mul.sat.f32 %d, %a, %b;", |a, b, _| saturated(a * b)),
        f32_case("mul.ftz.sat.f32 %d, %a, %b;", |a, b, _| {
            saturated(flush(flush(a) * flush(b)))
        }),
        f32_case("fma.rn.sat.f32 %d, %a, %b, %c;", |a, b, c| {
            saturated(a.mul_add(b, c))
        }),
    ]);
}
