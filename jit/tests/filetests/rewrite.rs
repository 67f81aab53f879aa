//! A case's text with the expectations that are observed.

use super::annotation::{Annotation, MARK, stripped};
use super::case::{Case, Input, OUT, PRINT_HEAD, PRINT_LINE};
use super::launches::End;
use super::observe::Observed;
use super::values::Values;
use std::fmt::Write as _;

/// How the lines of a run begin that follow its first.
const OF_A_RUN: [&str; 2] = ["// in:", OUT];
/// How lines begin that are written anew.
const OBSERVED: [&str; 4] = [OUT, MARK, PRINT_HEAD, PRINT_LINE];

pub(crate) fn rewritten(case: &Case, observed: &Observed) -> String {
    let mut text = String::new();
    let mut current = None;
    for (line, number) in case.text.lines().zip(1..) {
        if !begins_with(line, &OF_A_RUN) {
            write_outputs(&mut text, case, observed, current);
            current = case.runs.iter().position(|run| run.line == number);
        }
        if begins_with(line, &OBSERVED) {
            continue;
        }
        text.push_str(stripped(line));
        let here = |it: &&Annotation| it.place.line().is_some_and(|line| line as usize == number);
        for annotation in observed.annotations.iter().filter(here) {
            let _ = write!(text, " {annotation}");
        }
        text.push('\n');
    }
    write_outputs(&mut text, case, observed, current);
    text.truncate(text.trim_end().len());
    text.push('\n');
    write_end(&mut text, observed);
    text
}

fn begins_with(line: &str, beginnings: &[&str]) -> bool {
    beginnings
        .iter()
        .any(|beginning| line.starts_with(beginning))
}

fn write_outputs(text: &mut String, case: &Case, observed: &Observed, run: Option<usize>) {
    let Some(run) = run else { return };
    let Some(End::Completed(contents)) = observed.ends.get(run) else {
        return;
    };
    for (name, values) in contents
        .iter()
        .filter(|(name, _)| is_told(case, run, name, contents))
    {
        let _ = writeln!(text, "{OUT} {name} = {}", values.spelt());
    }
}

/// Whether a buffer is one whose contents a case tells: those that it names; else those that are changed.
fn is_told(case: &Case, run: usize, name: &str, contents: &[(String, Values)]) -> bool {
    let named = &case.expected.outputs[run];
    if !named.is_empty() {
        return named.iter().any(|(its, _)| its == name);
    }
    let after = contents.iter().find(|(its, _)| its == name);
    let before = case.runs[run].inputs.iter().find(|(its, _)| its == name);
    match (before, after) {
        (Some((_, Input::Buffer(before))), Some((_, after))) => !before.agree(after),
        _ => false,
    }
}

fn write_end(text: &mut String, observed: &Observed) {
    let behind: Vec<&Annotation> = observed
        .annotations
        .iter()
        .filter(|it| it.place.line().is_none())
        .collect();
    if !behind.is_empty() {
        text.push('\n');
    }
    for annotation in behind {
        let _ = writeln!(text, "{annotation}");
    }
    for (print, printed) in &observed.prints {
        let _ = writeln!(text, "\n{PRINT_HEAD}{}", print.name());
        for line in printed.lines() {
            let _ = writeln!(text, "{}", format!("{PRINT_LINE} {line}").trim_end());
        }
    }
}
