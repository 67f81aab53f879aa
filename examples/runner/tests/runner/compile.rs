//! `wasi-cuda compile`: what it prints, and what it refuses without touching anything.

use std::fs;

use crate::command::{Scratch, crate_folder, run, run_reading, text};

const KERNEL: &str = "\
.version 7.0
.target sm_80
.address_size 64
.visible .entry store(.param .u64 out, .param .u32 value)
.maxntid 64, 1, 1
{
    .reg .b32 %r<2>;
    .reg .b64 %rd<2>;
    ld.param.u64 %rd1, [out];
    ld.param.u32 %r1, [value];
    st.global.u32 [%rd1], %r1;
    ret;
}
";

const WAT: &str = r#"(module
    (import "cuda" "memory" (memory i64 0))
    (func (export "store") (param $out i64)
        (i32.store (local.get $out) (i32.const 1))))"#;

/// The kernel with a mistake in it.
fn wrong() -> String {
    KERNEL.replace("st.global.u32", "st.global.q32")
}

#[test]
fn the_guarded_module_is_printed_as_a_driver_gets_it() {
    let scratch = Scratch::new();
    let kernel = scratch.file("store.ptx", KERNEL);
    run(&["compile", text(&kernel), "--target", "sm_90"])
        .well()
        .printing(".version 7.0\n.target sm_80\n")
        .printing(".visible .entry kernel0(")
        .printing("%window_mapped");
    let ended = run(&["compile", text(&kernel), "--checked"]);
    ended.well().printing("%granules");
    assert_eq!(ended.stderr, "");
}

#[test]
fn the_output_may_be_a_file() {
    let scratch = Scratch::new();
    let kernel = scratch.file("store.ptx", KERNEL);
    let output = scratch.file("out.ptx", "old");
    let ended = run(&[
        "compile",
        text(&kernel),
        "--emit",
        "ptx",
        "-o",
        text(&output),
    ]);
    assert_eq!(ended.well().stdout, "");
    let written = fs::read_to_string(&output).expect("it was written");
    assert_eq!(written, run(&["compile", text(&kernel)]).stdout);
}

#[test]
fn the_source_may_come_on_standard_input() {
    run_reading(&["compile", "-", "-o", "-"], KERNEL.as_bytes())
        .well()
        .printing(".visible .entry kernel0(");
    run_reading(&["compile", "-"], wrong().as_bytes())
        .refused()
        .saying("--> standard input:11:14");
}

#[test]
fn the_source_may_be_webassembly() {
    let scratch = Scratch::new();
    let binary = wat::parse_str(WAT).expect("the module is valid");
    for file in [
        scratch.file("store.wasm", binary),
        scratch.file("store.wat", WAT),
    ] {
        run(&["compile", text(&file)])
            .well()
            .printing(".visible .entry kernel0(");
    }
    run_reading(&["compile", "-", "--emit", "report"], WAT.as_bytes())
        .well()
        .printing("kernel store(out: pointer)");
}

#[test]
fn a_report_tells_of_kernels_and_accesses() {
    let scratch = Scratch::new();
    let kernel = scratch.file("store.ptx", KERNEL);
    run(&["compile", text(&kernel), "--emit", "report"])
        .well()
        .printing("store.ptx: accepted, PTX 7.0 for sm_80")
        .printing("kernel store(out: pointer, value: u32)")
        .printing("at most 64 threads")
        .printing("param load     2, inside its declaration")
        .printing("global store   1, checked before each access")
        .printing("global store, proved at launch");
}

#[test]
fn a_report_may_be_json() {
    let scratch = Scratch::new();
    let kernel = scratch.file("store.ptx", KERNEL);
    let ended = run(&[
        "compile",
        text(&kernel),
        "--emit",
        "report",
        "--format",
        "json",
    ]);
    let report: serde_json::Value = serde_json::from_str(&ended.well().stdout).expect("it is JSON");
    assert_eq!(report["accepted"], true);
    assert_eq!(report["ptx_version"], "7.0");
    let kernel = &report["kernels"][0];
    assert_eq!(kernel["name"], "store");
    assert_eq!(kernel["max_threads_per_block"], 64);
    assert_eq!(kernel["parameters"][0]["type"], "pointer");
    assert_eq!(kernel["accesses"][1]["space"], "global");
    assert_eq!(kernel["accesses"][1]["direction"], "store");
    assert_eq!(kernel["proofs"][0]["space"], "global");
    assert_eq!(kernel["proofs"][0]["proved"], "proved at launch");
}

