//! What a case says against what is observed.

use super::annotation::{Annotation, Kind};
use super::case::Case;
use super::launches::End;
use super::observe::Observed;

/// Everything in which they differ, each with its place.
pub(crate) fn differences(case: &Case, observed: &Observed) -> Vec<String> {
    let mut found = Vec::new();
    annotations(case, observed, &mut found);
    for (index, end) in observed.ends.iter().enumerate() {
        run(case, index, end, &mut found);
    }
    for print in &case.prints {
        let expected = case.expected.prints.get(print);
        let printed = &observed.prints[print];
        // Blanks at the end of a line are not kept in a case.
        let printed = printed.lines().map(str::trim_end);
        let same = expected.is_some_and(|text| text.lines().map(str::trim_end).eq(printed.clone()));
        if !same {
            let printed: Vec<&str> = printed.collect();
            found.push(format!(
                "the {} print is another:\n{}",
                print.name(),
                printed.join("\n")
            ));
        }
    }
    for print in case
        .expected
        .prints
        .keys()
        .filter(|print| !case.prints.contains(print))
    {
        found.push(format!(
            "it has a {0} print but no `// print: {0}`",
            print.name()
        ));
    }
    found
}

fn annotations(case: &Case, observed: &Observed, found: &mut Vec<String>) {
    let told = |it: &Annotation| match it.place.line() {
        Some(line) => format!("line {line}: {it}"),
        None => format!("behind the last line: {it}"),
    };
    let mut expected = case.expected.annotations.clone();
    for given in &observed.annotations {
        match expected.iter().position(|it| it == given) {
            Some(at) => drop(expected.swap_remove(at)),
            None => found.push(format!("not expected: {}", told(given))),
        }
    }
    found.extend(
        expected
            .iter()
            .map(|it| format!("did not come: {}", told(it))),
    );
}

fn run(case: &Case, index: usize, end: &End, found: &mut Vec<String>) {
    let (run, outputs) = (&case.runs[index], &case.expected.outputs[index]);
    let line = run.line;
    let contents = match end {
        End::Completed(contents) if run.stop.is_none() => contents,
        End::Stopped | End::Faulted(..) if outputs.is_empty() => return,
        End::Completed(_) => {
            return found.push(format!("line {line}: the run ends before it is stopped"));
        }
        _ => {
            return found.push(format!(
                "line {line}: {}, so that there is no `out:`",
                end.told()
            ));
        }
    };
    let faults = case
        .expected
        .annotations
        .iter()
        .any(|it| it.kind == Kind::Fault(index + 1));
    if outputs.is_empty() && !faults {
        found.push(format!(
            "line {line}: nothing is expected of the run: add an `// out:`"
        ));
    }
    for (name, expected) in outputs {
        let given = contents.iter().find(|(its, _)| its == name);
        match given {
            Some((_, given)) if given.element != expected.element => {
                found.push(format!(
                    "line {line}: `{name}` has another type in its `in:`"
                ));
            }
            Some((_, given)) if !given.agree(expected) => found.push(format!(
                "line {line}: {name} is {}\n    not the expected {}",
                given.spelt(),
                expected.spelt()
            )),
            Some(_) => {}
            None => found.push(format!("line {line}: `{name}` is no buffer of the run")),
        }
    }
}
