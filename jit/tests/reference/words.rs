//! Instructions on words that take few bits of them, or any function of their bits.

use crate::cases::{Case, check};
use crate::numbers::{ARITHMETIC, Integer};

const WORDS: [Integer; 2] = [ARITHMETIC[1], ARITHMETIC[4]];
const S32: Integer = ARITHMETIC[4];

#[test]
fn products_of_24_bits_give_either_part() {
    let part = |ty: Integer, a: u64, b: u64, high: bool| {
        let lower = |value: u64| {
            let value = i64::from((value as u32) << 8);
            i128::from(if ty.signed {
                value as i32 as i64 >> 8
            } else {
                value >> 8
            })
        };
        let product = lower(a) * lower(b);
        // As 32 bits with the type's sign.
        ty.value(ty.wrap(if high { product >> 16 } else { product }))
    };
    let mut cases = Vec::new();
    for ty in WORDS {
        for (name, high) in [("lo", false), ("hi", true)] {
            let body = format!("mul24.{name}.{} %d, %a, %b;", ty.name);
            cases.push(Case::new(body, ty.name, ty.name, move |[a, b, _]| {
                ty.wrap(part(ty, a, b, high))
            }));
            let body = format!("mad24.{name}.{} %d, %a, %b, %c;", ty.name);
            cases.push(Case::new(body, ty.name, ty.name, move |[a, b, c]| {
                ty.wrap(part(ty, a, b, high) + ty.value(c))
            }));
        }
    }
    let body = "mad24.hi.sat.s32 %d, %a, %b, %c;".to_owned();
    cases.push(Case::new(body, "s32", "s32", move |[a, b, c]| {
        S32.saturate(part(S32, a, b, true) + S32.value(c))
    }));
    let body = "mad.hi.sat.s32 %d, %a, %b, %c;".to_owned();
    cases.push(Case::new(body, "s32", "s32", |[a, b, c]| {
        S32.saturate(((S32.value(a) * S32.value(b)) >> 32) + S32.value(c))
    }));
    check(cases);
}

#[test]
fn the_distance_of_two_numbers_is_added() {
    let mut cases = Vec::new();
    for ty in ARITHMETIC {
        let body = format!("sad.{} %d, %a, %b, %c;", ty.name);
        cases.push(Case::new(body, ty.name, ty.name, move |[a, b, c]| {
            ty.wrap(ty.value(c) + (ty.value(a) - ty.value(b)).abs())
        }));
    }
    check(cases);
}

#[test]
fn integer_limits_replace_negative_results_when_told_to() {
    let s32 = |bits| S32.value(bits);
    check(vec![
        Case::new(
            "min.relu.s32 %d, %a, %b;".into(),
            "s32",
            "s32",
            move |[a, b, _]| S32.wrap(s32(a).min(s32(b)).max(0)),
        ),
        Case::new(
            "max.relu.s32 %d, %a, %b;".into(),
            "s32",
            "s32",
            move |[a, b, _]| S32.wrap(s32(a).max(s32(b)).max(0)),
        ),
    ]);
}

#[test]
fn the_highest_bit_is_found() {
    let mut cases = Vec::new();
    for ty in ARITHMETIC.into_iter().filter(|ty| ty.bits >= 32) {
        let found = move |bits: u64| {
            let value = ty.value(bits);
            let searched = if value < 0 { !value } else { value };
            (0..ty.bits).rev().find(|at| searched >> at & 1 == 1)
        };
        let body = format!("bfind.{} %d, %a;", ty.name);
        cases.push(Case::mixed(body, "u32", [ty.name; 3], move |[a, _, _]| {
            found(a).unwrap_or(u32::MAX).into()
        }));
        let body = format!("bfind.shiftamt.{} %d, %a;", ty.name);
        cases.push(Case::mixed(body, "u32", [ty.name; 3], move |[a, _, _]| {
            found(a).map_or(u32::MAX, |at| ty.bits - 1 - at).into()
        }));
    }
    check(cases);
}

/// The PTX ISA's own description of `fns`; it leaves open what a base above 31 gives.
fn nth_set(mask: u32, base: u32, offset: i32) -> u32 {
    let mut position = i64::from(base);
    if base > 31 {
        return u32::MAX;
    }
    if offset == 0 {
        return if mask >> base & 1 == 1 {
            base
        } else {
            u32::MAX
        };
    }
    let mut left = i64::from(offset).abs() - 1;
    while (0..32).contains(&position) {
        if mask >> position & 1 == 1 {
            if left == 0 {
                return position as u32;
            }
            left -= 1;
        }
        position += i64::from(offset.signum());
    }
    u32::MAX
}

