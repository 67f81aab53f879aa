//! Comparisons and what is chosen by them.

use std::cmp::Ordering;

use crate::cases::{Case, check};
use crate::numbers::{ARITHMETIC, BITS, Integer};

/// Whether a relation holds between two numbers in this order.
type Relation = fn(Ordering) -> bool;

const EQUALITY: [(&str, Relation); 2] = [("eq", Ordering::is_eq), ("ne", Ordering::is_ne)];
const ORDER: [(&str, Relation); 4] = [
    ("lt", Ordering::is_lt),
    ("le", Ordering::is_le),
    ("gt", Ordering::is_gt),
    ("ge", Ordering::is_ge),
];
const UNSIGNED_ORDER: [(&str, Relation); 4] = [
    ("lo", Ordering::is_lt),
    ("ls", Ordering::is_le),
    ("hi", Ordering::is_gt),
    ("hs", Ordering::is_ge),
];

/// The relations between integers of a type.
fn relations(ty: Integer) -> Vec<(&'static str, Relation)> {
    let mut relations = EQUALITY.to_vec();
    if !ty.name.starts_with('b') {
        relations.extend(ORDER);
    }
    if ty.name.starts_with('u') {
        relations.extend(UNSIGNED_ORDER);
    }
    relations
}

/// The relations between floats, and whether each holds when one of them is NaN.
fn float_relations() -> Vec<(String, Relation, bool)> {
    let mut relations = vec![
        ("num".to_owned(), (|_| true) as Relation, false),
        ("nan".to_owned(), (|_| false) as Relation, true),
    ];
    for (name, relation) in EQUALITY.into_iter().chain(ORDER) {
        relations.push((name.to_owned(), relation, false));
        relations.push((format!("{name}u"), relation, true));
    }
    relations
}

fn holds(relation: Relation, unordered: bool, order: Option<Ordering>) -> bool {
    order.map_or(unordered, relation)
}

fn order_of_singles(a: u64, b: u64) -> Option<Ordering> {
    f32::from_bits(a as u32).partial_cmp(&f32::from_bits(b as u32))
}

fn order_of_doubles(a: u64, b: u64) -> Option<Ordering> {
    f64::from_bits(a).partial_cmp(&f64::from_bits(b))
}

#[test]
fn integers_are_compared_by_their_type() {
    let mut cases = Vec::new();
    for ty in ARITHMETIC.into_iter().chain(BITS) {
        for (name, relation) in relations(ty) {
            let body = format!("setp.{name}.{} %d, %a, %b;", ty.name);
            cases.push(Case::new(body, "pred", ty.name, move |[a, b, _]| {
                u64::from(relation(ty.value(a).cmp(&ty.value(b))))
            }));
        }
    }
    check(cases);
}

#[test]
fn floats_are_compared_with_and_without_nan() {
    let mut cases = Vec::new();
    for (name, relation, unordered) in float_relations() {
        let single = format!("setp.{name}.f32 %d, %a, %b;");
        cases.push(Case::new(single, "pred", "f32", move |[a, b, _]| {
            u64::from(holds(relation, unordered, order_of_singles(a, b)))
        }));
        let double = format!("setp.{name}.f64 %d, %a, %b;");
        cases.push(Case::new(double, "pred", "f64", move |[a, b, _]| {
            u64::from(holds(relation, unordered, order_of_doubles(a, b)))
        }));
    }
    check(cases);
}

#[test]
fn comparisons_that_flush_see_subnormal_numbers_as_zero() {
    let flushed = |bits: u64| {
        let value = f32::from_bits(bits as u32);
        if value.is_subnormal() { 0.0 } else { value }
    };
    check(vec![
        Case::new(
            "setp.eq.ftz.f32 %d, %a, %b;".into(),
            "pred",
            "f32",
            move |[a, b, _]| u64::from(flushed(a) == flushed(b)),
        ),
        Case::new(
            "setp.gtu.ftz.f32 %d, %a, %b;".into(),
            "pred",
            "f32",
            move |[a, b, _]| {
                u64::from(
                    flushed(a)
                        .partial_cmp(&flushed(b))
                        .is_none_or(Ordering::is_gt),
                )
            },
        ),
    ]);
}

