//! The binary `wasi-cuda-conformance`.

use serde_json::Value;
use std::process::{Command, Output};
use wasi_cuda_conformance::{cases, programs};

fn conformance(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wasi-cuda-conformance"))
        .args(arguments)
        .env_remove("WASI_CUDA_REQUIRE_GPU")
        .output()
        .expect("the binary starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

#[test]
fn it_lists_every_case() {
    let output = conformance(&["--list"]);
    assert!(output.status.success(), "{output:?}");
    let names: Vec<String> = cases().iter().map(|case| case.name().to_owned()).collect();
    assert_eq!(stdout(&output).lines().collect::<Vec<_>>(), names);
}

#[test]
fn it_runs_a_suite_on_the_cpu_device() {
    let output = conformance(&["--device", "cpu", "--suite", "device", "--format", "json"]);
    assert!(output.status.success(), "{output:?}");
    let report: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let suite = cases()
        .iter()
        .filter(|case| case.suite() == "device")
        .count();
    assert_eq!(report["passed"], suite);
    assert_eq!(report["failed"], 0);
}

#[test]
fn it_fails_for_a_device_that_is_not_there_and_says_why() {
    let output = conformance(&["--device", "cuda:99", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let report: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    assert_eq!(report["did_not_run"], cases().len());
    assert_eq!(report["passed"], 0);
    let reason = report["cases"][0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("cuda:99"), "{reason}");
}

#[test]
fn it_refuses_a_suite_that_does_not_exist_and_names_those_that_do() {
    let output = conformance(&["--suite", "sorting"]);
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("`sorting`") && told.contains(&programs::SUITES.join(", ")),
        "{told}"
    );
}

#[test]
fn it_refuses_a_case_that_does_not_exist() {
    let output = conformance(&["--case", "device_of_dreams"]);
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("`device_of_dreams`") && told.contains("--list"),
        "{told}"
    );
}

#[test]
fn cases_with_async_functions_do_not_run_on_an_engine_without_them_and_others_do() {
    let output = conformance(&[
        "--no-concurrency",
        "--case",
        "execution_async",
        "--case",
        "execution_transfers",
        "--case",
        "memory_share",
        "--format",
        "json",
    ]);
    assert!(output.status.success(), "{output:?}");
    let report: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let counts = ["passed", "failed", "did_not_run"].map(|outcome| report[outcome].as_u64());
    assert_eq!(counts, [Some(2), Some(0), Some(1)], "{report}");
    let cases = report["cases"].as_array().expect("an array");
    let told = cases.iter().find(|case| case["name"] == "execution_async");
    let reason = told.expect("the case is listed")["reason"]
        .as_str()
        .expect("a reason");
    assert!(
        reason.contains("async") && reason.contains("concurrency_support"),
        "{reason}"
    );
}
