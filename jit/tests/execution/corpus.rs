//! The corpus's files, compiled, and the kernels in them.

use crate::device::{Failure, Workers, run};
use crate::launch::Launch;
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use wasi_cuda_jit::cpu::{FaultKind, Module};
use wasi_cuda_jit::proof::Proof;
use wasi_cuda_jit::{CompileOptions, Source, compile_proved, compile_ptx};

/// What tries one kernel of the corpus: the file and the kernel as in `kernels.txt`, and the cases.
pub(crate) type Row = (&'static str, &'static str, fn(&Subject));

/// Failures that are shown.
const MESSAGES: usize = 40;

/// One kernel, as every compiler wrote it.
pub(crate) struct Subject {
    pub(crate) kernel: &'static str,
    compiled: Vec<Compiled>,
    launches: Cell<usize>,
    /// Launches without the guards that a proof stands in for.
    proved: Cell<usize>,
    failures: RefCell<Vec<String>>,
}

struct Compiled {
    /// The compiler and target.
    label: String,
    mode: Mode,
    module: Module,
    /// By kernel, what stands in for the guards that it has not.
    proofs: Vec<Proof>,
}

/// How a file is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Unchecked,
    Checked,
    /// Without the guards that a proof stands in for.
    Proved,
}

/// What is in a folder, by name.
fn entries(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).expect("the corpus can be read");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("the corpus can be read").path())
        .collect();
    paths.sort();
    paths
}

/// The folders of the corpus, `COMPILER/TARGET`.
fn folders() -> Vec<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/ptx");
    entries(&corpus)
        .iter()
        .flat_map(|path| entries(path))
        .collect()
}

/// The language of what lies in a folder.
fn language(label: &str) -> &'static str {
    match label.split('-').next() {
        Some("rustc") => "rust",
        Some("triton") => "triton",
        _ => "cuda",
    }
}

/// The folder's compiler and target.
fn label(folder: &Path) -> String {
    let names = folder
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    let names: Vec<_> = names.collect();
    names[names.len().saturating_sub(2)..].join("/")
}

/// Every kernel that some file has, with the file's name as in `kernels.txt`.
pub(crate) fn written_kernels() -> Vec<(String, String)> {
    let mut kernels = Vec::new();
    for folder in folders() {
        for path in entries(&folder) {
            let text = std::fs::read_to_string(&path).expect("the file can be read");
            let name = path
                .file_stem()
                .expect("files have names")
                .to_string_lossy();
            let file = format!("{}/{name}", language(&label(&folder)));
            let entries = text.split(".visible .entry ").skip(1);
            kernels.extend(entries.map(|entry| {
                let name = entry.split(['(', '\n']).next().unwrap_or("");
                (file.clone(), name.trim().to_owned())
            }));
        }
    }
    kernels
}

/// A file of the corpus, from every compiler of its language, in both modes.
struct File {
    name: &'static str,
    compiled: Vec<(String, Mode, Module, Vec<Proof>)>,
    failures: Vec<String>,
}

fn compile(file: &'static str) -> File {
    let (language, name) = file.split_once('/').expect("a language and a name");
    let mut found = File {
        name: file,
        compiled: Vec::new(),
        failures: Vec::new(),
    };
    for folder in folders() {
        let label = label(&folder);
        let path = folder.join(name).with_extension("ptx");
        if self::language(&label) != language || !path.exists() {
            continue;
        }
        let text = std::fs::read_to_string(path).expect("the file can be read");
        for mode in [Mode::Unchecked, Mode::Checked, Mode::Proved] {
            let options = CompileOptions {
                checked: mode == Mode::Checked,
                ..CompileOptions::default()
            };
            let compiled = match mode {
                Mode::Proved => compile_proved(Source::Ptx(&text), &options),
                _ => compile_ptx(&text, &options).map(|module| (module, Vec::new())),
            };
            match compiled {
                Ok((module, proofs)) => {
                    found.compiled.push((label.clone(), mode, module, proofs));
                }
                Err(findings) => found.failures.push(format!(
                    "{file} of {label} is refused: {}",
                    findings
                        .iter()
                        .map(|finding| finding.to_string() + "; ")
                        .collect::<String>()
                )),
            }
        }
    }
    found
}