#[test]
fn a_comparison_is_combined_with_a_predicate_and_gives_its_opposite() {
    type Combination = (&'static str, fn(bool, bool) -> bool);
    let combinations: [Combination; 3] = [
        ("and", |x, c| x & c),
        ("or", |x, c| x | c),
        ("xor", |x, c| x ^ c),
    ];
    let types = ["s32", "s32", "pred"];
    let less = |a: u64, b: u64| (a as i32) < (b as i32);
    let mut cases = vec![Case::new(
        "setp.lt.s32 %p0|%d, %a, %b;".into(),
        "pred",
        "s32",
        move |[a, b, _]| u64::from(!less(a, b)),
    )];
    for (name, combine) in combinations {
        let expect = move |[a, b, c]: [u64; 3], opposite: bool, negated: bool| {
            u64::from(combine(less(a, b) ^ opposite, (c & 1 == 1) ^ negated))
        };
        let body = format!("setp.lt.{name}.s32 %d, %a, %b, %c;");
        cases.push(Case::mixed(body, "pred", types, move |operands| {
            expect(operands, false, false)
        }));
        let body = format!("setp.lt.{name}.s32 %d|%p0, %a, %b, !%c;");
        cases.push(Case::mixed(body, "pred", types, move |operands| {
            expect(operands, false, true)
        }));
        let body = format!("setp.lt.{name}.s32 %p0|%d, %a, %b, %c;");
        cases.push(Case::mixed(body, "pred", types, move |operands| {
            expect(operands, true, false)
        }));
    }
    check(cases);
}

#[test]
fn a_comparison_into_a_register_gives_all_bits_or_one() {
    let bits = |holds: bool| if holds { 0xffff_ffff } else { 0 };
    let one = |holds: bool| if holds { u64::from(1f32.to_bits()) } else { 0 };
    let mut cases = Vec::new();
    for ty in ARITHMETIC {
        let compared = move |[a, b, _]: [u64; 3]| ty.value(a) < ty.value(b);
        let body = format!("set.lt.u32.{} %d, %a, %b;", ty.name);
        cases.push(Case::new(body, "u32", ty.name, move |operands| {
            bits(compared(operands))
        }));
        let body = format!("set.lt.f32.{} %d, %a, %b;", ty.name);
        cases.push(Case::new(body, "f32", ty.name, move |operands| {
            one(compared(operands))
        }));
    }
    for (name, relation, unordered) in float_relations() {
        let body = format!("set.{name}.s32.f64 %d, %a, %b;");
        cases.push(Case::new(body, "s32", "f64", move |[a, b, _]| {
            bits(holds(relation, unordered, order_of_doubles(a, b)))
        }));
    }
    check(cases);
}

#[test]
fn selection_moves_bits_unchanged() {
    let mut cases = Vec::new();
    let widths = [("f32", 32), ("f64", 64)].into_iter();
    let integers = ARITHMETIC
        .into_iter()
        .chain(BITS)
        .map(|ty| (ty.name, ty.bits));
    for (name, bits) in integers.chain(widths) {
        // As integers, so that a NaN must keep its payload too.
        let register = ["b16", "b32", "b64"][bits as usize / 32];
        let body = format!("selp.{name} %d, %a, %b, %c;");
        let wide = if name.starts_with('f') {
            name
        } else {
            register
        };
        cases.push(Case::mixed(
            body,
            wide,
            [wide, wide, "pred"],
            move |[a, b, c]| {
                let chosen = if c & 1 == 1 { a } else { b };
                chosen << (64 - bits) >> (64 - bits)
            },
        ));
    }
    check(cases);
}

#[test]
fn numbers_are_told_apart_by_kind() {
    type Kind = (&'static str, fn(f32) -> bool, fn(f64) -> bool);
    let kinds: [Kind; 6] = [
        ("finite", f32::is_finite, f64::is_finite),
        ("infinite", f32::is_infinite, f64::is_infinite),
        ("number", |x| !x.is_nan(), |x| !x.is_nan()),
        ("notanumber", f32::is_nan, f64::is_nan),
        ("normal", f32::is_normal, f64::is_normal),
        ("subnormal", f32::is_subnormal, f64::is_subnormal),
    ];
    let mut cases = Vec::new();
    for (name, single, double) in kinds {
        let body = format!("testp.{name}.f32 %d, %a;");
        cases.push(Case::new(body, "pred", "f32", move |[a, _, _]| {
            u64::from(single(f32::from_bits(a as u32)))
        }));
        let body = format!("testp.{name}.f64 %d, %a;");
        cases.push(Case::new(body, "pred", "f64", move |[a, _, _]| {
            u64::from(double(f64::from_bits(a)))
        }));
    }
    check(cases);
}
