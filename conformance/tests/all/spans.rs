//! Every function of the WIT has a span of its name in the host.

use crate::support::{assert_none, repository, wit};
use std::fs;
use std::path::Path;

/// The name of a span: a function's own, with its resource's before it.
fn span(function: &str) -> String {
    let name = function.split_once('#').map_or(function, |(_, name)| name);
    match name.strip_prefix("[constructor]") {
        Some(resource) => format!("{resource}.new"),
        None => name.split(']').next_back().unwrap_or(name).to_owned(),
    }
}

fn text_of(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let paths = entries.map(|entry| entry.expect("an entry of a readable folder").path());
    let texts = paths
        .filter(|path| !path.ends_with("tests.rs"))
        .map(|path| {
            if path.is_dir() {
                text_of(&path)
            } else {
                fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
            }
        });
    texts.collect()
}

#[test]
fn every_function_of_the_wit_has_a_span_of_its_name() {
    let text = text_of(&repository().join("host/src/impls"));
    // Lines are broken as rustfmt likes.
    let text: String = text.split_whitespace().collect();
    let is_made = |name: &str| {
        let by_attribute = format!("#[instrument(name=\"{name}\",");
        let by_hand = format!("call_span!(\"{name}\",");
        text.contains(&by_attribute) || text.contains(&by_hand)
    };
    let resolve = wit::resolve(true);
    let names = wit::functions(&resolve).map(|(name, _)| span(&name));
    let missing = names.filter(|name| !is_made(name));
    assert_none("no span is called", missing);
}

#[test]
fn spans_are_called_like_functions() {
    let cases = [
        ("execution#[method]cuda-stream.launch", "cuda-stream.launch"),
        ("module#[static]module.load", "module.load"),
        ("memory#[constructor]buffer", "buffer.new"),
        ("execution#time-remaining", "time-remaining"),
    ];
    for (function, name) in cases {
        assert_eq!(span(function), name);
    }
}
