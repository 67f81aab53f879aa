//! Which lines of a printed kernel are guards.

use crate::operators::is_access;
use std::collections::HashMap;

/// Where a kernel's lines lead.
pub(crate) struct Ways {
    /// By line, where the next one is.
    next: Vec<Vec<usize>>,
    /// Lines from which an access can be reached, and those from which a fault at an address can be.
    accesses: Vec<bool>,
    faults: Vec<bool>,
}

impl Ways {
    pub(crate) fn of(lines: &[String]) -> Self {
        let labels: HashMap<&str, usize> = lines
            .iter()
            .enumerate()
            .filter_map(|(at, line)| Some((line.strip_suffix(':')?, at)))
            .collect();
        let next: Vec<Vec<usize>> = (0..lines.len())
            .map(|at| next(lines, at, &labels))
            .collect();
        let is_fault =
            |at: usize| lines[at] == "\tbra $fault;" && !lines[at - 1].ends_with("%address, 0;");
        Self {
            accesses: leading_to(&next, |at| is_access(&lines[at])),
            faults: leading_to(&next, is_fault),
            next,
        }
    }

    /// Whether a line is a branch away from accesses, to what records a fault at an address.
    pub(crate) fn is_guard(&self, lines: &[String], at: usize) -> bool {
        let (Some([then, otherwise]), true) = (
            self.next
                .get(at)
                .and_then(|it| <[usize; 2]>::try_from(it.as_slice()).ok()),
            lines[at].starts_with("\t@"),
        ) else {
            return false;
        };
        !self.accesses[then] && self.faults[then] && self.accesses[otherwise]
    }

    /// The accesses that a guard is for: those behind it, and behind guards that follow it, up to the next branch.
    pub(crate) fn accesses_behind(&self, lines: &[String], guard: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let mut at = guard + 1;
        for _ in 0..lines.len() {
            if is_access(&lines[at]) {
                found.push(at);
            }
            let is_guard = self.is_guard(lines, at);
            at = match self.next[at].as_slice() {
                [next] => *next,
                [_, otherwise] if is_guard && found.is_empty() => *otherwise,
                _ => break,
            };
        }
        found
    }
}

fn next(lines: &[String], at: usize, labels: &HashMap<&str, usize>) -> Vec<usize> {
    let label = |name: &str| labels.get(name.trim_end_matches(';')).copied();
    let line = lines[at].as_str();
    let following = (at + 1 < lines.len()).then_some(at + 1);
    if line == "\tret;" || line == "}" || line.starts_with("\tbra $fault") {
        return Vec::new();
    }
    if let Some(target) = line.strip_prefix("\tbra ") {
        return label(target).into_iter().collect();
    }
    if line.starts_with("\tbrx.idx") {
        let list = lines[at - 1].split(".branchtargets ").nth(1).unwrap_or("");
        return list.split(", ").filter_map(label).collect();
    }
    match line
        .strip_prefix("\t@")
        .and_then(|rest| rest.split(" bra ").nth(1))
    {
        Some(target) => label(target).into_iter().chain(following).collect(),
        None => following.into_iter().collect(),
    }
}

/// Lines from which one that is wanted can be reached.
fn leading_to(next: &[Vec<usize>], is_wanted: impl Fn(usize) -> bool) -> Vec<bool> {
    let mut before = vec![Vec::new(); next.len()];
    for (at, targets) in next.iter().enumerate() {
        for target in targets {
            before[*target].push(at);
        }
    }
    let mut leads = vec![false; next.len()];
    let mut open: Vec<usize> = (0..next.len()).filter(|at| is_wanted(*at)).collect();
    while let Some(at) = open.pop() {
        if !std::mem::replace(&mut leads[at], true) {
            open.extend(&before[at]);
        }
    }
    leads
}
