//! Cases of `jit/filetests`, hostile ones above all, on the GPU: each must end as it does on the CPU device, touch nothing of its
//! neighbours, and leave the process able to run the next kernel.

use crate::annotation::{Kind, Place};
use crate::arguments::Arguments;
use crate::case::{Case, Intent, Run};
use crate::driver::Gpu;
use crate::guest::{Ended, Guest, Hung, Loaded, Request};
use crate::healthy::Healthy;
use crate::values::Values;
use anyhow::{Context as _, Result, bail, ensure};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use wasi_cuda_jit::back::ptx::MAX_BLOCKS;
use wasi_cuda_jit::cpu::{Fault, FaultKind};
use wasi_cuda_jit::{CompileOptions, Diagnostic, guarded_ptx};

/// How the process ends that cannot end a kernel.
const HUNG: i32 = 3;

/// How often every case is run, in one process.
const ROUNDS: usize = 3;

/// A case, and its modules in plain and in checked mode.
struct Prepared {
    name: String,
    case: Case,
    modules: Result<[Option<Loaded>; 2], String>,
}

/// What became of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Completed,
    Faulted,
    Stopped,
    /// The compiler refused it, as it shall.
    Refused,
    /// Its grid has more blocks than a launch on a GPU may have.
    TooManyBlocks,
    /// The device lacks what it needs, and the compiler said so.
    NotForThisDevice,
}

/// Runs every case below the folders: whether all ended as they shall.
pub(crate) fn run(gpu: &Gpu, folders: &[PathBuf], only: Option<&str>) -> Result<bool> {
    let mut paths = Vec::new();
    for folder in folders {
        find(folder, &mut paths)?;
    }
    paths.retain(|path| only.is_none_or(|word| path.to_string_lossy().contains(word)));
    paths.sort();
    ensure!(!paths.is_empty(), "no case in {folders:?}");
    let prepared = prepare(gpu, &paths)?;
    let (guest, healthy) = (Guest::new()?, Healthy::new(gpu)?);
    let mut outcomes: BTreeMap<Outcome, usize> = BTreeMap::new();
    let mut wrong = 0;
    for round in 1..=ROUNDS {
        for case in &prepared {
            let ended = done(case, &guest);
            if let Err(error) = &ended
                && error.is::<Hung>()
            {
                println!("{} (round {round}): {error:#}", case.name);
                // Its memory is still in use: nothing can be freed.
                std::process::exit(HUNG);
            }
            // Whatever it did, the process must be alive.
            if let Err(error) = healthy.check() {
                println!(
                    "{} (round {round}): the process is dead: {error:#}",
                    case.name
                );
                return Ok(false);
            }
            match ended {
                Ok(found) => found
                    .into_iter()
                    .for_each(|outcome| *outcomes.entry(outcome).or_default() += 1),
                Err(error) => {
                    wrong += 1;
                    println!("{} (round {round}): {error:#}", case.name);
                }
            }
        }
    }
    println!(
        "{} cases, {ROUNDS} times in one process on {}: {wrong} wrong; runs by their end: {outcomes:?}",
        prepared.len(),
        gpu.name
    );
    Ok(wrong == 0)
}

fn find(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "ptx") {
            paths.push(path);
        }
    }
    Ok(())
}

/// Compiles every case, on all processors: the driver takes a tenth of a second for some.
fn prepare(gpu: &Gpu, paths: &[PathBuf]) -> Result<Vec<Prepared>> {
    let next = Mutex::new(paths.iter());
    let done = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers = (0..threads).map(|_| {
            scope.spawn(|| -> Result<()> {
                Gpu::bind()?;
                while let Some(path) = next.lock().ok().and_then(|mut paths| paths.next()) {
                    let case = load(gpu, path)?;
                    if let Ok(mut done) = done.lock() {
                        done.push(case);
                    }
                }
                Ok(())
            })
        });
        let workers: Vec<_> = workers.collect();
        for worker in workers {
            worker
                .join()
                .unwrap_or_else(|_| bail!("a compiling thread panicked"))?;
        }
        Ok::<_, anyhow::Error>(())
    })?;
    let mut prepared = done.into_inner().unwrap_or_default();
    prepared.sort_by(|left: &Prepared, right| left.name.cmp(&right.name));
    Ok(prepared)
}

