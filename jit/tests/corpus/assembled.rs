//! Every print is something that the vendor's own assembler takes.
//!
//! By default each file is assembled for the lowest of [`TARGETS`] that it can be assembled for, and every few for the others, too.
//! `CORPUS_TARGETS=all cargo test -p wasi-cuda-jit --test corpus` assembles all for all.

use crate::ptxas;
use crate::sources::{Source, accepted, refused};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasi_cuda_jit::{CompileOptions, back, front, ir, sandboxed_ptx};

/// The targets that output is assembled for.
const TARGETS: [&str; 4] = ["sm_75", "sm_80", "sm_90", "sm_90a"];

/// One of so many files is assembled for all of its targets by default.
const SAMPLE: usize = 8;

/// A text to assemble.
struct Job {
    file: String,
    kind: &'static str,
    target: &'static str,
    text: String,
}

/// Texts, each of them once.
#[derive(Default)]
struct Jobs {
    jobs: Vec<Job>,
    seen: HashSet<(&'static str, String)>,
}

impl Jobs {
    fn add(&mut self, file: &str, kind: &'static str, targets: &[&'static str], text: &str) {
        for target in targets {
            if self.seen.insert((target, text.to_owned())) {
                self.jobs.push(Job {
                    file: file.to_owned(),
                    kind,
                    target,
                    text: text.to_owned(),
                });
            }
        }
    }
}

/// The targets that code for the module's own can be assembled for: what an `a` target has, no other does.
fn targets_of(module: &ir::Module) -> Vec<&'static str> {
    let number = |target: &str| {
        target
            .trim_start_matches("sm_")
            .trim_end_matches('a')
            .parse::<u32>()
    };
    let own = module.target_name.as_str();
    let fits = |target: &&&str| {
        if own.ends_with('a') {
            **target == own
        } else {
            number(target).unwrap() >= module.target
        }
    };
    TARGETS.iter().filter(fits).copied().collect()
}

fn jobs(everything: bool) -> Vec<Job> {
    let mut jobs = Jobs::default();
    for (index, source) in accepted().iter().enumerate() {
        let module = front::ptx::parse(&source.text).unwrap();
        let mut targets = targets_of(&module);
        if !everything && index % SAMPLE != 0 {
            targets.truncate(1);
        }
        jobs.add(
            &source.name(),
            "plain",
            &targets,
            &back::ptx::print(&module),
        );
        for (kind, checked) in [("guarded", false), ("checked", true)] {
            let text = sandboxed(source, checked);
            jobs.add(&source.name(), kind, &targets, &text);
        }
    }
    for source in refused() {
        let module = front::ptx::parse(&source.text).unwrap();
        let text = back::ptx::print(&module);
        jobs.add(&source.name(), "plain", &targets_of(&module), &text);
    }
    jobs.jobs
}

fn sandboxed(source: &Source, checked: bool) -> String {
    let options = CompileOptions {
        checked,
        ..CompileOptions::default()
    };
    sandboxed_ptx(&source.text, &options).unwrap()
}

#[test]
fn the_vendors_assembler_takes_every_print_plain_and_guarded() {
    let Some(ptxas) = ptxas::find() else {
        eprintln!("{}", ptxas::MISSING);
        return;
    };
    let everything = std::env::var_os("CORPUS_TARGETS").is_some_and(|value| value == "all");
    let jobs = jobs(everything);
    let folder = std::env::temp_dir().join(format!("wasi-cuda-jit-corpus-{}", std::process::id()));
    let failures = assemble_all(&ptxas, &folder, &jobs);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    eprintln!("{} assembled {} texts", ptxas.display(), jobs.len());
}

/// What could not be assembled, and why. As many run at once as there are processors.
fn assemble_all(ptxas: &Path, folder: &Path, jobs: &[Job]) -> Vec<String> {
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = |worker: usize| {
        let folder = folder.join(worker.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(log) = ptxas::assemble(ptxas, &folder, job.target, &job.text) {
                let (file, kind, target) = (&job.file, job.kind, job.target);
                let failure = format!(
                    "{file} ({kind}, {target}):\n{log}{}",
                    lines_named(&log, &job.text)
                );
                failures.lock().unwrap().push(failure);
            }
        }
    };
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let work = &work;
            scope.spawn(move || work(worker));
        }
    });
    failures.into_inner().unwrap()
}

/// The first lines that the assembler complains about.
fn lines_named(log: &str, text: &str) -> String {
    let numbers = log.split("line ").skip(1).filter_map(|rest| {
        let digits = rest
            .split(|character: char| !character.is_ascii_digit())
            .next()?;
        digits.parse::<usize>().ok()
    });
    let lines = numbers.filter_map(|number| text.lines().nth(number.checked_sub(1)?));
    lines.take(3).map(|line| format!("    {line}\n")).collect()
}
