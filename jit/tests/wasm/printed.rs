//! What a driver gets to see of a kernel: PTX that `ptxas` takes.

use super::device::{Test, assemble};
use super::kernels::SAXPY;
use super::ptxas;
use std::path::PathBuf;

/// Every numeric instruction by its operands and its result.
const NUMERIC: [(&str, &str, &str, &str); 14] = [
    (
        "i32",
        "i32",
        "i32",
        "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr",
    ),
    (
        "i64",
        "i64",
        "i64",
        "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr",
    ),
    (
        "i32",
        "i32",
        "i32",
        "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u",
    ),
    (
        "i64",
        "i64",
        "i32",
        "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u",
    ),
    ("f32", "f32", "f32", "add sub mul div min max copysign"),
    ("f64", "f64", "f64", "add sub mul div min max copysign"),
    ("f32", "f32", "i32", "eq ne lt gt le ge"),
    ("f64", "f64", "i32", "eq ne lt gt le ge"),
    ("i32", "", "i32", "eqz clz ctz popcnt extend8_s extend16_s"),
    (
        "i64",
        "",
        "i64",
        "clz ctz popcnt extend8_s extend16_s extend32_s",
    ),
    ("f32", "", "f32", "abs neg ceil floor trunc nearest sqrt"),
    ("f64", "", "f64", "abs neg ceil floor trunc nearest sqrt"),
    ("i64", "", "i32", "eqz"),
    ("i32", "i32", "i32", "mul"),
];

const CONVERSIONS: &str = "i32.wrap_i64 i32.trunc_f32_s i32.trunc_f32_u i32.trunc_f64_s i32.trunc_f64_u \
    i64.extend_i32_s i64.extend_i32_u i64.trunc_f32_s i64.trunc_f32_u i64.trunc_f64_s i64.trunc_f64_u \
    f32.convert_i32_s f32.convert_i32_u f32.convert_i64_s f32.convert_i64_u f32.demote_f64 \
    f64.convert_i32_s f64.convert_i32_u f64.convert_i64_s f64.convert_i64_u f64.promote_f32 \
    i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64 \
    i32.trunc_sat_f32_s i32.trunc_sat_f32_u i32.trunc_sat_f64_s i32.trunc_sat_f64_u \
    i64.trunc_sat_f32_s i64.trunc_sat_f32_u i64.trunc_sat_f64_s i64.trunc_sat_f64_u";

const LOADS: &str = "i32.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u i64.load i64.load8_s i64.load8_u \
    i64.load16_s i64.load16_u i64.load32_s i64.load32_u f32.load f64.load";

const STORES: &str = "i32.store8 i32.store16 i64.store8 i64.store16 i64.store32";

/// A kernel that uses every instruction once with values and once with constants.
fn everything() -> String {
    let mut body = String::new();
    let operand = |ty: &str, constant: bool| match (ty, constant) {
        ("", _) => String::new(),
        (ty, true) => format!("({ty}.const 3)"),
        (ty, false) => format!("({ty}.load offset=8 (local.get $at))"),
    };
    let mut store = |ty: &str, value: String| {
        body += &format!("({ty}.store offset=16 (local.get $at) {value})\n");
    };
    for constant in [true, false] {
        for (a, b, to, names) in NUMERIC {
            for name in names.split_whitespace() {
                let (a_value, b_value) = (operand(a, constant), operand(b, constant));
                store(to, format!("({a}.{name} {a_value} {b_value})"));
            }
        }
        for name in CONVERSIONS.split_whitespace() {
            let from = ["i32", "i64", "f32", "f64"]
                .into_iter()
                .find(|ty| name[4..].contains(ty));
            let value = operand(from.expect("a conversion is from a type"), constant);
            store(&name[..3], format!("({name} {value})"));
        }
        for ty in ["i32", "i64", "f32", "f64"] {
            let value = operand(ty, constant);
            let condition = operand("i32", constant);
            store(ty, format!("(select {value} {value} {condition})"));
            store(
                ty,
                format!("(if (result {ty}) {condition} (then {value}) (else {value}))"),
            );
        }
    }
    for name in LOADS.split_whitespace() {
        store(
            &name[..3],
            format!("({name} offset=4000000000 (local.get $at))"),
        );
    }
    for name in STORES.split_whitespace() {
        let value = operand(&name[..3], true);
        body += &format!("({name} (i64.const 64) {value})\n");
    }
    format!(r#"(func (export "k") (param $at i64) {body})"#)
}

#[test]
fn every_instruction_prints_as_ptx_that_ptxas_takes() {
    let Some(assembler) = ptxas::find() else {
        eprintln!("{}", ptxas::MISSING);
        return;
    };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    for (name, source) in [("everything", everything()), ("saxpy", SAXPY.to_owned())] {
        let printed = Test::new(&source).ptx();
        let file = folder.join(format!("wasm-{name}.ptx"));
        std::fs::write(&file, printed).expect("the target folder takes files");
        let assembled = ptxas::assemble_file(&assembler, &file, "sm_80", "-O3");
        assert!(assembled.is_ok(), "{}: {assembled:?}", file.display());
    }
    eprintln!("{} assembled 2 texts", assembler.display());
}

#[test]
fn a_product_and_a_sum_are_two_roundings_in_ptx_too() {
    let printed = Test::new(SAXPY).ptx();
    assert!(
        printed.contains("mul.rn.f32") && printed.contains("add.rn.f32"),
        "{printed}"
    );
}

#[test]
fn nothing_of_the_source_is_forwarded() {
    let source = r#"(func $secret (export "exported") (param $named i64))"#;
    assert!(assemble(source).windows(5).any(|run| run == b"named"));
    let printed = Test::new(source).ptx();
    for word in ["secret", "exported", "named"] {
        assert!(!printed.contains(word), "{printed}");
    }
}
