//! Guests that are files: components, core modules, text, and what is none of them.

use crate::command::{Scratch, run, text};

/// A WASI 0.1 command: a core module that prints and ends with code 0.
const HELLO: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 8) "hello from WASI 0.1\n")
    (func (export "_start")
        (i32.store (i32.const 0) (i32.const 8))
        (i32.store (i32.const 4) (i32.const 20))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100)))))"#;

#[test]
fn a_core_module_is_made_a_component() {
    let scratch = Scratch::new();
    let binary = wat::parse_str(HELLO).expect("the module is valid");
    run(&["run", text(&scratch.file("hello.wasm", binary))])
        .well()
        .printing("hello from WASI 0.1\n");
}

#[test]
fn a_core_module_may_be_text() {
    let scratch = Scratch::new();
    run(&["run", text(&scratch.file("hello.wat", HELLO))])
        .well()
        .printing("hello from WASI 0.1\n");
}

/// WASI 0.2 knows only success and failure where WASI 0.1 had a number.
#[test]
fn a_core_module_that_fails_fails_the_command() {
    let scratch = Scratch::new();
    let guest = scratch.file(
        "seven.wat",
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func (export "_start") (call $exit (i32.const 7))))"#,
    );
    run(&["run", text(&guest)]).with_code(1);
}

#[test]
fn a_components_exit_code_is_the_commands() {
    let scratch = Scratch::new();
    let guest = scratch.file(
        "seven.wat",
        r#"(component
            (import "wasi:cli/exit@0.2.6" (instance $exit
                (export "exit-with-code" (func (param "status-code" u8)))))
            (core func $exit (canon lower (func $exit "exit-with-code")))
            (core module $code
                (import "host" "exit" (func $exit (param i32)))
                (func (export "run") (result i32) (call $exit (i32.const 7)) (i32.const 0)))
            (core instance $code (instantiate $code
                (with "host" (instance (export "exit" (func $exit))))))
            (func $run (result (result)) (canon lift (core func $code "run")))
            (instance $run (export "run" (func $run)))
            (export "wasi:cli/run@0.2.6" (instance $run)))"#,
    );
    run(&["run", text(&guest)]).with_code(7);
}

#[test]
fn a_core_module_that_imports_something_else_is_refused_by_name() {
    let scratch = Scratch::new();
    let guest = scratch.file(
        "other.wat",
        r#"(module (import "env" "launch" (func)) (func (export "_start")))"#,
    );
    run(&["run", text(&guest)])
        .refused()
        .saying("other.wat")
        .saying("env")
        .saying("WASI 0.1");
}

#[test]
fn a_component_that_imports_something_else_is_refused_by_name() {
    let scratch = Scratch::new();
    let guest = scratch.file("strange.wat", r#"(component (import "strange" (func)))"#);
    run(&["run", text(&guest)]).refused().saying("strange");
}

#[test]
fn a_component_that_is_no_command_is_refused_with_advice() {
    let scratch = Scratch::new();
    run(&["run", text(&scratch.file("empty.wat", "(component)"))])
        .refused()
        .saying("wasi:cli/run")
        .saying("--invoke");
}

#[test]
fn a_trap_is_shown_with_its_place() {
    let scratch = Scratch::new();
    let guest = scratch.file(
        "trap.wat",
        r#"(module (memory (export "memory") 1) (func $pit (export "_start") unreachable))"#,
    );
    run(&["run", text(&guest)])
        .with_code(134)
        .saying("unreachable")
        .saying("pit");
}

#[test]
fn a_missing_file_is_named() {
    run(&["run", "nowhere/guest.wasm"])
        .refused()
        .saying("cannot read the guest `nowhere/guest.wasm`");
}

#[test]
fn a_file_that_is_no_webassembly_is_refused() {
    let scratch = Scratch::new();
    run(&["run", text(&scratch.file("notes.txt", "wasm is fun"))])
        .refused()
        .saying("notes.txt")
        .saying("no WebAssembly");
}

#[test]
fn a_cut_off_binary_is_refused() {
    let scratch = Scratch::new();
    let mut binary = wat::parse_str(HELLO).expect("the module is valid");
    binary.truncate(binary.len() / 2);
    run(&["run", text(&scratch.file("half.wasm", binary))])
        .refused()
        .saying("half.wasm")
        .saying("not valid");
}

#[test]
fn text_that_does_not_parse_is_refused_with_its_line() {
    let scratch = Scratch::new();
    run(&["run", text(&scratch.file("typo.wat", "(module\n  (fnuc))"))])
        .refused()
        .saying("typo.wat")
        .saying("2:4");
}

#[test]
fn a_binary_is_chosen_in_folders_only() {
    let scratch = Scratch::new();
    let guest = scratch.file("hello.wat", HELLO);
    run(&["run", "--bin", "hello", text(&guest)])
        .refused()
        .saying("--bin");
}
