use super::{CaseResult, Outcome, Report};
use crate::programs::SUITES;
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

pub(super) fn write(report: &Report) -> String {
    let mut document = quick_junit::Report::new(format!("wasi:cuda on {}", report.device));
    for name in SUITES {
        let mut suite = TestSuite::new(name);
        suite.add_test_cases(
            report
                .results
                .iter()
                .filter(|result| result.suite == name)
                .map(test_case),
        );
        if suite.tests > 0 {
            document.add_test_suite(suite);
        }
    }
    document
        .to_string()
        .expect("writing XML to memory does not fail")
}

fn test_case(result: &CaseResult) -> TestCase {
    let mut status = match &result.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed(_) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Outcome::DidNotRun(_) => TestCaseStatus::skipped(),
    };
    if let Some(reason) = result.outcome.reason() {
        status.set_message(reason);
    }
    let mut case = TestCase::new(result.name.as_str(), status);
    case.set_classname(result.suite.as_str())
        .set_time(result.duration)
        .set_system_out(result.stdout.as_str())
        .set_system_err(result.stderr.as_str());
    case
}
