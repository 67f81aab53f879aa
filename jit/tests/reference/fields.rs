//! Parts of words: bit fields, bytes and halves.

use crate::cases::{Case, check};
use crate::numbers::{ARITHMETIC, BITS, Integer};

/// The types of which `bfe` cuts out a field.
const CUT: [Integer; 4] = [ARITHMETIC[1], ARITHMETIC[2], ARITHMETIC[4], ARITHMETIC[5]];

#[test]
fn a_field_is_cut_out_and_its_sign_extended() {
    let mut cases = Vec::new();
    for ty in CUT {
        let body = format!("bfe.{} %d, %a, %b, %c;", ty.name);
        cases.push(Case::mixed(
            body,
            ty.name,
            [ty.name, "u32", "u32"],
            move |[a, b, c]| cut_out(ty, a, b, c),
        ));
    }
    check(cases);
}

/// The PTX ISA's own description of `bfe`, bit by bit.
fn cut_out(ty: Integer, value: u64, position: u64, length: u64) -> u64 {
    let top = u64::from(ty.bits) - 1;
    let (position, length) = (position & 0xff, length & 0xff);
    let bit = |at: u64| value >> at & 1;
    let sign = if !ty.signed || length == 0 {
        0
    } else {
        bit((position + length - 1).min(top))
    };
    let picked = |at: u64| {
        if at < length && position + at <= top {
            bit(position + at)
        } else {
            sign
        }
    };
    (0..=top).map(|at| picked(at) << at).sum()
}

#[test]
fn a_field_is_put_in_as_far_as_it_fits() {
    let mut cases = Vec::new();
    for ty in [BITS[1], BITS[2]] {
        let body = format!(
            "shr.u32 %flag0, %c, 8;\nbfi.{} %d, %a, %b, %c, %flag0;",
            ty.name
        );
        cases.push(Case::mixed(
            body,
            ty.name,
            [ty.name, ty.name, "u32"],
            move |[a, b, c]| put_in(ty, a, b, c),
        ));
    }
    check(cases);
}

/// The PTX ISA's own description of `bfi`; the operands after the second are the lowest two bytes of `place`.
fn put_in(ty: Integer, field: u64, into: u64, place: u64) -> u64 {
    let (position, length) = (place & 0xff, place >> 8 & 0xff);
    let mut result = ty.wrap(i128::from(into));
    for at in (0..length).take_while(|at| position + at < u64::from(ty.bits)) {
        let bit = field >> at & 1;
        result = result & !(1 << (position + at)) | bit << (position + at);
    }
    result
}

#[test]
fn bytes_are_picked_from_two_words() {
    check(vec![Case::new(
        "prmt.b32 %d, %a, %b, %c;".into(),
        "b32",
        "b32",
        |[a, b, c]| {
            let both = (b << 32 | a & 0xffff_ffff).to_le_bytes();
            let pick = |index: u32| {
                let selector = (c >> (4 * index)) as u8 & 0xf;
                let byte = both[usize::from(selector & 7)];
                if selector & 8 == 0 {
                    byte
                } else {
                    (byte as i8 >> 7) as u8
                }
            };
            u64::from(u32::from_le_bytes([pick(0), pick(1), pick(2), pick(3)]))
        },
    )]);
}

#[test]
fn products_of_bytes_are_summed_up() {
    let mut cases = Vec::new();
    let factor = |byte: u8, ty: &str| {
        if ty == "s32" {
            i64::from(byte as i8)
        } else {
            i64::from(byte)
        }
    };
    for left in ["u32", "s32"] {
        for right in ["u32", "s32"] {
            let body = format!("dp4a.{left}.{right} %d, %a, %b, %c;");
            cases.push(Case::new(body, "b32", "b32", move |[a, b, c]| {
                let pairs = (a as u32)
                    .to_le_bytes()
                    .into_iter()
                    .zip((b as u32).to_le_bytes());
                let sum: i64 = pairs.map(|(x, y)| factor(x, left) * factor(y, right)).sum();
                u64::from((c as u32).wrapping_add(sum as u32))
            }));
        }
    }
    check(cases);
}

#[test]
fn words_are_put_together_and_taken_apart() {
    let apart =
        "{ .reg .b32 %low, %high;\nmov.b64 {%low, %high}, %a;\nmov.b64 %d, {%high, %low}; }";
    let halves =
        "{ .reg .b16 %low, %high;\nmov.b32 {%low, %high}, %a;\nmov.b32 %d, {%high, %low}; }";
    check(vec![
        Case::new(apart.into(), "b64", "b64", |[a, _, _]| a.rotate_left(32)),
        Case::new(halves.into(), "b32", "b32", |[a, _, _]| {
            u64::from((a as u32).rotate_left(16))
        }),
        Case::mixed(
            "mov.b64 %d, {%a, %b};".into(),
            "b64",
            ["b32"; 3],
            |[a, b, _]| b << 32 | a & 0xffff_ffff,
        ),
        Case::mixed(
            "mov.b32 %d, {%a, %b};".into(),
            "b32",
            ["b16"; 3],
            |[a, b, _]| (b & 0xffff) << 16 | a & 0xffff,
        ),
    ]);
}
