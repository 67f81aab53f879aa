//! `--invoke`.

use crate::command::{Ended, Scratch, run, run_guest, text};

const ARITHMETIC: &str = r#"(module
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "half") (param f64) (result f64) (f64.div (local.get 0) (f64.const 2)))
    (func (export "trap") unreachable))"#;

/// Two instances that export `answer`, one that also exports `greet`.
const INTERFACES: &str = r#"(component
    (core module $code
        (memory (export "memory") 1)
        (data (i32.const 8) "\10\00\00\00\05\00\00\00hello")
        (func (export "answer") (result i32) (i32.const 42))
        (func (export "greet") (result i32) (i32.const 8)))
    (core instance $code (instantiate $code))
    (alias core export $code "memory" (core memory $memory))
    (func $answer (result u32) (canon lift (core func $code "answer")))
    (func $greet (result string) (canon lift (core func $code "greet") (memory $memory)))
    (instance $one (export "answer" (func $answer)))
    (instance $two (export "answer" (func $answer)) (export "greet" (func $greet)))
    (export "test:guest/one@1.2.0" (instance $one))
    (export "test:guest/two@1.2.0" (instance $two)))"#;

fn invoke(guest: &str, call: &str, arguments: &[&str]) -> Ended {
    let scratch = Scratch::new();
    let guest = scratch.file("guest.wat", guest);
    let mut line = vec!["run", "--invoke", call, text(&guest)];
    line.extend(arguments);
    run(&line)
}

#[test]
fn a_core_modules_function_is_called_with_the_arguments_of_the_call() {
    assert_eq!(invoke(ARITHMETIC, "add(2, 3)", &[]).well().stdout, "5\n");
    assert_eq!(invoke(ARITHMETIC, "half(5)", &[]).well().stdout, "2.5\n");
}

#[test]
fn a_bare_name_is_called_with_the_arguments_after_the_file() {
    assert_eq!(
        invoke(ARITHMETIC, "add", &["2", "-3"]).well().stdout,
        "-1\n"
    );
}

#[test]
fn a_function_of_an_interface_is_found_by_its_name() {
    assert_eq!(
        invoke(INTERFACES, "greet()", &[]).well().stdout,
        "\"hello\"\n"
    );
}

#[test]
fn a_function_of_an_interface_is_found_by_its_full_name() {
    assert_eq!(
        invoke(INTERFACES, "test:guest/one.answer@1.2.0()", &[])
            .well()
            .stdout,
        "42\n"
    );
}

#[test]
fn a_name_that_several_interfaces_export_is_refused() {
    invoke(INTERFACES, "answer()", &[])
        .refused()
        .saying("test:guest/one@1.2.0")
        .saying("test:guest/two@1.2.0");
}

#[test]
fn a_function_that_is_not_exported_is_refused() {
    invoke(ARITHMETIC, "sub(1, 2)", &[])
        .refused()
        .saying("exports no function `sub`");
}

#[test]
fn arguments_that_do_not_fit_are_refused() {
    invoke(ARITHMETIC, "add(1)", &[]).refused().saying("add(1)");
    invoke(ARITHMETIC, "add(1, \"two\")", &[])
        .refused()
        .saying("do not fit");
    invoke(ARITHMETIC, "add(1, 2)", &["3"])
        .refused()
        .saying("none may follow the file");
}

#[test]
fn a_call_that_does_not_parse_is_refused_with_an_example() {
    invoke(ARITHMETIC, "add(1,, 2)", &[])
        .refused()
        .saying("add(1, 2)");
}

#[test]
fn a_trap_in_a_function_is_a_trap() {
    invoke(ARITHMETIC, "trap()", &[])
        .with_code(134)
        .saying("unreachable");
}

#[test]
fn an_async_function_is_called_where_the_unstable_functions_are_offered() {
    let call = ["--cuda-async", "--invoke", "echo(3000500)"];
    let ended = run_guest(&call, "tasks", &[]);
    assert_eq!(ended.well().stdout, "3000000\n");
}

#[test]
fn a_guest_that_imports_unstable_functions_is_refused_where_they_are_not_offered() {
    run_guest(&["--invoke", "echo(1)"], "tasks", &[])
        .refused()
        .saying("wasi:cuda/execution");
}
