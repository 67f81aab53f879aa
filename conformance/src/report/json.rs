use super::Report;
use serde_json::{Value, json};

pub(super) fn write(report: &Report) -> String {
    let cases: Vec<Value> = report
        .results
        .iter()
        .map(|result| {
            json!({
                "name": result.name,
                "suite": result.suite,
                "outcome": result.outcome.label(),
                "reason": result.outcome.reason(),
                "seconds": result.duration.as_secs_f64(),
                "stdout": result.stdout,
                "stderr": result.stderr,
            })
        })
        .collect();
    let report = json!({
        "device": report.device,
        "passed": report.passed(),
        "failed": report.failed(),
        "did_not_run": report.did_not_run(),
        "cases": cases,
    });
    format!("{report:#}")
}
