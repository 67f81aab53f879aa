//! The example is as short as it says, and works.

use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = include_str!("../src/main.rs");

#[test]
fn the_program_has_at_most_forty_lines() {
    let lines = SOURCE.lines().count();
    assert!(lines <= 40, "{lines} lines");
}

#[test]
fn at_most_ten_lines_are_for_wasi_cuda_and_each_is_marked() {
    let marked = SOURCE
        .lines()
        .filter(|line| line.ends_with("// wasi:cuda"))
        .count();
    assert!(marked <= 10, "{marked} lines");
    let unmarked: Vec<_> = SOURCE
        .lines()
        .filter(|line| !line.starts_with("//!") && !line.ends_with("// wasi:cuda"))
        .filter(|line| {
            ["wasi_cuda::", "WasiCuda", "Device"]
                .iter()
                .any(|word| line.contains(word))
        })
        .collect();
    assert!(
        unmarked.is_empty(),
        "lines for wasi:cuda without a mark: {unmarked:#?}"
    );
}

#[test]
fn the_program_runs_the_first_lesson() {
    let output = Command::new(env!("CARGO_BIN_EXE_wasi-cuda-embed"))
        .arg(build_first_lesson())
        .output();
    let output = output.expect("the program was built with this test");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && stdout.contains("all right"),
        "{stdout}{stderr}"
    );
}

#[test]
fn the_program_says_that_it_needs_a_component() {
    let output = Command::new(env!("CARGO_BIN_EXE_wasi-cuda-embed")).output();
    let output = output.expect("the program was built with this test");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("which component?"));
}

/// Builds lesson 1 into the folder that Cargo gives tests.
fn build_first_lesson() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests");
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--target",
            "wasm32-wasip2",
            "--target-dir",
        ])
        .arg(&target)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../01-vector-add"))
        .status()
        .expect("Cargo runs this test");
    assert!(
        status.success(),
        "lesson 1 does not build; is the target installed? rustup target add wasm32-wasip2"
    );
    target.join("wasm32-wasip2/release/vector-add.wasm")
}
