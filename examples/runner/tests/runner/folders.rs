//! Guests that are folders of crates.

use crate::command::{Scratch, crate_folder, end, run, text, wasi_cuda};

const MAIN: &str = "fn main() { println!(\"built and run\"); }";

fn manifest(rest: &str) -> String {
    format!(
        "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n{rest}"
    )
}

#[test]
fn the_first_lesson_runs_from_its_folder() {
    let lesson = crate_folder().join("../01-vector-add");
    run(&["run", "--device", "cpu", text(&lesson)])
        .well()
        .printing("all right");
}

#[test]
fn a_crate_outside_the_workspace_is_built() {
    let scratch = Scratch::new();
    scratch.file("Cargo.toml", manifest(""));
    scratch.file("src/main.rs", MAIN);
    let mut command = wasi_cuda(&["run", text(scratch.folder())]);
    command.env("CARGO_TARGET_DIR", scratch.folder().join("target"));
    end(command).well().printing("built and run");
}

#[test]
fn a_crate_that_does_not_compile_shows_the_compilers_error() {
    let scratch = Scratch::new();
    scratch.file("Cargo.toml", manifest(""));
    scratch.file("src/main.rs", "fn main() { nonsense() }");
    let mut command = wasi_cuda(&["run", text(scratch.folder())]);
    command.env("CARGO_TARGET_DIR", scratch.folder().join("target"));
    end(command)
        .refused()
        .saying("cannot find function `nonsense`")
        .saying("cargo build");
}

#[test]
fn a_folder_without_a_crate_is_refused() {
    let scratch = Scratch::new();
    run(&["run", text(scratch.folder())])
        .refused()
        .saying("no Cargo.toml");
}

#[test]
fn a_broken_manifest_is_shown() {
    let scratch = Scratch::new();
    scratch.file("Cargo.toml", "[package\n");
    run(&["run", text(scratch.folder())])
        .refused()
        .saying("manifest");
}

#[test]
fn one_of_several_binaries_must_be_chosen() {
    let guests = crate_folder().join("tests/guests");
    run(&["run", text(&guests)])
        .refused()
        .saying("--bin")
        .saying("endless")
        .saying("hoarder");
}

#[test]
fn a_binary_that_does_not_exist_is_refused_with_those_that_do() {
    let guests = crate_folder().join("tests/guests");
    run(&["run", "--bin", "endles", text(&guests)])
        .refused()
        .saying("no binary `endles`")
        .saying("endless");
}

#[test]
fn a_library_is_nothing_to_run() {
    let scratch = Scratch::new();
    scratch.file("Cargo.toml", manifest(""));
    scratch.file("src/lib.rs", "");
    run(&["run", text(scratch.folder())])
        .refused()
        .saying("nothing to run");
}

#[test]
fn a_workspace_is_refused_with_its_members() {
    let root = crate_folder().join("../..");
    run(&["run", text(&root)])
        .refused()
        .saying("workspace")
        .saying("vector-add");
}

#[cfg(unix)]
#[test]
fn a_missing_target_comes_with_the_command_that_installs_it() {
    use std::os::unix::fs::PermissionsExt;

    let scratch = Scratch::new();
    scratch.file("Cargo.toml", manifest(""));
    scratch.file("src/main.rs", MAIN);
    let rustc = scratch.file(
        "rustc",
        "#!/bin/sh\necho /nowhere/lib/rustlib/wasm32-wasip2/lib\n",
    );
    std::fs::set_permissions(&rustc, std::fs::Permissions::from_mode(0o755))
        .expect("it can be made executable");
    let mut command = wasi_cuda(&["run", text(scratch.folder())]);
    command.env("RUSTC", rustc);
    end(command)
        .refused()
        .saying("rustup target add wasm32-wasip2");
}
