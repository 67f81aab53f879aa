//! Conversions between all numbers.

use crate::cases::{Case, check};
use crate::numbers::{CONVERTED, Integer};

/// How a float is rounded to an integer.
type Rounding = (&'static str, fn(f64) -> f64);

const ROUNDINGS: [Rounding; 4] = [
    ("rni", f64::round_ties_even),
    ("rzi", f64::trunc),
    ("rmi", f64::floor),
    ("rpi", f64::ceil),
];

fn single(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

fn flush(value: f32) -> f32 {
    if value.is_subnormal() {
        0f32.copysign(value)
    } else {
        value
    }
}

fn bits(value: f32) -> u64 {
    u64::from(value.to_bits())
}

/// Held to 0 to 1, and 0 for NaN.
fn saturated(value: f32) -> f32 {
    if value > 0.0 { value.min(1.0) } else { 0.0 }
}

#[test]
fn integers_are_cut_or_extended() {
    let mut cases = Vec::new();
    for from in CONVERTED {
        for to in CONVERTED {
            let body = format!("cvt.{}.{} %d, %a;", to.name, from.name);
            cases.push(Case::new(body, to.name, from.name, move |[a, _, _]| {
                to.extended(to.wrap(from.value(a)))
            }));
        }
    }
    check(cases);
}

#[test]
fn integers_saturate_when_told_to() {
    let mut cases = Vec::new();
    for from in CONVERTED {
        // Where every number fits there is nothing to saturate, and `.sat` is no PTX.
        for to in CONVERTED
            .into_iter()
            .filter(|to| from.min() < to.min() || from.max() > to.max())
        {
            let body = format!("cvt.sat.{}.{} %d, %a;", to.name, from.name);
            cases.push(Case::new(body, to.name, from.name, move |[a, _, _]| {
                to.extended(to.saturate(from.value(a)))
            }));
        }
    }
    check(cases);
}

#[test]
fn a_narrow_integer_fills_the_wider_register_it_is_converted_to() {
    let case = |to: &str, expected: fn(u64) -> u64| {
        Case::new(
            format!("cvt.{to}.u64 %d, %a;"),
            "b32",
            "u64",
            move |[a, _, _]| expected(a),
        )
    };
    check(vec![
        case("u8", |a| u64::from(a as u8)),
        case("s8", |a| u64::from(a as i8 as u32)),
        case("u16", |a| u64::from(a as u16)),
        case("s16", |a| u64::from(a as i16 as u32)),
    ]);
}

#[test]
fn integers_become_the_nearest_float() {
    let mut cases = Vec::new();
    for from in CONVERTED {
        let body = format!("cvt.rn.f32.{} %d, %a;", from.name);
        cases.push(Case::new(body, "f32", from.name, move |[a, _, _]| {
            bits(from.value(a) as f32)
        }));
        let body = format!("cvt.rn.f64.{} %d, %a;", from.name);
        cases.push(Case::new(body, "f64", from.name, move |[a, _, _]| {
            (from.value(a) as f64).to_bits()
        }));
    }
    check(cases);
}

#[test]
fn floats_become_integers_within_the_limits() {
    let mut cases = Vec::new();
    for to in CONVERTED {
        for (name, round) in ROUNDINGS {
            let body = format!("cvt.{name}.{}.f32 %d, %a;", to.name);
            cases.push(Case::new(body, to.name, "f32", move |[a, _, _]| {
                to.extended(integer(to, f64::from(single(a)), round, to.bits == 64))
            }));
            let body = format!("cvt.{name}.{}.f64 %d, %a;", to.name);
            cases.push(Case::new(body, to.name, "f64", move |[a, _, _]| {
                to.extended(integer(to, f64::from_bits(a), round, true))
            }));
        }
    }
    check(cases);
}

/// The bits of the integer that a float is rounded to. NaN is 0, or the highest bit alone where 64 bits are involved
/// (PTX ISA, "cvt").
fn integer(to: Integer, value: f64, round: fn(f64) -> f64, wide: bool) -> u64 {
    match value.is_nan() {
        true if wide => 1 << (to.bits - 1),
        true => 0,
        false => to.saturate(round(value) as i128),
    }
}

#[test]
fn a_conversion_that_flushes_does_not_round_a_subnormal_number_up() {
    check(vec![Case::new(
        "cvt.rpi.ftz.u32.f32 %d, %a;".into(),
        "u32",
        "f32",
        |[a, _, _]| {
            let value = f64::from(flush(single(a)));
            if value.is_nan() {
                0
            } else {
                value.ceil() as u32 as u64
            }
        },
    )]);
}

#[test]
fn floats_widen_exactly_and_narrow_to_the_nearest() {
    check(vec![
        Case::new("cvt.f64.f32 %d, %a;".into(), "f64", "f32", |[a, _, _]| {
            f64::from(single(a)).to_bits()
        }),
        Case::new(
            "cvt.rn.f32.f64 %d, %a;".into(),
            "f32",
            "f64",
            |[a, _, _]| bits(f64::from_bits(a) as f32),
        ),
        Case::new(
            "cvt.ftz.f64.f32 %d, %a;".into(),
            "f64",
            "f32",
            |[a, _, _]| f64::from(flush(single(a))).to_bits(),
        ),
        Case::new(
            "cvt.rn.ftz.f32.f64 %d, %a;".into(),
            "f32",
            "f64",
            |[a, _, _]| bits(flush(f64::from_bits(a) as f32)),
        ),
        Case::new(
            "cvt.rn.sat.f32.f64 %d, %a;".into(),
            "f32",
            "f64",
            |[a, _, _]| bits(saturated(f64::from_bits(a) as f32)),
        ),
        Case::new(
            "cvt.sat.f32.f32 %d, %a;".into(),
            "f32",
            "f32",
            |[a, _, _]| bits(saturated(single(a))),
        ),
    ]);
}

#[test]
fn floats_are_rounded_to_integers_that_stay_floats() {
    let mut cases = Vec::new();
    for (name, round) in ROUNDINGS {
        let body = format!("cvt.{name}.f32.f32 %d, %a;");
        cases.push(Case::new(body, "f32", "f32", move |[a, _, _]| {
            bits(round(f64::from(single(a))) as f32)
        }));
        let body = format!("cvt.{name}.f64.f64 %d, %a;");
        cases.push(Case::new(body, "f64", "f64", move |[a, _, _]| {
            round(f64::from_bits(a)).to_bits()
        }));
    }
    check(cases);
}

#[test]
fn moving_keeps_every_bit() {
    let case = |body: &str, to: &'static str, from: &'static str, width: u32| {
        Case::new(body.to_owned(), to, from, move |[a, _, _]| {
            a << (64 - width) >> (64 - width)
        })
    };
    check(vec![
        case("mov.b16 %d, %a;", "b16", "b16", 16),
        case("mov.u32 %d, %a;", "u32", "u32", 32),
        case("mov.b32 %d, %a;", "b32", "f32", 32),
        case("mov.b64 %d, %a;", "b64", "f64", 64),
        case("mov.b64 %d, %a;", "f64", "b64", 64),
    ]);
}
