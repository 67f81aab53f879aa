//! What became of the mutants.

use crate::kernels::Kernel;
use crate::operators::Operator;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// A mutant that the checker accepts.
struct Accepted {
    operator: Operator,
    description: String,
    text: String,
}

#[derive(Default)]
pub(crate) struct Tally {
    refused: BTreeMap<Operator, usize>,
    accepted: Vec<Accepted>,
    /// Accepted ones that the oracle cannot run.
    not_run: usize,
}

impl Tally {
    pub(crate) fn add(
        &mut self,
        kernel: &Kernel,
        operator: Operator,
        at: usize,
        lines: &[String],
        is_refused: bool,
    ) {
        if is_refused {
            *self.refused.entry(operator).or_default() += 1;
            return;
        }
        let Some(text) = kernel.for_oracle(lines) else {
            self.not_run += 1;
            return;
        };
        let changed = (0..lines.len()).find(|place| kernel.lines[*place] != lines[*place]);
        let changed = changed.unwrap_or(at);
        let description = format!(
            "{operator:?} {}, line {}: `{}` is `{}`",
            kernel.name,
            changed + 1,
            kernel.lines[changed].trim(),
            lines[changed].trim()
        );
        self.accepted.push(Accepted {
            operator,
            description,
            text,
        });
    }

    pub(crate) fn refused(&self, operator: Operator) -> usize {
        self.refused.get(&operator).copied().unwrap_or(0)
    }

    pub(crate) fn mutants(&self) -> usize {
        self.refused.values().sum::<usize>() + self.accepted.len() + self.not_run
    }

    pub(crate) fn accepted_texts(&self) -> Vec<String> {
        self.accepted.iter().map(|it| it.text.clone()).collect()
    }

    /// An accepted mutant, in words.
    pub(crate) fn description(&self, number: usize) -> String {
        self.accepted.get(number).map_or_else(
            || format!("mutant {number}"),
            |it| format!("{}\n{}", it.description, it.text),
        )
    }

    /// Writes all of it down.
    pub(crate) fn write(&self, name: &str) {
        let mut text = format!("{} accepted ones are not run\n", self.not_run);
        for operator in crate::operators::ALL {
            let accepted = self
                .accepted
                .iter()
                .filter(|it| it.operator == operator)
                .count();
            let _ = writeln!(
                text,
                "{operator:?}: {} refused, {accepted} accepted",
                self.refused(operator)
            );
        }
        for it in &self.accepted {
            let _ = writeln!(text, "{}", it.description);
        }
        std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), text).unwrap();
    }
}
