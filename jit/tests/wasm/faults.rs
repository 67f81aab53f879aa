//! Traps of WebAssembly are faults of the launch, and say where they were.

use super::device::{BASE, MAPPED, Test, assemble};
use wasi_cuda_jit::cpu::{FaultKind, Outcome};

/// The fault of a kernel of one parameter, the window's address.
fn fault(body: &str) -> FaultKind {
    Test::new(&format!(r#"(func (export "k") (param $at i64) {body})"#))
        .run()
        .fault_kind()
}

#[test]
fn each_trap_is_a_fault_of_its_kind() {
    for (body, kind) in [
        ("unreachable", FaultKind::Trap),
        (
            "(drop (i32.div_s (i32.const 1) (i32.const 0)))",
            FaultKind::DivideByZero,
        ),
        (
            "(drop (i64.rem_u (i64.const 1) (i64.const 0)))",
            FaultKind::DivideByZero,
        ),
        (
            "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
            FaultKind::IntegerOverflow,
        ),
        (
            "(drop (i64.div_s (i64.const 0x8000000000000000) (i64.const -1)))",
            FaultKind::IntegerOverflow,
        ),
        (
            "(drop (i32.trunc_f32_u (f32.const -1)))",
            FaultKind::IntegerOverflow,
        ),
        (
            "(drop (i64.trunc_f64_s (f64.const nan)))",
            FaultKind::IntegerOverflow,
        ),
        (
            "(drop (i32.load offset=2 (local.get $at)))",
            FaultKind::Misaligned,
        ),
        (
            "(drop (i64.load align=1 (i64.const 1)))",
            FaultKind::Misaligned,
        ),
        (
            "(drop (i32.load (i64.const 0)))",
            FaultKind::GlobalOutOfBounds,
        ),
        (
            "(i32.store8 (i64.const -1) (i32.const 0))",
            FaultKind::GlobalOutOfBounds,
        ),
    ] {
        assert_eq!(fault(body), kind, "{body}");
    }
}

#[test]
fn an_access_outside_of_the_window_tells_its_address_and_size() {
    let source = r#"(func (export "k") (param $at i64) (i64.store offset=32768 (local.get $at) (i64.const 1)))"#;
    let fault = Test::new(source).run().fault.unwrap();
    let told = (fault.kind, fault.address, fault.size);
    assert_eq!(
        told,
        (FaultKind::GlobalOutOfBounds, BASE + MAPPED as u64, 8)
    );
}

#[test]
fn a_trap_has_no_address_and_tells_its_thread() {
    let source = r#"(func (export "k") (param $at i64)
        (drop (i32.div_u (i32.const 9) (i32.sub (call $thread) (i32.const 3)))))"#;
    let fault = Test::new(source).threads(1, 8).run().fault.unwrap();
    assert_eq!((fault.address, fault.size), (0, 0));
    assert_eq!((fault.block, fault.thread), ([0, 0, 0], [3, 0, 0]));
}

#[test]
fn a_fault_is_at_its_instructions_offset() {
    const F32_SQRT: u8 = 0x91;
    const UNREACHABLE: u8 = 0x00;
    let source =
        r#"(func (export "k") (param $at i64) (drop (f32.sqrt (f32.const 4))) unreachable)"#;
    let bytes = assemble(source);
    // `f32.sqrt`, `drop`, then the instruction that faults.
    let sqrt = bytes
        .windows(3)
        .position(|run| run == [F32_SQRT, 0x1a, UNREACHABLE]);
    let offset = sqrt.unwrap() as u32 + 2;
    let span = Test::new(source).run().fault.unwrap().span;
    assert_eq!((span.line, span.column), (1, offset + 1));
}

#[test]
fn what_is_no_trap_completes() {
    for body in [
        "(drop (i32.rem_s (i32.const 0x80000000) (i32.const -1)))",
        "(drop (i32.trunc_sat_f32_s (f32.const nan)))",
        "(drop (i32.trunc_f64_s (f64.const -2147483648.9)))",
        "(drop (i32.load8_u offset=3 (local.get $at)))",
        "(drop (i32.load align=1 (local.get $at)))",
    ] {
        let source = format!(r#"(func (export "k") (param $at i64) {body})"#);
        assert_eq!(
            Test::new(&source).run().outcome,
            Outcome::Completed,
            "{body}"
        );
    }
}

#[test]
fn an_address_and_an_offset_are_added_modulo_two_to_the_64th() {
    let source = r#"(func (export "k") (param $at i64)
            (i32.store offset=0x8000000000000000
                (i64.add (local.get $at) (i64.const 0x8000000000000004)) (i32.const 77)))"#;
    let ended = Test::new(source).run();
    assert_eq!((ended.outcome, ended.word(1)), (Outcome::Completed, 77));
}
