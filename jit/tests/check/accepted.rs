//! What the compiler prints is proved.

use super::sources;
use std::path::{Path, PathBuf};
use wasi_cuda_jit::report::{Accesses, Space};
use wasi_cuda_jit::{CompileOptions, Source, check, report, sandboxed_ptx};

const MODES: [bool; 2] = [false, true];

fn options(checked: bool) -> CompileOptions {
    CompileOptions {
        checked,
        ..CompileOptions::default()
    }
}

/// Every case of the file tests, in the order of their paths.
fn filetests() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("filetests");
    let areas = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let areas = areas.filter(|path| path.is_dir());
    let files = areas.flat_map(|area| std::fs::read_dir(area).unwrap());
    let mut cases: Vec<_> = files
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
        .collect();
    cases.sort();
    cases
}

#[test]
fn every_file_of_the_corpus_is_proved_in_both_modes() {
    for source in sources::accepted() {
        for checked in MODES {
            let printed = sandboxed_ptx(&source.text, &options(checked));
            let printed = printed
                .unwrap_or_else(|found| panic!("{}:\n{}", source.name(), sources::listed(&found)));
            let kernels = check(&printed).unwrap().kernels;
            assert!(!kernels.is_empty(), "{} has no kernel", source.name());
        }
    }
}

#[test]
fn every_accepted_case_of_the_file_tests_is_proved_in_both_modes() {
    let mut proved = 0;
    for (path, text) in filetests() {
        if !text.contains("// test: accept") {
            continue;
        }
        for checked in MODES {
            let printed = sandboxed_ptx(&text, &options(checked));
            let printed =
                printed.unwrap_or_else(|found| panic!("{path:?}:\n{}", sources::listed(&found)));
            check(&printed).unwrap();
            proved += 1;
        }
    }
    assert!(proved > 150, "only {proved} prints");
}

/// An access is never left out: there are as many as the compiler's own report counts.
#[test]
fn it_sees_every_access_that_the_passes_saw() {
    // Nothing reaches what stands behind a trap, and nothing is said of it.
    let sources = sources::accepted();
    let sources = sources
        .iter()
        .filter(|source| !source.text.contains("trap;"));
    for source in sources.step_by(7) {
        let printed = sandboxed_ptx(&source.text, &options(false)).unwrap();
        let report = report(Source::Ptx(&source.text), &options(false)).unwrap();
        for (kernel, reported) in check(&printed).unwrap().kernels.iter().zip(&report.kernels) {
            let in_memory = |it: &&Accesses| it.space != Space::Parameter;
            let accesses: usize = reported
                .accesses
                .iter()
                .filter(in_memory)
                .map(|it| it.count)
                .sum();
            assert!(
                kernel.guarded + kernel.constant >= accesses,
                "{}: {kernel:?} of {accesses} accesses",
                source.name()
            );
        }
    }
}
