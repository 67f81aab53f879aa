//! Conversions between floats of all formats, and from integers in every direction.

use crate::cases::{Case, check};
use crate::exact::{
    BF16, E4M3, E5M2, F16, F32, F64, Format, ROUNDINGS, Rounding, round, round_integer,
};
use crate::numbers::{CONVERTED, Integer};

const FORMATS: [Format; 4] = [F16, BF16, F32, F64];

/// Whether a conversion may lose bits, and so needs to be told how.
fn loses(to: Format, from: Format) -> bool {
    to.bits() < from.bits() || (to.bits() == from.bits() && to != from)
}

#[test]
fn floats_narrow_in_every_direction() {
    let mut cases = Vec::new();
    for from in FORMATS {
        for to in FORMATS.into_iter().filter(|to| loses(*to, from)) {
            for (name, rounding) in ROUNDINGS {
                let body = format!("cvt.{name}.{}.{} %d, %a;", to.name, from.name);
                cases.push(Case::new(body, to.name, from.name, move |[a, _, _]| {
                    round(from.value(a), to, rounding)
                }));
            }
        }
    }
    check(cases);
}

#[test]
fn narrowing_saturates_and_drops_what_is_negative() {
    let mut cases = Vec::new();
    for (name, rounding) in ROUNDINGS {
        for from in [F32, F64] {
            let body = format!("cvt.{name}.sat.f16.{} %d, %a;", from.name);
            cases.push(Case::new(body, "f16", from.name, move |[a, _, _]| {
                F16.saturated(round(from.value(a), F16, rounding))
            }));
        }
        let body = format!("cvt.{name}.ftz.f32.f64 %d, %a;");
        cases.push(Case::new(body, "f32", "f64", move |[a, _, _]| {
            F32.flushed(round(F64.value(a), F32, rounding))
        }));
        let body = format!("cvt.{name}.ftz.f16.f32 %d, %a;");
        cases.push(Case::new(body, "f16", "f32", move |[a, _, _]| {
            round(F32.value(F32.flushed(a)), F16, rounding)
        }));
    }
    for (name, rounding) in &ROUNDINGS[..2] {
        for to in [F16, BF16] {
            let body = format!("cvt.{name}.relu.{}.f32 %d, %a;", to.name);
            cases.push(Case::new(body, to.name, "f32", move |[a, _, _]| {
                to.not_negative(round(F32.value(a), to, *rounding))
            }));
        }
    }
    check(cases);
}

#[test]
fn halves_widen_exactly() {
    let mut cases = Vec::new();
    for from in [F16, BF16] {
        for to in [F32, F64] {
            let body = format!("cvt.{}.{} %d, %a;", to.name, from.name);
            cases.push(Case::new(body, to.name, from.name, move |[a, _, _]| {
                round(from.value(a), to, Rounding::Nearest)
            }));
        }
        let body = format!("cvt.ftz.f32.{} %d, %a;", from.name);
        cases.push(Case::new(body, "f32", from.name, move |[a, _, _]| {
            F32.flushed(round(from.value(a), F32, Rounding::Nearest))
        }));
        let body = format!("cvt.{0}.{0} %d, %a;", from.name);
        cases.push(Case::new(body, from.name, from.name, |[a, _, _]| {
            a & 0xffff
        }));
    }
    cases.push(Case::new(
        "cvt.sat.f32.f16 %d, %a;".into(),
        "f32",
        "f16",
        |[a, _, _]| F32.saturated(round(F16.value(a), F32, Rounding::Nearest)),
    ));
    cases.push(Case::new(
        "cvt.sat.f16.f16 %d, %a;".into(),
        "f16",
        "f16",
        |[a, _, _]| F16.saturated(a),
    ));
    check(cases);
}

