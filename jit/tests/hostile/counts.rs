//! There are as many cases as are promised, in every row.

use super::{TOPICS, area, folder};
use crate::case::Intent;
use std::collections::BTreeSet;
use std::path::Path;

/// Kernels of all topics.
const LEAST: usize = 150;
/// Kernels of each.
const LEAST_OF_A_TOPIC: usize = 5;

/// The kernels of a case: those that are run, or those that are refused.
fn kernels(path: &Path) -> BTreeSet<String> {
    let case = area::read(path).unwrap();
    let declared = case.text.lines().filter_map(|line| {
        let (_, rest) = line.split_once(".entry ")?;
        rest.split(['(', ' ']).next().map(str::to_owned)
    });
    let declared: BTreeSet<String> = declared.collect();
    let name = path.display();
    assert!(!declared.is_empty(), "{name} has no kernel");
    if case.intent == Intent::Accept {
        let run: BTreeSet<String> = case.runs.iter().map(|run| run.kernel.clone()).collect();
        assert_eq!(run, declared, "{name}: not every kernel is run");
    } else {
        let found = case.expected.annotations.len();
        assert!(
            found >= declared.len(),
            "{name}: not every kernel is refused"
        );
    }
    declared
}

#[test]
fn every_row_of_the_table_has_cases() {
    if std::env::var_os("FILETEST").is_some() {
        // Some cases alone are asked for; how many there are is no question then.
        return;
    }
    let mut all = 0;
    for topic in TOPICS {
        let paths = area::paths(&folder().join(topic));
        let count: usize = paths.iter().map(|path| kernels(path).len()).sum();
        println!("{topic}: {count} kernels in {} cases", paths.len());
        assert!(count >= LEAST_OF_A_TOPIC, "{topic}: {count} kernels");
        all += count;
    }
    println!("{all} kernels");
    assert!(all >= LEAST, "{all} kernels");
}

#[test]
fn the_readme_names_every_case_in_its_row() {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    for topic in TOPICS {
        let row = readme
            .lines()
            .find(|line| line.contains(&format!("[`{topic}`]({topic})")))
            .unwrap_or_else(|| panic!("the README has no row with [`{topic}`]({topic})"));
        let named: BTreeSet<&str> = row.split('`').skip(1).step_by(2).collect();
        let paths = area::paths(&folder().join(topic));
        let stems: BTreeSet<&str> = paths
            .iter()
            .filter_map(|path| path.file_stem()?.to_str())
            .collect();
        let missing: Vec<_> = stems.difference(&named).collect();
        assert!(
            missing.is_empty(),
            "the README's row {topic} lacks {missing:?}"
        );
        if std::env::var_os("FILETEST").is_none() {
            let gone: Vec<_> = named
                .difference(&stems)
                .filter(|name| *name != topic)
                .collect();
            assert!(
                gone.is_empty(),
                "the README's row {topic} has more: {gone:?}"
            );
        }
    }
}

#[test]
fn every_folder_is_a_topic_that_is_tested() {
    let mut folders = area::folders(&folder());
    folders.retain(|folder| folder != "cuda");
    assert_eq!(folders, TOPICS);
}
