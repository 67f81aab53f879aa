//! Conversions, extensions and truncations.

use super::float::{d, f};
use super::{Nan, check, check_unary};
use wasi_cuda_jit::cpu::FaultKind;

/// What becomes of a value, as bits.
type Bits = fn(u64) -> u64;

/// Numbers at the edges of the integer types beside those that every instruction is tried with.
fn numbers(ty: &str) -> Vec<(u64, u64)> {
    let more: &[f64] = &[
        9_223_372_036_854_774_784.0,
        9_223_371_487_098_961_920.0,
        9_223_372_036_854_775_808.0,
        -9_223_372_036_854_775_808.0,
        -9_223_373_136_366_403_584.0,
        18_446_742_974_197_923_840.0,
        18_446_744_073_709_549_568.0,
        18_446_744_073_709_551_616.0,
        f64::NAN,
        -f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ];
    let bits = |value: &f64| match ty {
        "f32" => u64::from((*value as f32).to_bits()),
        _ => value.to_bits(),
    };
    let edges = super::edges(ty).iter().copied();
    edges.chain(more.iter().map(bits)).map(|a| (a, 0)).collect()
}

fn value(ty: &str, bits: u64) -> f64 {
    match ty {
        "f32" => f(bits).into(),
        _ => d(bits),
    }
}

/// The truncated number held to a type's range, as bits, and whether it was inside.
fn truncated(value: f64, to: &str, signed: bool) -> (u64, bool) {
    let whole = value.trunc();
    let (bits, least, below) = match (to, signed) {
        ("i32", true) => (
            u64::from(value as i32 as u32),
            -2f64.powi(31),
            2f64.powi(31),
        ),
        ("i32", false) => (u64::from(value as u32), 0.0, 2f64.powi(32)),
        (_, true) => (value as i64 as u64, -2f64.powi(63), 2f64.powi(63)),
        (_, false) => (value as u64, 0.0, 2f64.powi(64)),
    };
    (bits, whole >= least && whole < below)
}

#[test]
fn truncations_fault_or_saturate() {
    for to in ["i32", "i64"] {
        for from in ["f32", "f64"] {
            for (suffix, signed) in [("s", true), ("u", false)] {
                let load = format!("({from}.load (local.get $at))");
                let body = format!("({to}.trunc_{from}_{suffix} {load})");
                check(
                    &body,
                    to,
                    Nan::Exact,
                    &numbers(from),
                    &|a, _| match truncated(value(from, a), to, signed) {
                        (bits, true) => Ok(bits),
                        _ => Err(FaultKind::IntegerOverflow),
                    },
                );
                let body = format!("({to}.trunc_sat_{from}_{suffix} {load})");
                check(&body, to, Nan::Exact, &numbers(from), &|a, _| {
                    Ok(truncated(value(from, a), to, signed).0)
                });
            }
        }
    }
}

fn float(value: f32) -> u64 {
    value.to_bits().into()
}

#[test]
fn integers_become_the_nearest_floats() {
    let to_float: [(&str, &str, Bits); 8] = [
        ("f32.convert_i32_s", "i32", |a| float(a as i32 as f32)),
        ("f32.convert_i32_u", "i32", |a| float(a as u32 as f32)),
        ("f32.convert_i64_s", "i64", |a| float(a as i64 as f32)),
        ("f32.convert_i64_u", "i64", |a| float(a as f32)),
        ("f64.convert_i32_s", "i32", |a| {
            f64::from(a as i32).to_bits()
        }),
        ("f64.convert_i32_u", "i32", |a| {
            f64::from(a as u32).to_bits()
        }),
        ("f64.convert_i64_s", "i64", |a| (a as i64 as f64).to_bits()),
        ("f64.convert_i64_u", "i64", |a| (a as f64).to_bits()),
    ];
    for (name, from, reference) in to_float {
        check_unary(name, from, &name[..3], Nan::Exact, &|a, _| Ok(reference(a)));
    }
}

