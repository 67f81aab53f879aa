//! The oracle: runs mutants on the CPU device without guards and with hostile arguments, between pages where nothing is.

pub(crate) mod child;
mod places;
mod rewrite;

use std::path::{Path, PathBuf};
use std::process::Command;

/// Tells the process that runs the mutants where they are.
pub(crate) const FOLDER: &str = "MUTANTS_TO_RUN";

/// What became of the mutants.
pub(crate) struct Verdict {
    /// How many were run to their end.
    pub(crate) ran: usize,
    /// Those that the front end takes for no kernel, and so would a driver's compiler.
    pub(crate) no_kernels: usize,
    /// The first that reached for what is not its own, and how.
    pub(crate) escape: Option<(usize, String)>,
}

/// Runs mutants, in a process of their own, until one escapes.
pub(crate) fn judge(name: &str, mutants: &[String]) -> Verdict {
    let folder = empty_folder(name);
    for (number, text) in mutants.iter().enumerate() {
        std::fs::write(folder.join(format!("{number}.ptx")), text).unwrap();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "the_process_that_runs_mutants",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, &folder)
        .output()
        .unwrap();
    let read = |name: String| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let notes: Vec<String> = (0..mutants.len())
        .map(|number| read(format!("{number}.note")))
        .collect();
    let count = |wanted: &str| notes.iter().filter(|note| *note == wanted).count();
    let current = read("current".to_owned());
    let escape = match (output.status.code(), current.as_str()) {
        (Some(0), "done") => None,
        (code, at) => {
            let how = match code {
                Some(child::MISALIGNED_EXIT) => "a misaligned access".to_owned(),
                Some(child::ENDLESS_EXIT) => "it does not end".to_owned(),
                Some(code) => format!("exit {code}: {}", String::from_utf8_lossy(&output.stderr)),
                None => format!("an access where nothing is ({})", output.status),
            };
            Some((at.parse().unwrap_or(usize::MAX), how))
        }
    };
    Verdict {
        ran: count("ran"),
        no_kernels: count("no kernel"),
        escape,
    }
}

fn empty_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
