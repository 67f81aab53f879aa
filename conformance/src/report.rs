//! What running cases showed, for people and for machines.

mod json;
mod junit;
mod table;

use std::time::Duration;

/// The result of each case that was asked for.
#[derive(Debug, Clone)]
pub struct Report {
    /// The device, as it was asked for.
    pub device: String,
    /// One result a case.
    pub results: Vec<CaseResult>,
}

/// What one case showed.
#[derive(Debug, Clone)]
pub struct CaseResult {
    /// The case's name.
    pub name: String,
    /// Its suite.
    pub suite: String,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, compiling the guest included.
    pub duration: Duration,
    /// What the guest printed.
    pub stdout: String,
    /// What the guest complained.
    pub stderr: String,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As expected.
    Passed,
    /// Otherwise, and how.
    Failed(String),
    /// Its host could not set it up, and why. This is never a success.
    DidNotRun(String),
}

impl Outcome {
    /// In a word or three.
    pub fn label(&self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed(_) => "failed",
            Outcome::DidNotRun(_) => "did not run",
        }
    }

    /// Why the case did not pass.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Outcome::Passed => None,
            Outcome::Failed(reason) | Outcome::DidNotRun(reason) => Some(reason),
        }
    }
}

impl Report {
    /// The report for a device that is not there: no case ran.
    pub fn none_ran(device: &str, cases: &[crate::Case], reason: &str) -> Self {
        Report {
            device: device.to_owned(),
            results: cases
                .iter()
                .map(|case| CaseResult {
                    name: case.name().to_owned(),
                    suite: case.suite().to_owned(),
                    outcome: Outcome::DidNotRun(reason.to_owned()),
                    duration: Duration::ZERO,
                    stdout: String::new(),
                    stderr: String::new(),
                })
                .collect(),
        }
    }

    /// How many cases passed.
    pub fn passed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Passed))
    }

    /// How many cases failed.
    pub fn failed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Failed(_)))
    }

    /// How many cases did not run.
    pub fn did_not_run(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::DidNotRun(_)))
    }

    fn count(&self, matches: impl Fn(&Outcome) -> bool) -> usize {
        self.results
            .iter()
            .filter(|result| matches(&result.outcome))
            .count()
    }

    /// Whether the device conforms as far as the cases tell: none failed and at least one ran. With
    /// `all_must_run`, where the hardware is promised, a case that did not run counts as a failure.
    pub fn is_success(&self, all_must_run: bool) -> bool {
        self.failed() == 0 && self.passed() > 0 && (self.did_not_run() == 0 || !all_must_run)
    }

    /// For a terminal.
    pub fn table(&self) -> String {
        table::write(self)
    }

    /// As one JSON object.
    pub fn json(&self) -> String {
        json::write(self)
    }

    /// As JUnit XML.
    pub fn junit(&self) -> String {
        junit::write(self)
    }
}
