//! What is refused, and with which words.

use super::device::{assemble, compile, refusal};

fn refused(text: &str, expected: &str) {
    let bytes = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let given = refusal(&bytes);
    assert!(
        given.contains(expected),
        "{text}\nis refused with: {given}\nnot with: {expected}"
    );
}

#[test]
fn imports_are_refused_by_name() {
    refused(
        r#"(module (import "cuda" "memory" (memory 1)))"#,
        "the memory has 32-bit addresses and device addresses have 64 bits; \
         declare it as `(memory i64 0)` and compile for wasm64",
    );
    refused(
        r#"(module (import "env" "memory" (memory i64 0)))"#,
        "the memory `env` `memory` is not known; the device's is `cuda` `memory`",
    );
    refused(
        r#"(module (import "cuda" "memory" (memory i64 1 2 shared)))"#,
        "the memory is shared",
    );
    refused(
        r#"(module (import "cuda" "memory" (memory i64 0)) (import "cuda" "memory" (memory i64 0)))"#,
        "the memory is imported twice; there is one",
    );
    refused(
        r#"(module (import "cuda" "warpSize" (func (result i32))))"#,
        "the function `cuda` `warpSize` is not known; `cuda` has `threadIdx`",
    );
    refused(
        r#"(module (import "env" "threadIdx.x" (func (result i32))))"#,
        "the function `env` `threadIdx.x` is not known",
    );
    refused(
        r#"(module (import "cuda" "threadIdx.x" (func (param i32) (result i32))))"#,
        "`threadIdx.x` takes no parameters and gives an i32",
    );
    refused(
        r#"(module (import "cuda" "heap" (global i32)))"#,
        "`cuda` `heap` is no function and no memory",
    );
}

#[test]
fn sections_are_refused_by_name() {
    for (text, name, advice) in [
        ("(memory i64 1)", "memory", "import the device's"),
        ("(table 1 funcref)", "table", "choose with `br_table`"),
        ("(global i32 (i32.const 0))", "global", "keep it in a local"),
        (
            "(func $f) (start $f)",
            "start",
            "nothing runs before a kernel",
        ),
        ("(func $f) (elem func $f)", "element", "no indirect calls"),
        (r#"(data "x")"#, "data", "pass constants in a buffer"),
        ("(tag)", "tag", "leave it out"),
    ] {
        refused(
            &format!("(module {text})"),
            &format!("a kernel's module has no {name} section: "),
        );
        refused(&format!("(module {text})"), advice);
    }
}

#[test]
fn instructions_are_refused_by_name() {
    for (body, name) in [
        ("(drop (memory.size))", "memory.size"),
        ("(drop (memory.grow (i64.const 1)))", "memory.grow"),
        (
            "(memory.fill (i64.const 0) (i32.const 0) (i64.const 0))",
            "memory.fill",
        ),
        (
            "(memory.copy (i64.const 0) (i64.const 0) (i64.const 0))",
            "memory.copy",
        ),
        (
            "(drop (i32x4.add (v128.const i64x2 0 0) (v128.const i64x2 0 0)))",
            "i32x4.add",
        ),
        ("(drop (v128.load (i64.const 0)))", "v128.load"),
        (
            "(drop (i32.atomic.rmw.add (i64.const 0) (i32.const 1)))",
            "i32.atomic.rmw_add",
        ),
        ("(drop (ref.null func))", "ref.null"),
        ("(return_call $thread) (drop)", "return_call"),
        ("(global.set 0 (i32.const 0))", "global.set"),
    ] {
        let text = format!(r#"(func (export "k") {body})"#);
        let given = refusal(&assemble(&text));
        let expected = format!("the instruction `{name}` has no place in a kernel");
        assert!(given.contains(&expected), "{body}: {given}");
    }
}

#[test]
fn every_refused_instruction_is_told_at_its_offset() {
    let bytes = assemble(r#"(func (export "k") (drop (memory.size)) (drop (memory.size)))"#);
    let found = compile(&bytes).unwrap_err();
    let memory_size = [0x3f, 0x00];
    let places: Vec<u32> = (0..bytes.len() as u32)
        .filter(|at| bytes[*at as usize..].starts_with(&memory_size))
        .collect();
    let told: Vec<u32> = found.iter().map(|found| found.span.column - 1).collect();
    assert_eq!(told, places);
    assert!(found.iter().all(|found| found.span.line == 1));
}

#[test]
fn kernels_with_results_or_other_types_are_refused() {
    refused(
        r#"(module (func (export "k") (result i32) (i32.const 1)))"#,
        "kernel `k`: the function has results; write them to a buffer",
    );
    refused(
        r#"(module (func (export "k") (param funcref)))"#,
        "kernel `k`: values of type funcref are not supported",
    );
    refused(
        r#"(module (func (export "k") (local funcref)))"#,
        "kernel `k`: values of type funcref are not supported",
    );
    refused(
        r#"(module (import "cuda" "threadIdx.x" (func $f (result i32))) (export "k" (func $f)))"#,
        "kernel `k`: the export is an imported function, which is no kernel",
    );
    let parameters = "(param i64) ".repeat(513);
    refused(
        &format!(r#"(module (func (export "k") {parameters}))"#),
        "kernel `k`: the parameters are larger than 4096 bytes",
    );
}

#[test]
fn what_is_no_module_is_refused() {
    assert!(refusal(b"(module)").contains("assemble text first"));
    assert!(refusal(b"").contains("no WebAssembly module in binary form"));
    let component = wat::parse_str("(component)").unwrap();
    assert!(refusal(&component).contains("this is a component"));
    refused(
        r#"(module (func (export "k") (drop (i32.add (i32.const 1) (i64.const 1)))))"#,
        "the module is not valid: type mismatch: expected i32, found i64 (at offset 0x",
    );
}

#[test]
fn a_module_without_kernels_is_accepted_with_a_warning() {
    let module = compile(&assemble("(func)")).unwrap();
    assert!(module.kernels().is_empty());
    let warning = module.diagnostics()[0].to_string();
    assert!(
        warning.contains("an exported function in WebAssembly"),
        "{warning}"
    );
}
