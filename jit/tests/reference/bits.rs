//! Logic, shifts and counts of bits.

use crate::cases::{Case, check};
use crate::numbers::{ARITHMETIC, BITS};

#[test]
fn logic_works_on_each_bit() {
    let mut cases = Vec::new();
    for ty in BITS {
        let name = ty.name;
        let case = |text: &str, expected: fn(u64, u64) -> u64| {
            Case::new(text.replace('T', name), name, name, move |[a, b, _]| {
                ty.wrap(i128::from(expected(a, b)))
            })
        };
        cases.push(case("and.T %d, %a, %b;", |a, b| a & b));
        cases.push(case("or.T %d, %a, %b;", |a, b| a | b));
        cases.push(case("xor.T %d, %a, %b;", |a, b| a ^ b));
        cases.push(case("not.T %d, %a;", |a, _| !a));
        let body = format!("cnot.{name} %d, %a;");
        cases.push(Case::new(body, name, name, move |[a, _, _]| {
            u64::from(ty.value(a) == 0)
        }));
    }
    check(cases);
}

#[test]
fn logic_works_on_predicates() {
    let case = |text: &str, expected: fn(u64, u64) -> u64| {
        Case::new(text.to_owned(), "pred", "pred", move |[a, b, _]| {
            expected(a, b) & 1
        })
    };
    check(vec![
        case("and.pred %d, %a, %b;", |a, b| a & b),
        case("or.pred %d, %a, %b;", |a, b| a | b),
        case("xor.pred %d, %a, %b;", |a, b| a ^ b),
        case("not.pred %d, %a;", |a, _| !a),
        case("mov.pred %d, %a;", |a, _| a),
    ]);
}

#[test]
fn shifts_past_the_width_shift_everything_out() {
    let mut cases = Vec::new();
    let amount = |b: u64| (b as u32).min(64);
    for ty in BITS {
        for (name, types) in [
            ("shl", [ty.name, "u32", "u32"]),
            ("shr", [ty.name, "u32", "u32"]),
        ] {
            let body = format!("{name}.{} %d, %a, %b;", ty.name);
            cases.push(Case::mixed(body, ty.name, types, move |[a, b, _]| {
                let value = ty.value(a);
                ty.wrap(if name == "shl" {
                    value << amount(b)
                } else {
                    value >> amount(b)
                })
            }));
        }
    }
    for ty in ARITHMETIC {
        let body = format!("shr.{} %d, %a, %b;", ty.name);
        cases.push(Case::mixed(
            body,
            ty.name,
            [ty.name, "u32", "u32"],
            move |[a, b, _]| ty.wrap(ty.value(a) >> amount(b)),
        ));
    }
    check(cases);
}

#[test]
fn funnel_shifts_take_two_words() {
    let mut cases = Vec::new();
    for mode in ["wrap", "clamp"] {
        for side in ["l", "r"] {
            let body = format!("shf.{side}.{mode}.b32 %d, %a, %b, %c;");
            cases.push(Case::new(body, "b32", "b32", move |[a, b, c]| {
                let both = u64::from(b as u32) << 32 | u64::from(a as u32);
                let amount = if mode == "wrap" {
                    c as u32 & 31
                } else {
                    (c as u32).min(32)
                };
                let shifted = if side == "l" {
                    both << amount >> 32
                } else {
                    both >> amount
                };
                shifted & 0xffff_ffff
            }));
        }
    }
    check(cases);
}

#[test]
fn bits_are_counted_found_and_reversed() {
    let mut cases = Vec::new();
    for ty in [BITS[1], BITS[2]] {
        let (name, bits) = (ty.name, ty.bits);
        let count = |instruction: &str, expected: fn(u64, u32) -> u32| {
            let body = format!("{instruction}.{name} %d, %a;");
            Case::mixed(body, "u32", [name; 3], move |[a, _, _]| {
                u64::from(expected(ty.wrap(i128::from(a)), bits))
            })
        };
        cases.push(count("popc", |a, _| a.count_ones()));
        cases.push(count("clz", |a, bits| a.leading_zeros() - (64 - bits)));
        let body = format!("brev.{name} %d, %a;");
        cases.push(Case::new(body, name, name, move |[a, _, _]| {
            a.reverse_bits() >> (64 - bits)
        }));
    }
    check(cases);
}
