//! Command lines that make no sense.

use crate::command::run;

#[test]
fn a_wrong_flag_is_a_usage_error() {
    run(&["run", "--devise", "cpu", "guest.wasm"])
        .with_code(2)
        .saying("--devise")
        .saying("--device");
}

#[test]
fn a_guest_is_needed() {
    run(&["run"])
        .with_code(2)
        .saying("Usage: wasi-cuda run [OPTIONS] <FILE> [ARGS]...");
}

#[test]
fn a_size_without_a_known_unit_is_explained() {
    run(&["run", "--cuda-memory", "64megs", "guest.wasm"])
        .with_code(2)
        .saying("64megs")
        .saying("64MiB");
}

#[test]
fn a_duration_without_a_unit_is_explained() {
    run(&["run", "--cuda-timeout", "5", "guest.wasm"])
        .with_code(2)
        .saying("500ms");
}

#[test]
fn flags_are_described() {
    let ended = run(&["run", "--help"]);
    for flag in [
        "--device",
        "--cuda-memory",
        "--cuda-timeout",
        "--checked",
        "--no-checked",
        "--dir",
        "--env",
        "--invoke",
        "--bin",
    ] {
        ended.well().printing(flag);
    }
}

#[test]
fn flags_of_compile_are_described() {
    let ended = run(&["compile", "--help"]);
    for flag in ["--target", "--emit", "--output", "--checked", "--format"] {
        ended.well().printing(flag);
    }
}
