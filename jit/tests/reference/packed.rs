//! Pairs of integers, and comparisons of halves and of pairs.

use std::cmp::Ordering;

use crate::cases::{Case, check};
use crate::exact::{BF16, F16, Format};
use crate::numbers::{ARITHMETIC, Integer};

fn pairwise(compute: impl Fn(u64, u64) -> u64, [a, b, _]: [u64; 3]) -> u64 {
    let half = |shift: u32| compute(a >> shift & 0xffff, b >> shift & 0xffff) & 0xffff;
    half(0) | half(16) << 16
}

#[test]
fn pairs_of_integers_are_computed_half_by_half() {
    type Binary = fn(Integer, i128, i128) -> i128;
    let operations: [(&str, Binary); 3] = [
        ("add", |_, a, b| a + b),
        ("min", |_, a, b| a.min(b)),
        ("max", |_, a, b| a.max(b)),
    ];
    let mut cases = Vec::new();
    for (ty, pair) in [(ARITHMETIC[0], "u16x2"), (ARITHMETIC[3], "s16x2")] {
        for (name, of) in operations {
            let compute = move |a, b| ty.wrap(of(ty, ty.value(a), ty.value(b)));
            let body = format!("{name}.{pair} %d, %a, %b;");
            cases.push(Case::new(body, pair, pair, move |bits| {
                pairwise(compute, bits)
            }));
        }
    }
    let short = ARITHMETIC[3];
    for (name, of) in &operations[1..] {
        let of = *of;
        let compute = move |a, b| short.wrap(of(short, short.value(a), short.value(b)).max(0));
        let body = format!("{name}.relu.s16x2 %d, %a, %b;");
        cases.push(Case::new(body, "s16x2", "s16x2", move |bits| {
            pairwise(compute, bits)
        }));
    }
    check(cases);
}