#[test]
fn a_report_of_refused_kernels_is_json_too_and_fails() {
    let arguments = ["compile", "-", "--emit", "report", "--format", "json"];
    let ended = run_reading(&arguments, wrong().as_bytes());
    ended.refused().saying(".q32");
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).expect("it is JSON");
    assert_eq!(report["accepted"], false);
    assert_eq!(report["diagnostics"][0]["line"], 11);
    assert_eq!(report["diagnostics"][0]["severity"], "error");
    assert!(report["diagnostics"][0]["help"].is_string());
}

#[test]
fn machine_code_is_listed_by_kernel() {
    let scratch = Scratch::new();
    let kernel = scratch.file("store.ptx", KERNEL);
    run(&["compile", text(&kernel), "--emit", "cpu-asm"])
        .well()
        .printing("; kernel store\n")
        .printing("block0:");
}

#[test]
fn refused_kernels_are_shown_with_line_and_mark() {
    let scratch = Scratch::new();
    let kernel = scratch.file("store.ptx", wrong());
    let ended = run(&["compile", text(&kernel)]);
    ended
        .refused()
        .saying("error: unknown instruction `st.global.q32`: `.q32` is not supported there\n")
        .saying(
            "store.ptx:11:14\n   |\n11 |     st.global.q32 [%rd1], %r1;\n   |              ^^^^\n",
        )
        .saying("   = help: docs/instructions.md")
        .saying("store.ptx` is refused: 1 error");
    assert_eq!(ended.stdout, "");
}

#[test]
fn refused_kernels_leave_the_output_as_it_was() {
    let scratch = Scratch::new();
    let output = scratch.file("out.ptx", "precious");
    for emit in ["ptx", "report", "cpu-asm"] {
        let arguments = ["compile", "-", "--emit", emit, "-o", text(&output)];
        run_reading(&arguments, wrong().as_bytes()).refused();
        assert_eq!(
            fs::read_to_string(&output).expect("it is there"),
            "precious"
        );
    }
    let new = scratch.folder().join("new.ptx");
    run_reading(&["compile", "-", "-o", text(&new)], b"").refused();
    assert!(!new.exists());
}

#[test]
fn a_device_that_lacks_the_target_is_named() {
    run_reading(&["compile", "-", "--target", "sm_75"], KERNEL.as_bytes())
        .refused()
        .saying("`sm_80`")
        .saying("the device has 7.5")
        .saying("--> standard input:2:9");
}

#[test]
fn an_unknown_target_is_a_usage_error_that_names_the_known_ones() {
    for target in ["sm_91", "90", "gfx90a"] {
        run(&["compile", "kernel.ptx", "--target", target])
            .with_code(2)
            .saying(target)
            .saying("sm_90, ");
    }
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    run(&["compile"]).with_code(2).saying("<FILE>");
    run(&["compile", "kernel.ptx", "--emit", "cubin"])
        .with_code(2)
        .saying("cpu-asm");
    run(&["compile", "kernel.ptx", "--format", "json"])
        .with_code(2)
        .saying("--emit report");
}

#[test]
fn a_missing_file_and_a_folder_are_told_apart() {
    let scratch = Scratch::new();
    run(&["compile", text(&scratch.folder().join("none.ptx"))])
        .refused()
        .saying("cannot read `")
        .saying("none.ptx`");
    run(&["compile", text(crate_folder())])
        .refused()
        .saying("it is a folder");
}

#[test]
fn what_is_no_kernel_is_told() {
    let refused = |input: &[u8]| run_reading(&["compile", "-"], input);
    refused(b"").refused().saying("the source is empty");
    refused(b".version 7.0\n\xff")
        .refused()
        .saying("byte 13 is not UTF-8");
    refused(b"\0asm").refused().saying("is refused");
    refused(b"(module")
        .refused()
        .saying("cannot use `standard input`");
    refused(&vec![b' '; 5 << 20])
        .refused()
        .saying("at most 4194304");
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let scratch = Scratch::new();
    let kernel = scratch.file("store.ptx", KERNEL);
    let missing = scratch.folder().join("missing/out.ptx");
    for output in [missing.as_path(), scratch.folder()] {
        run(&["compile", text(&kernel), "-o", text(output)])
            .refused()
            .saying("cannot write `");
    }
    run(&["compile", text(&kernel), "-o", text(&kernel)])
        .refused()
        .saying("is the source itself");
    assert_eq!(fs::read_to_string(&kernel).expect("it is there"), KERNEL);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    run_reading(&["compile", "-", "-o", "/dev/full"], KERNEL.as_bytes())
        .refused()
        .saying("cannot write `/dev/full`");
}