#[test]
fn the_nth_set_bit_is_found() {
    check(vec![
        Case::new(
            "fns.b32 %d, %a, %b, %c;".into(),
            "b32",
            "b32",
            |[a, b, c]| nth_set(a as u32, b as u32, c as i32).into(),
        ),
        Case::new(
            "and.b32 %b, %b, 31;\nbfe.s32 %c, %c, 0, 5;\nfns.b32 %d, %a, %b, %c;".into(),
            "b32",
            "b32",
            |[a, b, c]| nth_set(a as u32, b as u32 & 31, (c as i32) << 27 >> 27).into(),
        ),
    ]);
}

/// The PTX ISA's own description of `szext`.
fn extended(signed: bool, clamps: bool, a: u32, b: u32) -> u32 {
    let length = b & 31;
    let too_large = b >= 32 && clamps;
    let mask = if too_large { 0 } else { u32::MAX << length };
    let negative =
        length != 0 && !too_large && signed && a >> (length.wrapping_sub(1) & 31) & 1 == 1;
    a & !mask | if negative { mask } else { 0 }
}

/// The PTX ISA's own description of `bmsk`.
fn masked(clamps: bool, a: u32, b: u32) -> u32 {
    let (position, length) = (a & 31, b & 31);
    let mut mask0 = u32::MAX << position;
    let sum = position + length;
    let mut mask1 = u32::MAX.checked_shl(sum).unwrap_or(0);
    if clamps && a >= 32 {
        mask0 = 0;
    }
    if clamps && (a >= 32 || b >= 32) {
        mask1 = 0;
    }
    mask0 & !mask1
}

#[test]
fn fields_are_extended_and_masked() {
    let mut cases = Vec::new();
    // Lengths as they come, and such as lie in or near the word.
    for prepare in ["", "and.b32 %b, %b, 63;\nand.b32 %c, %c, 63;\n"] {
        let cut = move |bits: u64| if prepare.is_empty() { bits } else { bits & 63 } as u32;
        for (mode, clamps) in [("clamp", true), ("wrap", false)] {
            for ty in WORDS {
                let body = prepare.to_owned() + &format!("szext.{mode}.{} %d, %a, %b;", ty.name);
                cases.push(Case::new(body, "b32", "b32", move |[a, b, _]| {
                    extended(ty.signed, clamps, a as u32, cut(b)).into()
                }));
            }
            let body = prepare.to_owned() + &format!("bmsk.{mode}.b32 %d, %b, %c;");
            cases.push(Case::new(body, "b32", "b32", move |[_, b, c]| {
                masked(clamps, cut(b), cut(c)).into()
            }));
        }
    }
    check(cases);
}