fn load(gpu: &Gpu, path: &Path) -> Result<Prepared> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let case = Case::read(path, text).map_err(anyhow::Error::msg)?;
    let modules = compile(gpu, &case);
    Ok(Prepared {
        name: path.display().to_string(),
        case,
        modules,
    })
}

/// The modules of the modes that a run wants; or the compiler's findings.
fn compile(gpu: &Gpu, case: &Case) -> Result<[Option<Loaded>; 2], String> {
    let mut modules = [None, None];
    for (place, checked) in [(0, false), (1, true)] {
        let options = CompileOptions {
            checked,
            device: Some(gpu.version()),
        };
        let wanted = |run: &Run| if checked { run.checked } else { run.plain };
        let guarded = guarded_ptx(&case.text, &options).map_err(|found| listed(&found))?;
        if case.runs.iter().any(wanted) {
            let loaded = Loaded::new(guarded);
            modules[place] = Some(loaded.map_err(|error| format!("DRIVER {error:#}"))?);
        }
    }
    Ok(modules)
}

fn listed(found: &[Diagnostic]) -> String {
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

/// Does every run of a case.
fn done(prepared: &Prepared, guest: &Guest) -> Result<Vec<Outcome>> {
    let case = &prepared.case;
    let modules = match (&prepared.modules, case.intent) {
        (Err(_), Intent::Refuse) => return Ok(vec![Outcome::Refused]),
        (Ok(_), Intent::Refuse) => bail!("it shall be refused, but it is accepted"),
        (Err(what), _) if what.starts_with("DRIVER") => bail!("the driver refuses it: {what}"),
        // What a newer target than the device's is refused for is no fault of the case.
        (Err(what), _) if what.contains("the device") => {
            return Ok(vec![Outcome::NotForThisDevice]);
        }
        (Err(what), _) => bail!("it is refused: {what}"),
        (Ok(modules), _) => modules,
    };
    let mut outcomes = Vec::new();
    for (index, run) in case.runs.iter().enumerate() {
        for (module, wanted, mode) in [
            (&modules[0], run.plain, "plain"),
            (&modules[1], run.checked, "checked"),
        ] {
            let Some(module) = module.as_ref().filter(|_| wanted) else {
                continue;
            };
            let outcome = one(case, index, module, guest)
                .with_context(|| format!("run {} (line {}), {mode} mode", index + 1, run.line))?;
            outcomes.push(outcome);
        }
    }
    Ok(outcomes)
}

/// Does one run, and holds its end against what the case says.
fn one(case: &Case, index: usize, loaded: &Loaded, guest: &Guest) -> Result<Outcome> {
    let run = &case.runs[index];
    let blocks: u64 = run.grid.iter().map(|extent| u64::from(*extent)).product();
    if blocks > MAX_BLOCKS {
        return Ok(Outcome::TooManyBlocks);
    }
    let kernel = loaded
        .kernel(&run.kernel)
        .with_context(|| format!("no kernel `{}`", run.kernel))?;
    let arguments = Arguments::of(run, guest.base(), loaded.module.variable_bytes() > 0);
    let buffers = arguments.contents();
    let end: usize = buffers
        .iter()
        .map(|it| it.len().next_multiple_of(256))
        .sum();
    let request = Request {
        grid: run.grid,
        block: run.block,
        dynamic_shared: run.shared,
        parameters: arguments
            .pack(run, &kernel.0.signature)
            .map_err(anyhow::Error::msg)?,
        variables: loaded.module.initial_variables(guest.base() + end as u64),
        buffers,
        stop: run.stop.map(|time| Duration::from_millis(time.into())),
    };
    match guest.run(kernel, &request)? {
        Ended::Faulted(fault) if run.driver_diverges => {
            ensure!(
                fault.kind == FaultKind::Divergence,
                "it shall diverge, but: {}",
                fault.kind
            );
            Ok(Outcome::Faulted)
        }
        Ended::Faulted(fault) => hold_fault(case, index, &arguments, &fault),
        Ended::Stopped if run.stop.is_some() => Ok(Outcome::Stopped),
        Ended::Stopped => bail!("it was stopped, but nobody told it to"),
        Ended::Completed(contents) => {
            if let Some(expected) = expected_faults(case, index).next() {
                bail!("it ends, but shall fault: {}", expected.text);
            }
            ensure!(!run.driver_diverges, "it ends, but shall diverge");
            ensure!(run.stop.is_none(), "it ends before it is stopped");
            hold_contents(case, index, &arguments, &contents)
        }
    }
}

fn expected_faults(
    case: &Case,
    index: usize,
) -> impl Iterator<Item = &crate::annotation::Annotation> {
    let annotations = case.expected.annotations.iter();
    annotations.filter(move |it| it.kind == Kind::Fault(index + 1))
}

/// Of several threads that fault, a GPU tells another one than the CPU device does, which runs them in order.
fn hold_fault(
    case: &Case,
    index: usize,
    arguments: &Arguments<'_>,
    fault: &Fault,
) -> Result<Outcome> {
    let run = &case.runs[index];
    let told = arguments.told(fault);
    let place = Place::of(fault.span, case.text.lines().count());
    let threads: u32 = run.grid.iter().chain(&run.block).product();
    let kind = |text: &str| text.split(',').next().unwrap_or_default().to_owned();
    let fits = |text: &str, its: Place| {
        if threads == 1 {
            its == place && agree(text, &told)
        } else {
            kind(text) == kind(&told) && (its == place || kind(text).starts_with("divergent"))
        }
    };
    if expected_faults(case, index).any(|it| fits(&it.text, it.place)) {
        return Ok(Outcome::Faulted);
    }
    let expected: Vec<String> = expected_faults(case, index)
        .map(|it| format!("{:?}: {}", it.place, it.text))
        .collect();
    bail!("it faults at {place:?}: {told}; expected: {expected:?}")
}

/// Whether two texts tell of the same fault. Where windows and small spaces begin is the device's choice: of addresses that are
/// told as numbers nothing can be said but that they are out of bounds.
fn agree(expected: &str, told: &str) -> bool {
    if !expected.contains(" at 0x") {
        return expected == told;
    }
    let parts = |text: &str| {
        let (kind, rest) = text.split_once(", ").unwrap_or((text, ""));
        let (size, rest) = rest.split_once(" at ").unwrap_or((rest, ""));
        let thread = rest.split_once(", ").map_or("", |(_, thread)| thread);
        let kind = match kind.split_once(' ') {
            Some((_, "access out of bounds")) => "access out of bounds",
            _ => kind,
        };
        [kind, size, thread].map(str::to_owned)
    };
    parts(expected) == parts(told)
}

fn hold_contents(
    case: &Case,
    index: usize,
    arguments: &Arguments<'_>,
    contents: &[Vec<u8>],
) -> Result<Outcome> {
    for (name, expected) in &case.expected.outputs[index] {
        let mut buffers = arguments.buffers.iter().zip(contents);
        let found = buffers.find(|((its, _), _)| its == name);
        let ((_, given), bytes) = found.with_context(|| format!("no buffer `{name}`"))?;
        let found = Values::from_bytes(given.element, bytes);
        ensure!(
            found.agree(expected),
            "{name} is {}, not {}",
            found.spelt(),
            expected.spelt()
        );
    }
    Ok(Outcome::Completed)
}
