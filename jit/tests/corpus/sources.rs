//! The corpus's files.

use std::path::{Path, PathBuf};
use wasi_cuda_jit::Diagnostic;

/// A file of the corpus.
pub(crate) struct Source {
    path: PathBuf,
    pub(crate) text: String,
}

impl Source {
    /// Its path below the corpus.
    pub(crate) fn name(&self) -> String {
        let below = self.path.strip_prefix(corpus()).unwrap_or(&self.path);
        below.display().to_string()
    }
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// All files that shall be accepted.
pub(crate) fn accepted() -> Vec<Source> {
    let sources = below("ptx");
    assert!(sources.len() >= 250, "only {} files", sources.len());
    sources
}

/// All files that shall be refused.
pub(crate) fn refused() -> Vec<Source> {
    let sources = below("ptx-refused");
    assert!(sources.len() >= 4, "only {} files", sources.len());
    sources
}

fn below(folder: &str) -> Vec<Source> {
    let mut folders = vec![corpus().join(folder)];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "ptx") {
                let text = std::fs::read_to_string(&path).unwrap();
                sources.push(Source { path, text });
            }
        }
    }
    sources.sort_by(|left, right| left.path.cmp(&right.path));
    sources
}

/// Findings, a line each.
pub(crate) fn listed(found: &[Diagnostic]) -> String {
    found
        .iter()
        .map(|diagnostic| format!("{diagnostic}\n"))
        .collect()
}
