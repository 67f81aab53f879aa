//! Modules that mean harm: none makes the compiler panic, or take more than its limits allow.

use super::device::{assemble, compile, refusal};
use super::kernels::SAXPY;
use proptest::prelude::*;
use wasi_cuda_jit::limits::max_lowered_instructions;

fn refused(text: &str, expected: &str) {
    let given = refusal(&assemble(text));
    assert!(given.contains(expected), "refused with: {given}");
}

#[test]
fn a_module_cut_short_anywhere_is_refused() {
    let bytes = assemble(SAXPY);
    let whole = compile(&bytes).unwrap();
    assert_eq!(whole.kernels().len(), 1);
    let mut accepted = Vec::new();
    for length in 0..bytes.len() {
        if let Ok(module) = compile(&bytes[..length]) {
            accepted.push((length, module.kernels().len()));
        }
    }
    // A module may end after any of its sections: without functions it has no kernels, without names its parameters have none.
    assert!(accepted.iter().any(|(_, kernels)| *kernels == 0));
    assert!(accepted.len() < 8, "{accepted:?}");
}

#[test]
fn many_locals_cost_nothing_until_they_are_used() {
    let locals = "i32 ".repeat(50_000 - 1);
    let text = format!(r#"(func (export "k") (local {locals}) (local.set 49000 (i32.const 1)))"#);
    let module = compile(&assemble(&text)).unwrap();
    assert!(module.kernels()[0].signature().registers < 8);
}

/// Bytes that let a module have as many instructions as any may.
fn padding() -> String {
    format!(r#"(@custom "padding" "{}")"#, "x".repeat(1 << 20))
}

#[test]
fn what_passes_a_limit_is_refused_with_the_limit() {
    let many = |item: &str, count| item.repeat(count);
    refused(
        &format!(r#"(func (export "k") {})"#, many("nop ", 1 << 17)),
        "the module has more than 131072 instructions: split it",
    );
    refused(
        &format!(
            r#"(func (export "k") (param i32) (block (br_table {} (local.get 0))))"#,
            many("0 ", 1 << 20)
        ),
        "the module has more than 131072 instructions: split it",
    );
    let rotations = many("(drop (i64.rotl (local.get 0) (local.get 0)))", 8_000);
    let kernels = ["a", "b", "c"]
        .map(|name| format!(r#"(func (export "{name}") (param i64) {rotations})"#))
        .concat();
    let most = max_lowered_instructions(assemble(&kernels).len());
    refused(
        &kernels,
        &format!(
            "kernel `a`: the kernels become more than {most} instructions, each call counted as what it calls"
        ),
    );
    refused(
        &(kernels + &padding()),
        "kernel `c`: the kernels become more than 131072 instructions, each call counted as what it calls",
    );
    refused(
        &(0..1025)
            .map(|k| format!(r#"(func (export "k{k}"))"#))
            .collect::<String>(),
        "the module has 1025 exports; at most 1024 are accepted: split it",
    );
    refused(
        &format!(r#"(func (export "{}"))"#, many("k", 4097)),
        "a kernel's name is longer than 4096 bytes",
    );
    let large = vec![0; (4 << 20) + 1];
    assert!(refusal(&large).contains("at most 4194304 are accepted"));
}

#[test]
fn registers_are_limited() {
    let rotations = "(drop (i64.rotl (local.get 0) (local.get 0)))".repeat(10_000);
    refused(
        &format!(
            r#"(func (export "k") (param i64) {rotations}) {}"#,
            padding()
        ),
        "kernel `k`: a kernel uses more than 65536 registers: split it",
    );
}

#[test]
fn the_blocks_of_operations_that_may_fault_are_limited() {
    let divisions = "(drop (i64.div_s (local.get 0) (local.get 0)))".repeat(4_500);
    refused(
        &format!(
            r#"(func (export "k") (param i64) {divisions}) {}"#,
            padding()
        ),
        "basic blocks",
    );
}

#[test]
fn calls_cannot_be_folded_out_of_few_bytes() {
    let mut text = "(func $f0 (nop) (nop))".to_owned();
    for level in 1..40 {
        let below = level - 1;
        text += &format!("(func $f{level} (call $f{below}) (call $f{below}))");
    }
    text += r#"(func (export "k") (call $f39))"#;
    refused(&text, "each call counted as what it calls");
}

#[test]
fn deep_nesting_is_compiled_or_refused() {
    let deep = 3_000;
    let text = format!(
        r#"(func (export "k") {} {})"#,
        "block ".repeat(deep),
        "end ".repeat(deep)
    );
    let module = compile(&assemble(&text)).unwrap();
    assert_eq!(module.kernels().len(), 1);
}

proptest! {
    #[test]
    fn a_damaged_module_never_panics(
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = assemble(SAXPY);
        for (place, byte) in damages {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _ = compile(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_header_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.extend(bytes);
        let _ = compile(&module);
    }

    #[test]
    fn any_body_never_panics(body in prop::collection::vec(any::<u8>(), 0..60)) {
        // One type without parameters and results, one function, exported as `k`.
        let mut module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x05\x01\x01k\0\0".to_vec();
        let size = body.len() as u8;
        module.extend([10, size + 4, 1, size + 2, 0]);
        module.extend(body);
        module.push(0x0b);
        let _ = compile(&module);
    }
}
