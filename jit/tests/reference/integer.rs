//! Integer arithmetic.

use crate::cases::{Case, check};
use crate::numbers::{ARITHMETIC, Integer};

/// A case for each type, of an instruction of two operands.
fn binary(name: &str, types: &[Integer], expected: fn(Integer, i128, i128) -> u64) -> Vec<Case> {
    let case = |ty: &Integer| {
        let ty = *ty;
        let body = format!("{name}.{} %d, %a, %b;", ty.name);
        Case::new(body, ty.name, ty.name, move |[a, b, _]| {
            expected(ty, ty.value(a), ty.value(b))
        })
    };
    types.iter().map(case).collect()
}

/// A case for each type, of an instruction of one operand.
fn unary(name: &str, types: &[Integer], expected: fn(Integer, i128) -> u64) -> Vec<Case> {
    let case = |ty: &Integer| {
        let ty = *ty;
        let body = format!("{name}.{} %d, %a;", ty.name);
        Case::new(body, ty.name, ty.name, move |[a, _, _]| {
            expected(ty, ty.value(a))
        })
    };
    types.iter().map(case).collect()
}

fn signed() -> Vec<Integer> {
    ARITHMETIC.into_iter().filter(|ty| ty.signed).collect()
}

/// 16 and 32 bits: what can be multiplied to twice the width.
fn narrow() -> Vec<Integer> {
    ARITHMETIC.into_iter().filter(|ty| ty.bits < 64).collect()
}

/// The upper half of a product. The lower 128 bits of a product are the same whether its operands are signed or not.
fn upper_half(ty: Integer, a: i128, b: i128) -> i128 {
    let product = a.wrapping_mul(b);
    if ty.signed {
        product >> ty.bits
    } else {
        (product as u128 >> ty.bits) as i128
    }
}

#[test]
fn sums_and_differences_wrap_round() {
    let mut cases = binary("add", &ARITHMETIC, |ty, a, b| ty.wrap(a + b));
    cases.extend(binary("sub", &ARITHMETIC, |ty, a, b| ty.wrap(a - b)));
    check(cases);
}

#[test]
fn saturating_sums_and_differences_stop_at_the_limits() {
    let s32 = [ARITHMETIC[4]];
    let mut cases = binary("add.sat", &s32, |ty, a, b| ty.saturate(a + b));
    cases.extend(binary("sub.sat", &s32, |ty, a, b| ty.saturate(a - b)));
    check(cases);
}

#[test]
fn products_give_either_half_or_both() {
    let mut cases = binary("mul.lo", &ARITHMETIC, |ty, a, b| ty.wrap(a.wrapping_mul(b)));
    cases.extend(binary("mul.hi", &ARITHMETIC, |ty, a, b| {
        ty.wrap(upper_half(ty, a, b))
    }));
    for ty in narrow() {
        let body = format!("mul.wide.{} %d, %a, %b;", ty.name);
        let wide = ty.wider();
        cases.push(Case::mixed(
            body,
            wide.name,
            [ty.name; 3],
            move |[a, b, _]| wide.wrap(ty.value(a) * ty.value(b)),
        ));
    }
    check(cases);
}

#[test]
fn multiply_add_wraps_round() {
    let mut cases = Vec::new();
    for ty in ARITHMETIC {
        let body = format!("mad.lo.{} %d, %a, %b, %c;", ty.name);
        cases.push(Case::new(body, ty.name, ty.name, move |[a, b, c]| {
            ty.wrap(
                ty.value(a)
                    .wrapping_mul(ty.value(b))
                    .wrapping_add(ty.value(c)),
            )
        }));
        let body = format!("mad.hi.{} %d, %a, %b, %c;", ty.name);
        cases.push(Case::new(body, ty.name, ty.name, move |[a, b, c]| {
            ty.wrap(upper_half(ty, ty.value(a), ty.value(b)) + ty.value(c))
        }));
    }
    for ty in narrow() {
        let body = format!("mad.wide.{} %d, %a, %b, %c;", ty.name);
        let wide = ty.wider();
        cases.push(Case::mixed(
            body,
            wide.name,
            [ty.name, ty.name, wide.name],
            move |[a, b, c]| wide.wrap(ty.value(a) * ty.value(b) + wide.value(c)),
        ));
    }
    check(cases);
}

#[test]
fn division_truncates_and_survives_zero_and_overflow() {
    // What the PTX ISA leaves open is as `ptxas` compiles it for GPUs: a division by zero gives all ones, and so does a
    // remainder, but for 16 bits, where it is the dividend; an overflow wraps round.
    let mut cases = binary("div", &ARITHMETIC, |ty, a, b| {
        if b == 0 { ty.ones() } else { ty.wrap(a / b) }
    });
    cases.extend(binary("rem", &ARITHMETIC, |ty, a, b| match b {
        0 if ty.bits == 16 => ty.wrap(a),
        0 => ty.ones(),
        _ => ty.wrap(a % b),
    }));
    check(cases);
}

#[test]
fn smaller_and_larger_respect_the_sign() {
    let mut cases = binary("min", &ARITHMETIC, |ty, a, b| ty.wrap(a.min(b)));
    cases.extend(binary("max", &ARITHMETIC, |ty, a, b| ty.wrap(a.max(b))));
    check(cases);
}

#[test]
fn magnitude_and_negation_wrap_at_the_lowest_number() {
    let mut cases = unary("abs", &signed(), |ty, a| ty.wrap(a.abs()));
    cases.extend(unary("neg", &signed(), |ty, a| ty.wrap(-a)));
    check(cases);
}
