//! Each numeric instruction, held against Rust, with operands at the edges of its types.

mod conversions;
mod float;
mod integer;

use super::device::{BASE, Test};
use wasi_cuda_jit::cpu::{FaultKind, Outcome};

/// What an instruction gives for its operands, as bits.
type Reference<'a> = &'a dyn Fn(u64, u64) -> Result<u64, FaultKind>;

/// Bytes between the arrays of first operands, second operands and results.
const ARRAY: usize = 8192;

/// Whether NaNs need only both be NaN, or have the same bits.
#[derive(Clone, Copy, PartialEq)]
enum Nan {
    Any,
    Exact,
}

fn edges(ty: &str) -> &'static [u64] {
    match ty {
        "i32" => &[
            0,
            1,
            2,
            3,
            7,
            31,
            32,
            33,
            0x7f,
            0x80,
            0xff,
            0x7fff,
            0x8000,
            0x0012_3456,
            0x7fff_ffff,
            0x8000_0000,
            0x8000_0001,
            0xdead_beef,
            0xffff_fffe,
            0xffff_ffff,
        ],
        "i64" => &[
            0,
            1,
            2,
            3,
            31,
            32,
            63,
            64,
            65,
            0x80,
            0xff,
            0x8000,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_ffff,
            0x1_0000_0000,
            0x0123_4567_89ab_cdef,
            0x7fff_ffff_ffff_ffff,
            0x8000_0000_0000_0000,
            0x8000_0000_0000_0001,
            0xffff_ffff_ffff_fffe,
            0xffff_ffff_ffff_ffff,
        ],
        "f32" => float::EDGES_32,
        _ => float::EDGES_64,
    }
}

/// An instruction of one operand.
fn check_unary(name: &str, from: &str, to: &str, nan: Nan, reference: Reference<'_>) {
    let operands: Vec<_> = edges(from).iter().map(|a| (*a, 0)).collect();
    let at = |offset: usize| format!("({from}.load offset={offset} (local.get $at))");
    check(
        &format!("({name} {})", at(0)),
        to,
        nan,
        &operands,
        reference,
    );
}

/// An instruction of two operands.
fn check_binary(name: &str, from: &str, to: &str, nan: Nan, reference: Reference<'_>) {
    let pairs = edges(from)
        .iter()
        .flat_map(|a| edges(from).iter().map(|b| (*a, *b)));
    let operands: Vec<_> = pairs.collect();
    let at = |offset: usize| format!("({from}.load offset={offset} (local.get $at))");
    let body = format!("({name} {} {})", at(0), at(ARRAY));
    check(&body, to, nan, &operands, reference);
    // A constant may take another way than a value.
    if reference(edges(from)[1], edges(from)[3]).is_ok() {
        let constant = match from {
            "i32" | "i64" => format!("({from}.const {})", edges(from)[3]),
            "f32" => format!("(f32.reinterpret_i32 (i32.const {}))", edges(from)[3]),
            _ => format!("(f64.reinterpret_i64 (i64.const {}))", edges(from)[3]),
        };
        let operands: Vec<_> = edges(from).iter().map(|a| (*a, edges(from)[3])).collect();
        let body = format!("({name} {} {constant})", at(0));
        check(&body, to, nan, &operands, reference);
    }
}

/// Runs `body` for the operands that have a result all at once, and for each of the others alone.
fn check(body: &str, to: &str, nan: Nan, operands: &[(u64, u64)], reference: Reference<'_>) {
    let source = format!(
        r#"(func (export "k") (param $at i64)
            (local.set $at (i64.add (local.get $at) (i64.extend_i32_u (i32.mul (call $thread) (i32.const 8)))))
            ({to}.store offset={} (local.get $at) {body}))"#,
        2 * ARRAY
    );
    let (good, bad): (Vec<_>, Vec<_>) = operands
        .iter()
        .partition(|(a, b)| reference(*a, *b).is_ok());
    let ended = launch(&source, &good);
    assert_eq!(
        ended.outcome,
        Outcome::Completed,
        "{body}: {:?}",
        ended.fault
    );
    for (index, (a, b)) in good.iter().enumerate() {
        let given = ended.double(2 * ARRAY / 8 + index);
        let expected = reference(*a, *b).unwrap_or_default();
        let same = given == expected || (nan == Nan::Any && both_nan(to, given, expected));
        assert!(
            same,
            "{body} of {a:#x} and {b:#x} is {given:#x}, not {expected:#x}"
        );
    }
    for (a, b) in bad {
        let given = launch(&source, &[(a, b)]).fault_kind();
        assert_eq!(Err(given), reference(a, b), "{body} of {a:#x} and {b:#x}");
    }
}

fn launch(source: &str, operands: &[(u64, u64)]) -> super::device::Ended {
    assert!(operands.len() * 8 <= ARRAY, "the arrays hold all operands");
    let words = |value: u64| [value as u32, (value >> 32) as u32];
    Test::new(source)
        .words(0, operands.iter().flat_map(|(a, _)| words(*a)))
        .words(ARRAY, operands.iter().flat_map(|(_, b)| words(*b)))
        .arguments(&[BASE])
        .threads(1, operands.len().max(1) as u32)
        .run()
}

fn both_nan(ty: &str, a: u64, b: u64) -> bool {
    match ty {
        "f32" => float::f(a).is_nan() && float::f(b).is_nan(),
        "f64" => float::d(a).is_nan() && float::d(b).is_nan(),
        _ => false,
    }
}