/// How a float is rounded to an integer.
type ToInteger = (&'static str, fn(f64) -> f64);

const TO_INTEGER: [ToInteger; 4] = [
    ("rni", f64::round_ties_even),
    ("rzi", f64::trunc),
    ("rmi", f64::floor),
    ("rpi", f64::ceil),
];

#[test]
fn halves_become_integers_within_the_limits() {
    let mut cases = Vec::new();
    for from in [F16, BF16] {
        for (name, to_integer) in TO_INTEGER {
            for to in CONVERTED {
                let body = format!("cvt.{name}.{}.{} %d, %a;", to.name, from.name);
                cases.push(Case::new(body, to.name, from.name, move |[a, _, _]| {
                    to.extended(integer(to, from.value(a), to_integer))
                }));
            }
            let body = format!("cvt.{name}.{0}.{0} %d, %a;", from.name);
            cases.push(Case::new(body, from.name, from.name, move |[a, _, _]| {
                round(to_integer(from.value(a)), from, Rounding::Nearest)
            }));
        }
    }
    check(cases);
}

fn integer(to: Integer, value: f64, to_integer: fn(f64) -> f64) -> u64 {
    match value.is_nan() {
        true if to.bits == 64 => 1 << 63,
        true => 0,
        false => to.saturate(to_integer(value) as i128),
    }
}

#[test]
fn integers_become_floats_in_every_direction() {
    let mut cases = Vec::new();
    for from in CONVERTED {
        for to in FORMATS {
            for (name, rounding) in ROUNDINGS {
                let body = format!("cvt.{name}.{}.{} %d, %a;", to.name, from.name);
                cases.push(Case::new(body, to.name, from.name, move |[a, _, _]| {
                    round_integer(from.value(a), to, rounding)
                }));
            }
        }
        let body = format!("cvt.rn.sat.f16.{} %d, %a;", from.name);
        cases.push(Case::new(body, "f16", from.name, move |[a, _, _]| {
            F16.saturated(round_integer(from.value(a), F16, Rounding::Nearest))
        }));
    }
    check(cases);
}

#[test]
fn singles_lose_the_bits_that_matrices_ignore() {
    const UNUSED: u32 = 13;
    let away = |bits: u32| bits.wrapping_add(1 << (UNUSED - 1)) >> UNUSED << UNUSED;
    let even = |bits: u32| {
        let odd = bits >> UNUSED & 1;
        bits.wrapping_add((1 << (UNUSED - 1)) - 1 + odd) >> UNUSED << UNUSED
    };
    type Cut = fn(u32) -> u32;
    let roundings: [(&str, Cut); 5] = [
        ("rna", away),
        ("rn", even),
        ("rz", |bits| bits >> UNUSED << UNUSED),
        ("rn.relu", even),
        ("rz.relu", |bits| bits >> UNUSED << UNUSED),
    ];
    let mut cases = Vec::new();
    for (name, cut) in roundings {
        let body = format!("cvt.{name}.tf32.f32 %d, %a;");
        cases.push(Case::new(body, "tf32", "f32", move |[a, _, _]| {
            let value = f32::from_bits(a as u32);
            match () {
                () if value.is_nan() => 0x7fff_ffff,
                () if name.ends_with("relu") && value <= 0.0 => 0,
                () => u64::from(cut(a as u32)),
            }
        }));
    }
    check(cases);
}

/// What becomes of one number of a pair.
type One = Box<dyn Fn(u64) -> u64>;

/// A number rounded to a format, and what is negative dropped if told to.
fn narrowed(to: Format, from: Format, rounding: Rounding, relu: bool) -> One {
    Box::new(move |bits| {
        let rounded = round(from.value(bits), to, rounding);
        if relu {
            to.not_negative(rounded)
        } else {
            rounded
        }
    })
}

#[test]
fn two_singles_become_a_pair_of_which_the_first_is_the_upper_half() {
    let mut cases = Vec::new();
    for relu in [false, true] {
        let modifier = if relu { ".relu" } else { "" };
        for (to, pair) in [(F16, "f16x2"), (BF16, "bf16x2")] {
            for (name, rounding) in &ROUNDINGS[..2] {
                let one = narrowed(to, F32, *rounding, relu);
                let body = format!("cvt.{name}{modifier}.{pair}.f32 %d, %a, %b;");
                cases.push(Case::new(body, pair, "f32", move |[a, b, _]| {
                    one(a) << 16 | one(b)
                }));
            }
        }
        for (to, pair) in [(E4M3, "e4m3x2"), (E5M2, "e5m2x2")] {
            let one = narrowed(to, F32, Rounding::Nearest, relu);
            let body = format!("cvt.rn.satfinite{modifier}.{pair}.f32 %d, %a, %b;");
            cases.push(Case::new(body, pair, "f32", move |[a, b, _]| {
                one(a) << 8 | one(b)
            }));
        }
    }
    check(cases);
}

#[test]
fn pairs_of_halves_become_pairs_of_bytes_and_come_back() {
    let mut cases = Vec::new();
    for relu in [false, true] {
        let modifier = if relu { ".relu" } else { "" };
        for (format, pair) in [(E4M3, "e4m3x2"), (E5M2, "e5m2x2")] {
            let one = narrowed(format, F16, Rounding::Nearest, relu);
            let body = format!("cvt.rn.satfinite{modifier}.{pair}.f16x2 %d, %a;");
            cases.push(Case::mixed(body, pair, ["f16x2"; 3], move |[a, _, _]| {
                one(a >> 16) << 8 | one(a)
            }));
            let one = narrowed(F16, format, Rounding::Nearest, relu);
            let body = format!("cvt.rn{modifier}.f16x2.{pair} %d, %a;");
            cases.push(Case::mixed(body, "f16x2", [pair; 3], move |[a, _, _]| {
                one(a >> 8) << 16 | one(a)
            }));
        }
    }
    check(cases);
}

#[test]
fn integers_are_packed_within_the_limits() {
    let mut cases = Vec::new();
    for ty in CONVERTED.into_iter().filter(|ty| ty.bits <= 16) {
        let held = move |bits: u64| ty.saturate(i128::from(bits as i32));
        let (body, bits) = if ty.bits == 16 {
            (format!("cvt.pack.sat.{}.s32 %d, %a, %b;", ty.name), 0)
        } else {
            (
                format!("cvt.pack.sat.{}.s32.b32 %d, %a, %b, %c;", ty.name),
                16,
            )
        };
        cases.push(Case::new(body, "b32", "b32", move |[a, b, c]| {
            let rest = if bits == 0 {
                0
            } else {
                c << bits & 0xffff_0000
            };
            held(a) << ty.bits | held(b) | rest
        }));
    }
    check(cases);
}