/// A relation between floats, with what it gives for an order and for none.
type Relation = (&'static str, fn(Option<Ordering>) -> bool);

const RELATIONS: [Relation; 14] = [
    ("eq", |order| order.is_some_and(Ordering::is_eq)),
    ("ne", |order| order.is_some_and(Ordering::is_ne)),
    ("lt", |order| order.is_some_and(Ordering::is_lt)),
    ("le", |order| order.is_some_and(Ordering::is_le)),
    ("gt", |order| order.is_some_and(Ordering::is_gt)),
    ("ge", |order| order.is_some_and(Ordering::is_ge)),
    ("equ", |order| order.is_none_or(Ordering::is_eq)),
    ("neu", |order| order.is_none_or(Ordering::is_ne)),
    ("ltu", |order| order.is_none_or(Ordering::is_lt)),
    ("leu", |order| order.is_none_or(Ordering::is_le)),
    ("gtu", |order| order.is_none_or(Ordering::is_gt)),
    ("geu", |order| order.is_none_or(Ordering::is_ge)),
    ("num", |order| order.is_some()),
    ("nan", |order| order.is_none()),
];

/// The order of two halves, subnormal numbers of which may be flushed.
fn order(format: Format, flushes: bool, a: u64, b: u64) -> Option<Ordering> {
    let value = |bits| {
        let bits = if flushes { format.flushed(bits) } else { bits };
        format.value(bits)
    };
    value(a).partial_cmp(&value(b))
}

/// The formats, the types of one and two, and whether subnormal numbers are flushed with which modifier.
const COMPARED: [(Format, &str, &str, &str); 3] = [
    (F16, "f16", "f16x2", ""),
    (F16, "f16", "f16x2", ".ftz"),
    (BF16, "bf16", "bf16x2", ""),
];

#[test]
fn halves_are_compared_with_and_without_nan() {
    let mut cases = Vec::new();
    for (format, ty, _, modifier) in COMPARED {
        for (name, relation) in RELATIONS {
            let holds = move |a, b| relation(order(format, !modifier.is_empty(), a, b));
            let body = format!("setp.{name}{modifier}.{ty} %d, %a, %b;");
            cases.push(Case::new(body, "pred", ty, move |[a, b, _]| {
                holds(a, b).into()
            }));
            let body = format!("setp.{name}.xor{modifier}.{ty} %d, %a, %b, !%c;");
            cases.push(Case::mixed(
                body,
                "pred",
                [ty, ty, "pred"],
                move |[a, b, c]| u64::from(holds(a, b) ^ (c & 1 == 0)),
            ));
        }
    }
    check(cases);
}

#[test]
fn a_comparison_of_pairs_gives_a_predicate_for_each_half() {
    let mut cases = Vec::new();
    for (format, _, pair, modifier) in COMPARED {
        for (name, relation) in RELATIONS {
            let holds = move |a, b, shift| {
                relation(order(format, !modifier.is_empty(), a >> shift, b >> shift))
            };
            let body = format!("setp.{name}{modifier}.{pair} %d|%p0, %a, %b;");
            cases.push(Case::new(body, "pred", pair, move |[a, b, _]| {
                holds(a, b, 0).into()
            }));
            let body = format!("setp.{name}{modifier}.{pair} %p0|%d, %a, %b;");
            cases.push(Case::new(body, "pred", pair, move |[a, b, _]| {
                holds(a, b, 16).into()
            }));
            let body = format!("setp.{name}.and{modifier}.{pair} %p0|%d, %a, %b, %c;");
            cases.push(Case::mixed(
                body,
                "pred",
                [pair, pair, "pred"],
                move |[a, b, c]| u64::from(holds(a, b, 16) && c & 1 == 1),
            ));
        }
    }
    check(cases);
}

#[test]
fn a_comparison_of_halves_into_a_register_gives_all_bits_or_one() {
    let mut cases = Vec::new();
    for (format, ty, pair, modifier) in COMPARED {
        let one = if format == F16 { 0x3c00 } else { 0x3f80 };
        let results = [
            (ty, one),
            ("u16", 0xffff),
            ("s16", 0xffff),
            ("u32", 0xffff_ffff),
            ("s32", 0xffff_ffff),
        ];
        for (name, relation) in RELATIONS {
            let holds = move |a, b| relation(order(format, !modifier.is_empty(), a, b));
            for (result, yes) in results {
                let body = format!("set.{name}{modifier}.{result}.{ty} %d, %a, %b;");
                cases.push(Case::new(body, result, ty, move |[a, b, _]| {
                    if holds(a, b) { yes } else { 0 }
                }));
            }
            let body = format!("set.{name}{modifier}.{pair}.{pair} %d, %a, %b;");
            cases.push(Case::new(body, pair, pair, move |bits| {
                pairwise(|a, b| if holds(a, b) { one } else { 0 }, bits)
            }));
        }
    }
    check(cases);
}

#[test]
fn a_comparison_into_a_register_is_combined_with_a_predicate() {
    type Combination = (&'static str, fn(bool, bool) -> bool);
    let combinations: [Combination; 3] = [
        ("and", |x, c| x & c),
        ("or", |x, c| x | c),
        ("xor", |x, c| x ^ c),
    ];
    let mut cases = Vec::new();
    for (name, combine) in combinations {
        let body = format!("set.lt.{name}.u32.s32 %d, %a, %b, %c;");
        cases.push(Case::mixed(
            body,
            "u32",
            ["s32", "s32", "pred"],
            move |[a, b, c]| {
                let holds = combine((a as i32) < b as i32, c & 1 == 1);
                if holds { 0xffff_ffff } else { 0 }
            },
        ));
        let body = format!("set.gt.{name}.ftz.f32.f32 %d, %a, %b, !%c;");
        cases.push(Case::mixed(
            body,
            "f32",
            ["f32", "f32", "pred"],
            move |[a, b, c]| {
                let value = |bits: u64| {
                    let value = f32::from_bits(bits as u32);
                    if value.is_subnormal() { 0.0 } else { value }
                };
                let holds = combine(value(a) > value(b), c & 1 == 0);
                u64::from(if holds { 1f32.to_bits() } else { 0 })
            },
        ));
        let body = format!("set.lt.{name}.f16x2.f16x2 %d, %a, %b, %c;");
        cases.push(Case::mixed(
            body,
            "f16x2",
            ["f16x2", "f16x2", "pred"],
            move |[a, b, c]| {
                let less = |a, b| order(F16, false, a, b).is_some_and(Ordering::is_lt);
                let half = |a, b| {
                    if combine(less(a, b), c & 1 == 1) {
                        0x3c00
                    } else {
                        0
                    }
                };
                pairwise(half, [a, b, 0])
            },
        ));
    }
    check(cases);
}

#[test]
fn registers_are_cut_into_bytes_and_halves() {
    let bytes = "{ .reg .b8 %low, %high;\nmov.b16 {%low, %high}, %a;\nmov.b16 %d, {%high, %low}; }";
    let four = "{ .reg .b8 %x, %y, %z, %w;\nmov.b32 {%x, %y, %z, %w}, %a;\nmov.b32 %d, {%w, %z, %y, %x}; }";
    let halves = "{ .reg .b16 %x, %y, %z, %w;\nmov.b64 {%x, %y, %z, %w}, %a;\nmov.b64 %d, {%w, %z, %y, %x}; }";
    let floats = "{ .reg .f16 %low, %high;\nmov.b32 {%low, %high}, %a;\nneg.f16 %low, %low;\nmov.b32 %d, {%high, %low}; }";
    check(vec![
        Case::new(bytes.into(), "b16", "b16", |[a, _, _]| {
            u64::from((a as u16).swap_bytes())
        }),
        Case::new(four.into(), "b32", "b32", |[a, _, _]| {
            u64::from((a as u32).swap_bytes())
        }),
        Case::new(halves.into(), "b64", "b64", |[a, _, _]| {
            (a.swap_bytes() >> 8 & 0x00ff_00ff_00ff_00ff)
                | (a.swap_bytes() & 0x00ff_00ff_00ff_00ff) << 8
        }),
        Case::new(floats.into(), "b32", "b32", |[a, _, _]| {
            u64::from((a as u32).rotate_left(16) ^ 0x8000_0000)
        }),
        Case::mixed(
            "selp.b16 %d, %a, %b, %c;".into(),
            "f16",
            ["f16", "f16", "pred"],
            |[a, b, c]| {
                if c & 1 == 1 { a & 0xffff } else { b & 0xffff }
            },
        ),
    ]);
}
