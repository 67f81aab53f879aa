//! How much is proved of what real compilers emit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use wasi_cuda_jit::report::{Proved, Space};
use wasi_cuda_jit::{CompileOptions, Source, report};

/// Parts of the accesses to each memory that are proved at load or at launch, at least, in a hundred.
const AT_LEAST: [(Space, usize); 2] = [(Space::Shared, 95), (Space::Global, 95)];

/// Loops whose rounds a launch bounds, at least, in a hundred.
const BOUNDED: usize = 74;

/// The corpus's files.
pub(crate) fn files() -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/ptx")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() >= 250, "only {} files", files.len());
    files
}

#[test]
fn most_accesses_of_the_corpus_are_proved() {
    // `GUARDED=WORD` lists what is not proved in files whose path has the word.
    let listed = std::env::var("GUARDED").ok();
    let mut loops = (0, 0);
    let mut totals: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for path in files() {
        let text = std::fs::read_to_string(&path).unwrap();
        let found = report(Source::Ptx(&text), &CompileOptions::default()).unwrap();
        for kernel in &found.kernels {
            loops.0 += kernel.loops;
            loops.1 += kernel.bounded_loops;
        }
        for proof in found.kernels.iter().flat_map(|kernel| &kernel.proofs) {
            let place = match proof.proved {
                Proved::AtLoad => 0,
                Proved::AtLaunch => 1,
                _ => 2,
            };
            totals.entry(proof.space.name()).or_default()[place] += 1;
            if place == 2
                && listed
                    .as_ref()
                    .is_some_and(|word| path.to_string_lossy().contains(word))
            {
                let line = text
                    .lines()
                    .nth(proof.span.line as usize - 1)
                    .unwrap_or_default();
                eprintln!("{}:{}: {}", path.display(), proof.span.line, line.trim());
            }
        }
    }
    eprintln!("{} of {} loops are bounded", loops.1, loops.0);
    assert!(100 * loops.1 >= BOUNDED * loops.0, "{loops:?}");
    let part = |[load, launch, guarded]: [usize; 3]| {
        100 * (load + launch) / (load + launch + guarded).max(1)
    };
    for (space, counts) in &totals {
        let [load, launch, guarded] = counts;
        let part = part(*counts);
        eprintln!(
            "{space}: {load} at load, {launch} at launch, {guarded} guarded: {part} % proved"
        );
    }
    for (space, least) in AT_LEAST {
        assert!(part(totals[space.name()]) >= least, "{space}: {totals:?}");
    }
}
