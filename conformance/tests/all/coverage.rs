//! Every function of the WIT and every error that its documentation names is covered by a case.
//!
//! The functions and their errors are read from the WIT; what is covered, from the lines
//! `covers <interface>#<function> <case>` that programs print once they have seen it.

use crate::support::{assert_none, on_cpu, wit};
use std::collections::{BTreeMap, BTreeSet};
use wasi_cuda_conformance::{Outcome, cases};
use wit_parser::{Function, Resolve, Type, TypeDefKind};

/// A function and what it returned: `ok` or a case of `error-code`.
type Pair = (String, String);

/// Pairs that no case can cover yet, and why.
const OUT_OF_REACH: [(&str, &[&str], &str); 3] = [
    (
        "module#[static]module.load",
        &["unsupported"],
        "the CPU device compiles every kind of source",
    ),
    (
        "memory#[static]buffer.share",
        &["unsupported", "out-of-memory"],
        "the CPU device shares memory, and has mappings for all that a guest may share",
    ),
    (
        "execution#[method]cuda-stream.read-via-stream",
        &["unsupported"],
        "the CPU device moves streams",
    ),
];

/// What any fallible function may return besides what its documentation names.
const ALWAYS_POSSIBLE: [&str; 1] = ["device-lost"];

#[test]
fn every_function_and_every_error_of_the_wit_is_covered_by_a_case() {
    let resolve = wit::resolve(true);
    let covered = covered();
    let missing: Vec<String> = documented(&resolve)
        .into_iter()
        .filter(|pair| !covered.contains_key(pair) && !is_out_of_reach(pair))
        .map(|(function, error)| format!("{function} {error}"))
        .collect();
    assert_none("no case printed `covers` for", missing);
}

#[test]
fn what_cases_cover_is_documented_in_the_wit() {
    let resolve = wit::resolve(true);
    let documented = documented(&resolve);
    let fallible: BTreeSet<String> = wit::functions(&resolve)
        .filter(|(_, function)| is_fallible(&resolve, function))
        .map(|(name, _)| name)
        .collect();
    let unknown = covered().into_iter().filter(|((function, error), _)| {
        let always = fallible.contains(function) && ALWAYS_POSSIBLE.contains(&error.as_str());
        !always && !documented.contains(&(function.clone(), error.clone()))
    });
    let unknown = unknown.map(|((function, error), case)| format!("{case}: {function} {error}"));
    assert_none("the WIT documents no such function or error", unknown);
}

#[test]
fn device_lost_is_seen_by_every_fallible_function_in_some_case() {
    let resolve = wit::resolve(false);
    let covered = covered();
    let missing = wit::functions(&resolve)
        .filter(|(_, function)| is_fallible(&resolve, function))
        .map(|(name, _)| (name, "device-lost".to_owned()))
        .filter(|pair| !covered.contains_key(pair))
        .map(|(function, _)| function);
    assert_none("no case has seen `device-lost` from", missing);
}

#[test]
fn pairs_out_of_reach_are_documented_and_not_covered() {
    let documented = documented(&wit::resolve(true));
    let covered = covered();
    for (function, errors, _reason) in OUT_OF_REACH {
        for error in errors {
            let pair = (function.to_owned(), (*error).to_owned());
            assert!(documented.contains(&pair), "the WIT does not name {pair:?}");
            assert!(
                !covered.contains_key(&pair),
                "{pair:?} is covered: take it off the list"
            );
        }
    }
}

#[test]
fn every_fallible_function_says_how_it_fails() {
    let resolve = wit::resolve(true);
    let silent = wit::functions(&resolve)
        .filter(|(_, function)| is_fallible(&resolve, function))
        .filter(|(_, function)| named_errors(&resolve, function).is_empty())
        .map(|(name, _)| name);
    assert_none("no paragraph `Errors:` names an error of", silent);
}

#[test]
fn errors_are_read_from_their_paragraph_alone() {
    let resolve = wit::resolve(true);
    let functions: BTreeMap<_, _> = wit::functions(&resolve).collect();
    let read = |name: &str| named_errors(&resolve, functions[name]);
    assert_eq!(
        read("memory#[constructor]buffer"),
        ["invalid-argument", "out-of-memory", "quota-exceeded"]
            .map(str::to_owned)
            .into()
    );
    assert_eq!(read("polling#subscribe"), BTreeSet::new());
    assert!(read("execution#[method]cuda-stream.launch").contains("deadline-exceeded"));
}

fn is_out_of_reach((function, error): &Pair) -> bool {
    OUT_OF_REACH
        .iter()
        .any(|(name, errors, _)| name == function && errors.contains(&error.as_str()))
}

/// Every pair that the WIT names, success included.
fn documented(resolve: &Resolve) -> BTreeSet<Pair> {
    let mut pairs = BTreeSet::new();
    for (name, function) in wit::functions(resolve) {
        pairs.insert((name.clone(), "ok".to_owned()));
        let errors = named_errors(resolve, function);
        pairs.extend(errors.into_iter().map(|error| (name.clone(), error)));
    }
    assert!(pairs.len() > 80, "the WIT names {} pairs", pairs.len());
    pairs
}

/// The cases of `error-code` that the function's paragraph `Errors:` names in backticks.
fn named_errors(resolve: &Resolve, function: &Function) -> BTreeSet<String> {
    let errors = error_cases(resolve);
    let docs = function.docs.contents.as_deref().unwrap_or("");
    let paragraph = docs
        .split("\n\n")
        .find_map(|paragraph| paragraph.trim().strip_prefix("Errors:"))
        .unwrap_or("");
    let quoted = paragraph.split('`').skip(1).step_by(2);
    quoted
        .filter(|word| errors.contains(*word))
        .map(str::to_owned)
        .collect()
}

fn error_cases(resolve: &Resolve) -> BTreeSet<&str> {
    let (_, types) = wit::interfaces(resolve)
        .find(|(name, _)| *name == "types")
        .expect("the interface `types`");
    let TypeDefKind::Variant(variant) = &resolve.types[types.types["error-code"]].kind else {
        panic!("`error-code` is no variant");
    };
    variant
        .cases
        .iter()
        .map(|case| case.name.as_str())
        .collect()
}

/// Whether a function returns a result, at once or in a future.
fn is_fallible(resolve: &Resolve, function: &Function) -> bool {
    function.result.is_some_and(|ty| holds_result(resolve, ty))
}

fn holds_result(resolve: &Resolve, ty: Type) -> bool {
    let Type::Id(id) = ty else {
        return false;
    };
    match &resolve.types[id].kind {
        TypeDefKind::Result(_) => true,
        TypeDefKind::Future(Some(ty)) => holds_result(resolve, *ty),
        TypeDefKind::Tuple(tuple) => tuple.types.iter().any(|ty| holds_result(resolve, *ty)),
        _ => false,
    }
}

/// Every pair that a passing case has covered, with one such case.
fn covered() -> BTreeMap<Pair, &'static str> {
    let mut pairs = BTreeMap::new();
    for case in cases() {
        let result = on_cpu::result_of(case.name());
        if result.outcome != Outcome::Passed {
            continue;
        }
        for line in result.stdout.lines() {
            let Some(rest) = line.strip_prefix("covers ") else {
                continue;
            };
            let (function, error) = rest
                .split_once(' ')
                .unwrap_or_else(|| panic!("{}: `{line}` names no error", case.name()));
            pairs.insert((function.to_owned(), error.to_owned()), case.name());
        }
    }
    pairs
}