#[test]
fn floats_change_their_width() {
    let demoted = |a: u64| u64::from((d(a) as f32).to_bits());
    check_unary("f32.demote_f64", "f64", "f32", Nan::Any, &|a, _| {
        Ok(demoted(a))
    });
    check_unary("f64.promote_f32", "f32", "f64", Nan::Any, &|a, _| {
        Ok(f64::from(f(a)).to_bits())
    });
}

#[test]
fn integers_change_their_width() {
    let words: [(&str, Bits); 2] = [
        ("i32.extend8_s", |a| u64::from(a as i8 as i32 as u32)),
        ("i32.extend16_s", |a| u64::from(a as i16 as i32 as u32)),
    ];
    for (name, reference) in words {
        check_unary(name, "i32", "i32", Nan::Exact, &|a, _| Ok(reference(a)));
    }
    let doubles: [(&str, Bits); 3] = [
        ("i64.extend8_s", |a| a as i8 as u64),
        ("i64.extend16_s", |a| a as i16 as u64),
        ("i64.extend32_s", |a| a as i32 as u64),
    ];
    for (name, reference) in doubles {
        check_unary(name, "i64", "i64", Nan::Exact, &|a, _| Ok(reference(a)));
    }
    check_unary("i64.extend_i32_s", "i32", "i64", Nan::Exact, &|a, _| {
        Ok(a as i32 as u64)
    });
    check_unary("i64.extend_i32_u", "i32", "i64", Nan::Exact, &|a, _| Ok(a));
    check_unary("i32.wrap_i64", "i64", "i32", Nan::Exact, &|a, _| {
        Ok(a & 0xffff_ffff)
    });
}

#[test]
fn reinterpretations_keep_every_bit() {
    for (name, from, to) in [
        ("i32.reinterpret_f32", "f32", "i32"),
        ("i64.reinterpret_f64", "f64", "i64"),
        ("f32.reinterpret_i32", "i32", "f32"),
        ("f64.reinterpret_i64", "i64", "f64"),
    ] {
        check_unary(name, from, to, Nan::Exact, &|a, _| Ok(a));
    }
}

#[test]
fn loads_and_stores_take_the_width_that_they_say() {
    let loads: [(&str, &str, Bits); 10] = [
        ("i32.load8_s", "i32", |a| u64::from(a as i8 as i32 as u32)),
        ("i32.load8_u", "i32", |a| a & 0xff),
        ("i32.load16_s", "i32", |a| u64::from(a as i16 as i32 as u32)),
        ("i32.load16_u", "i32", |a| a & 0xffff),
        ("i64.load8_s", "i64", |a| a as i8 as u64),
        ("i64.load8_u", "i64", |a| a & 0xff),
        ("i64.load16_s", "i64", |a| a as i16 as u64),
        ("i64.load16_u", "i64", |a| a & 0xffff),
        ("i64.load32_s", "i64", |a| a as i32 as u64),
        ("i64.load32_u", "i64", |a| a & 0xffff_ffff),
    ];
    let operands: Vec<_> = super::edges("i64").iter().map(|a| (*a, 0)).collect();
    for (name, to, reference) in loads {
        let body = format!("({name} (local.get $at))");
        check(&body, to, Nan::Exact, &operands, &|a, _| Ok(reference(a)));
    }
    // Each stores into its own operand, of which the rest stays.
    let stores: [(&str, u64); 5] = [
        ("i32.store8", 0xff),
        ("i32.store16", 0xffff),
        ("i64.store8", 0xff),
        ("i64.store16", 0xffff),
        ("i64.store32", 0xffff_ffff),
    ];
    for (name, mask) in stores {
        let ty = &name[..3];
        let body = format!(
            "({name} (local.get $at) ({ty}.xor ({ty}.load (local.get $at)) ({ty}.const -1))) (i64.load (local.get $at))"
        );
        // The address of the outer store comes before what the body leaves.
        check(&body, "i64", Nan::Exact, &operands, &|a, _| Ok(a ^ mask));
    }
}
