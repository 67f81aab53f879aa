//! The kernels that are mutated: each of the corpus, printed for a driver, as a module of its own.

use super::sources;
use std::collections::BTreeSet;
use wasi_cuda_jit::{Checked, CompileOptions, check, sandboxed_ptx};

/// A printed module of one kernel, as lines.
pub(crate) struct Kernel {
    /// The file that it is from, and its place there.
    pub(crate) name: String,
    pub(crate) lines: Vec<String>,
    /// What the proof asks of a launch.
    needs: Checked,
}

impl Kernel {
    /// Whether a damaged one is proved, and asks no more of a launch than this one does.
    pub(crate) fn is_proved(&self, text: &str) -> bool {
        check(text).is_ok_and(|found| {
            let kernels = found.kernels.iter().zip(&self.needs.kernels);
            found.variable_bytes <= self.needs.variable_bytes
                && kernels
                    .into_iter()
                    .all(|(found, needs)| found.shared_bytes <= needs.shared_bytes)
        })
    }
}

pub(crate) fn joined(lines: &[String]) -> String {
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// Lines that a kernel may have: checking thousands of mutants of longer ones would take most of the time.
const LONGEST: usize = 2500;

/// Every kernel of the corpus that is not too long, those that differ in no line taken once.
pub(crate) fn all(checked: bool) -> Vec<Kernel> {
    let options = CompileOptions {
        checked,
        ..CompileOptions::default()
    };
    let mut seen = BTreeSet::new();
    let mut kernels = Vec::new();
    for source in sources::accepted() {
        let printed = sandboxed_ptx(&source.text, &options).unwrap();
        let mut parts = printed.split("\n\n");
        let head = parts.next().unwrap();
        for (number, body) in parts.enumerate() {
            let body = body.replacen(&format!("kernel{number}("), "kernel0(", 1);
            let is_new = seen.insert(body.clone());
            let lines: Vec<String> = head
                .lines()
                .chain([""])
                .chain(body.lines())
                .map(str::to_owned)
                .collect();
            if is_new && lines.len() <= LONGEST {
                let name = format!("{} kernel {number}", source.name());
                let needs = check(&joined(&lines));
                kernels.push(Kernel {
                    needs: needs.unwrap_or_else(|refusal| panic!("{name}: {refusal}")),
                    name,
                    lines,
                });
            }
        }
    }
    kernels
}