#[test]
fn bytes_are_picked_by_modes() {
    // For each mode the byte at each place, the lowest first, by the selector's lowest two bits.
    type Mode = (&'static str, fn(usize, usize) -> usize);
    let modes: [Mode; 6] = [
        ("f4e", |selector, place| selector + place),
        ("b4e", |selector, place| (selector + 8 - place) % 8),
        ("rc8", |selector, _| selector),
        ("ecl", |selector, place| selector.max(place)),
        ("ecr", |selector, place| selector.min(place)),
        ("rc16", |selector, place| 2 * (selector % 2) + place % 2),
    ];
    let mut cases = Vec::new();
    for (mode, pick) in modes {
        let body = format!("prmt.b32.{mode} %d, %a, %b, %c;");
        cases.push(Case::new(body, "b32", "b32", move |[a, b, c]| {
            let bytes = (b << 32 | a & 0xffff_ffff).to_le_bytes();
            let picked = [0, 1, 2, 3].map(|place| bytes[pick(c as usize & 3, place)]);
            u32::from_le_bytes(picked).into()
        }));
    }
    check(cases);
}

#[test]
fn products_of_halves_and_bytes_are_summed_up() {
    let mut cases = Vec::new();
    for left in WORDS {
        for right in WORDS {
            for (mode, first) in [("lo", 0), ("hi", 2)] {
                let body = format!("dp2a.{mode}.{}.{} %d, %a, %b, %c;", left.name, right.name);
                cases.push(Case::new(body, "b32", "b32", move |[a, b, c]| {
                    let half = |place: u32| {
                        let half = (a >> (16 * place)) as u16;
                        if left.signed {
                            i64::from(half as i16)
                        } else {
                            i64::from(half)
                        }
                    };
                    let byte = |place: u32| {
                        let byte = (b >> (8 * (first + place))) as u8;
                        if right.signed {
                            i64::from(byte as i8)
                        } else {
                            i64::from(byte)
                        }
                    };
                    let sum = half(0) * byte(0) + half(1) * byte(1);
                    u64::from((c as u32).wrapping_add(sum as u32))
                }));
            }
        }
    }
    check(cases);
}

/// The function of three bits, bit by bit.
fn function(table: u32, a: u64, b: u64, c: u64) -> u64 {
    (0..32)
        .map(|at| {
            let bit = |word: u64| (word >> at & 1) as u32;
            let index = bit(a) << 2 | bit(b) << 1 | bit(c);
            u64::from(table >> index & 1) << at
        })
        .sum()
}

#[test]
fn every_function_of_three_bits_is_computed() {
    for tables in (0..256).collect::<Vec<_>>().chunks(64) {
        let case = |table: &u32| {
            let table = *table;
            let body = format!("lop3.b32 %d, %a, %b, %c, {table};");
            Case::new(body, "b32", "b32", move |[a, b, c]| {
                function(table, a, b, c)
            })
        };
        check(tables.iter().map(case).collect());
    }
}

#[test]
fn a_function_of_three_bits_sets_a_predicate_too() {
    let mut cases = Vec::new();
    for table in [0x80, 0x96, 0xe8] {
        for (name, negated, or) in [
            ("or", "", true),
            ("and", "", false),
            ("or", "!", true),
            ("and", "!", false),
        ] {
            let combine = move |[a, b, c]: [u64; 3]| {
                let any = function(table, a, b, 0xf0) != 0;
                let other = (c & 1 == 1) != (negated == "!");
                u64::from(if or { any || other } else { any && other })
            };
            let body = format!("lop3.{name}.b32 _|%d, %a, %b, 0xf0, {table}, {negated}%c;");
            cases.push(Case::mixed(body, "pred", ["b32", "b32", "pred"], combine));
            let body = format!("lop3.{name}.b32 %d|%p0, %a, %b, 0xf0, {table}, {negated}%c;");
            cases.push(Case::mixed(
                body,
                "b32",
                ["b32", "b32", "pred"],
                move |[a, b, _]| function(table, a, b, 0xf0),
            ));
        }
    }
    check(cases);
}

#[test]
fn selection_follows_a_sign() {
    let mut cases = Vec::new();
    for (ty, bits) in [
        ("b16", 16),
        ("u32", 32),
        ("s64", 64),
        ("f32", 32),
        ("f64", 64),
    ] {
        let cut = move |value: u64| value << (64 - bits) >> (64 - bits);
        let body = format!("slct.{ty}.s32 %d, %a, %b, %c;");
        // As integers, so that a NaN must keep its payload too.
        let held = if ty == "f32" || ty == "f64" {
            ["b32", "b64"][bits / 64]
        } else {
            ty
        };
        cases.push(Case::mixed(
            body,
            held,
            [held, held, "s32"],
            move |[a, b, c]| cut(if c as i32 >= 0 { a } else { b }),
        ));
        for (modifier, flushes) in [("", false), (".ftz", true)] {
            let body = format!("slct{modifier}.{ty}.f32 %d, %a, %b, %c;");
            cases.push(Case::mixed(
                body,
                held,
                [held, held, "f32"],
                move |[a, b, c]| {
                    let sign = f32::from_bits(c as u32);
                    let sign = if flushes && sign.is_subnormal() {
                        0.0
                    } else {
                        sign
                    };
                    cut(if sign >= 0.0 { a } else { b })
                },
            ));
        }
    }
    check(cases);
}

#[test]
fn a_policy_of_caches_changes_nothing() {
    let policies = [
        "createpolicy.fractional.L2::evict_last.b64 %d, 0f3F800000;",
        "createpolicy.fractional.L2::evict_last.L2::evict_unchanged.b64 %d, 0f3F000000;",
        "createpolicy.fractional.L2::evict_first.b64 %d;",
    ];
    check(
        policies
            .map(|body| Case::new(body.into(), "b64", "b64", |_| 0))
            .into(),
    );
}

#[test]
fn addresses_know_their_space() {
    let case = |body: &str, space: &str, expected: u64| {
        let test = format!("isspacep.{space} %d, %x;");
        let body = format!("{{ .reg .b64 %x;\n{body}\n{test} }}");
        Case::new(body, "pred", "b32", move |_| expected)
    };
    let global = "mov.b64 %x, %at0;";
    let shared = ".shared .align 4 .b32 tile;\nmov.u64 %x, tile;\ncvta.shared.u64 %x, %x;";
    check(vec![
        case(global, "global", 1),
        case(global, "shared", 0),
        case(global, "local", 0),
        case(shared, "global", 0),
        case(shared, "shared", 1),
        case(shared, "shared::cta", 1),
        case(shared, "const", 0),
    ]);
}
