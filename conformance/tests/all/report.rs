//! Reports say what happened, and never that a case passed which did not run.

use serde_json::Value;
use std::time::Duration;
use wasi_cuda_conformance::{CaseResult, Outcome, Report, cases};

fn result(name: &str, outcome: Outcome) -> CaseResult {
    CaseResult {
        name: name.to_owned(),
        suite: name.split('_').next().unwrap_or(name).to_owned(),
        outcome,
        duration: Duration::from_millis(1500),
        stdout: "covers device#get-devices ok\n".to_owned(),
        stderr: String::new(),
    }
}

fn report(outcomes: impl IntoIterator<Item = Outcome>) -> Report {
    let names = ["device_a", "memory_b", "memory_c"];
    let results = names
        .into_iter()
        .zip(outcomes)
        .map(|(name, outcome)| result(name, outcome));
    Report {
        device: "cpu".to_owned(),
        results: results.collect(),
    }
}

fn mixed() -> Report {
    report([
        Outcome::Passed,
        Outcome::Failed("2 < 1".to_owned()),
        Outcome::DidNotRun("no second device".to_owned()),
    ])
}

#[test]
fn a_report_succeeds_when_every_case_passed() {
    assert!(report([Outcome::Passed, Outcome::Passed]).is_success(true));
}

#[test]
fn a_report_fails_when_a_case_failed() {
    assert!(!report([Outcome::Passed, Outcome::Failed(String::new())]).is_success(false));
}

#[test]
fn a_report_fails_when_nothing_ran() {
    assert!(!report([]).is_success(false));
    assert!(!report([Outcome::DidNotRun(String::new())]).is_success(false));
}

#[test]
fn a_case_that_did_not_run_fails_the_report_where_all_must_run() {
    let report = report([Outcome::Passed, Outcome::DidNotRun(String::new())]);
    assert!(report.is_success(false));
    assert!(!report.is_success(true));
}

#[test]
fn a_device_that_is_not_there_leaves_every_case_unrun_with_the_reason() {
    let report = Report::none_ran("cuda:7", &cases(), "there is no such device");
    assert_eq!(report.did_not_run(), cases().len());
    assert!(
        report.table().contains("there is no such device"),
        "{}",
        report.table()
    );
    assert!(!report.is_success(false));
}

#[test]
fn the_table_has_a_line_a_case_and_the_sums() {
    let expected = "\
device_a  passed         1500 ms
memory_b  failed         1500 ms  2 < 1
memory_c  did not run    1500 ms  no second device
device cpu: 3 cases, 1 passed, 1 failed, 1 did not run";
    assert_eq!(mixed().table(), expected);
}

#[test]
fn the_json_is_one_object_with_every_case() {
    let value: Value = serde_json::from_str(&mixed().json()).expect("JSON");
    assert_eq!(value["device"], "cpu");
    assert_eq!(value["passed"], 1);
    assert_eq!(value["failed"], 1);
    assert_eq!(value["did_not_run"], 1);
    assert_eq!(value["cases"][1]["outcome"], "failed");
    assert_eq!(value["cases"][1]["reason"], "2 < 1");
    assert_eq!(value["cases"][2]["outcome"], "did not run");
    assert_eq!(value["cases"][0]["reason"], Value::Null);
}

#[test]
fn the_junit_report_groups_by_suite_and_skips_what_did_not_run() {
    let xml = mixed().junit();
    for part in [
        r#"<testsuite name="device" tests="1" skipped="0" errors="0" failures="0">"#,
        r#"<testsuite name="memory" tests="2" skipped="1" errors="0" failures="1">"#,
        r#"<failure message="2 &lt; 1"/>"#,
        r#"<skipped message="no second device"/>"#,
    ] {
        assert!(xml.contains(part), "no {part} in\n{xml}");
    }
}
