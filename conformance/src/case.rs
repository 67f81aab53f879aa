use crate::Setup;
use crate::programs::{self, Program};

/// A guest program, what it asks of its host, and what is expected of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The program, after which the case is named.
    pub program: Program,
    /// What the runner calls.
    pub entry: Entry,
    /// What it asks of its host.
    pub setup: Setup,
    /// What it does when the host conforms.
    pub expectation: Expectation,
}

/// What the runner calls to run a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// `wasi:cli/run`: a plain `fn main`.
    Main,
    /// `check: async func()`, which the component exports besides: a plain `fn main` may not call async functions.
    AsyncCheck,
}

/// How a program ends on a host that conforms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// It exits with 0. Programs check everything themselves and panic with a sentence.
    ExitsZero,
    /// The component model stops it with a certain trap, once it has printed a certain line: a program that
    /// traps too early fails.
    Traps {
        /// The last line of its standard output.
        last_line: &'static str,
        /// Part of the trap's text.
        trap: &'static str,
    },
}

impl Case {
    /// A case with the default setup whose program exits with 0.
    pub fn of(program: Program) -> Self {
        Case {
            program,
            entry: Entry::Main,
            setup: Setup::default(),
            expectation: Expectation::ExitsZero,
        }
    }

    /// The same case after a change to its setup.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Setup)) -> Self {
        change(&mut self.setup);
        self
    }

    /// The same case through another entry.
    #[must_use]
    pub fn through(mut self, entry: Entry) -> Self {
        self.entry = entry;
        self
    }

    /// The same case with another end.
    #[must_use]
    pub fn expecting(mut self, expectation: Expectation) -> Self {
        self.expectation = expectation;
        self
    }

    /// Its name, `<suite>_<case>`.
    pub fn name(&self) -> &'static str {
        self.program.name
    }

    /// The suite that it belongs to.
    pub fn suite(&self) -> &'static str {
        self.program.suite
    }
}

/// Every case, by suite.
pub fn all() -> Vec<Case> {
    let mut cases = programs::registered();
    cases.sort_by_key(|case| {
        programs::SUITES
            .iter()
            .position(|suite| *suite == case.suite())
    });
    cases
}