/// Tries all kernels of a table.
pub(crate) fn try_all(table: &[Row]) {
    let (mut launches, mut proved, mut failures) = (0, 0, Vec::new());
    let mut file: Option<File> = None;
    for (name, kernel, cases) in table {
        if file.as_ref().is_none_or(|file| file.name != *name) {
            let compiled = compile(name);
            failures.extend(compiled.failures.iter().cloned());
            file = Some(compiled);
        }
        let compiled = file.iter().flat_map(|file| &file.compiled);
        let compiled = compiled.filter(|(_, _, module, _)| module.kernel(kernel).is_some());
        let subject = Subject {
            kernel,
            compiled: compiled
                .map(|(label, mode, module, proofs)| Compiled {
                    label: label.clone(),
                    mode: *mode,
                    module: module.clone(),
                    proofs: proofs.clone(),
                })
                .collect(),
            launches: Cell::new(0),
            proved: Cell::new(0),
            failures: RefCell::default(),
        };
        cases(&subject);
        if subject.launches.get() == 0 {
            failures.push(format!("{name} has no {kernel}"));
        }
        launches += subject.launches.get();
        proved += subject.proved.get();
        failures.extend(
            subject
                .failures
                .take()
                .into_iter()
                .map(|failure| format!("{name} {failure}")),
        );
    }
    eprintln!(
        "{} kernels in {launches} launches, {proved} of them proved",
        table.len()
    );
    // A third of them asks for a proof, and hardly any proof fails of launches that people do.
    assert!(4 * proved >= launches, "few launches are proved");
    let first = &failures[..failures.len().min(MESSAGES)];
    assert!(
        first.is_empty(),
        "{} failures, of which the first are\n{}",
        failures.len(),
        first.join("\n")
    );
}

impl Subject {
    /// A kernel of a text that is no file of the corpus.
    pub(crate) fn of_text(kernel: &'static str, text: &str) -> Self {
        let compiled = [false, true].map(|checked| {
            let options = CompileOptions {
                checked,
                ..CompileOptions::default()
            };
            let module = compile_ptx(text, &options);
            Compiled {
                label: "a text".to_owned(),
                mode: if checked {
                    Mode::Checked
                } else {
                    Mode::Unchecked
                },
                proofs: Vec::new(),
                module: module.unwrap_or_else(|findings| panic!("refused: {findings:?}\n{text}")),
            }
        });
        Self {
            kernel,
            compiled: compiled.into(),
            launches: Cell::new(0),
            proved: Cell::new(0),
            failures: RefCell::default(),
        }
    }

    /// What was wrong since this was last asked.
    pub(crate) fn failures(&self) -> Vec<String> {
        self.failures.take()
    }

    /// Runs the kernel as every compiler wrote it, and checks what it leaves.
    pub(crate) fn check(&self, launch: Launch) {
        self.each(&launch, |_, outcome| match outcome {
            Ok(()) => None,
            Err(Failure::Wrong(message)) => Some(message),
            Err(Failure::Fault(fault)) => Some(format!("{fault:?}")),
            Err(Failure::Unproved) => None,
        });
    }

    /// Runs the kernel, which must fault.
    pub(crate) fn faults(&self, launch: Launch, kind: FaultKind) {
        self.each(&launch, |_, outcome| match outcome {
            Err(Failure::Fault(fault)) if fault.kind == kind => None,
            outcome => Some(format!("{outcome:?} instead of a fault")),
        });
    }

    fn each(&self, launch: &Launch, wrong: impl Fn(&str, Result<(), Failure>) -> Option<String>) {
        let has_blocks = launch.grid.iter().any(|extent| *extent > 1);
        let workers: &[Workers] = if has_blocks && !launch.in_order {
            &[Workers::One, Workers::Two]
        } else {
            &[Workers::One]
        };
        for compiled in &self.compiled {
            let (label, module) = (&compiled.label, &compiled.module);
            let kernel = module.kernel(self.kernel).expect("the kernel is there");
            let place = module
                .kernels()
                .iter()
                .position(|other| other.signature().name == self.kernel);
            let proof = place.and_then(|place| compiled.proofs.get(place));
            for workers in workers {
                let outcome = run(
                    module,
                    &kernel,
                    launch,
                    label.ends_with("-fast"),
                    *workers,
                    proof,
                );
                if matches!(outcome, Err(Failure::Unproved)) {
                    continue;
                }
                self.launches.set(self.launches.get() + 1);
                self.proved
                    .set(self.proved.get() + usize::from(proof.is_some()));
                if let Some(message) = wrong(label, outcome) {
                    let mode = match compiled.mode {
                        Mode::Unchecked => "unchecked",
                        Mode::Checked => "checked",
                        Mode::Proved => "proved",
                    };
                    let (grid, block) = (launch.grid, launch.block);
                    self.failures.borrow_mut().push(format!(
                        "{} of {label}, {mode}, grid {grid:?} of {block:?}, workers: {workers:?}: {message}",
                        self.kernel
                    ));
                }
            }
        }
    }
}

/// Numbers of elements and threads a block: none, one, whole blocks, parts of a block, and blocks that are no whole warps.
pub(crate) const SIZES: [(usize, usize); 7] = [
    (0, 32),
    (1, 64),
    (64, 32),
    (100, 64),
    (50, 7),
    (75, 12),
    (130, 40),
];
