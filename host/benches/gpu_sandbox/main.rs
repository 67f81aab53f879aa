//! The sandbox on a real GPU, over the driver's API: hostile kernels end as faults in a process that lives on, guards cost what they
//! cost, and a runaway kernel stops in time. `docs/benchmarks.md` says how to run it and what came of it.
//!
//! Without a GPU it says so and ends well; `WASI_CUDA_REQUIRE_GPU=1` makes that a failure.

// The reader of cases is the filetests' own; the bench needs most of it.
#[allow(dead_code, reason = "the filetests use the rest")]
#[path = "../../../jit/tests/filetests/annotation.rs"]
mod annotation;
#[path = "../../../jit/tests/filetests/arguments.rs"]
mod arguments;
#[allow(dead_code, reason = "the filetests use the rest")]
#[path = "../../../jit/tests/filetests/case.rs"]
mod case;
mod cases;
mod cost;
#[allow(dead_code, reason = "each bench uses a part of it")]
mod driver;
mod guest;
mod healthy;
mod latency;
#[allow(dead_code, reason = "the filetests use the rest")]
#[path = "../../../jit/tests/filetests/values.rs"]
mod values;
mod waits;

use anyhow::{Result, bail};
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
gpu_sandbox cases [--only WORD] [FOLDER...]   run the cases of jit/filetests and jit/hostile, or of other folders
gpu_sandbox cost [--only WORD] [FOLDER]       time guarded kernels of jit/corpus beside plain ones
gpu_sandbox latency                           time the stop of a runaway kernel
gpu_sandbox waits                             time the driver's calls beside a kernel of another stream
without a word: all four";

/// What the command line asks for.
struct Arguments {
    command: Option<String>,
    only: Option<String>,
    folders: Vec<PathBuf>,
}

impl Arguments {
    fn read() -> Result<Self> {
        let mut read = Self {
            command: None,
            only: None,
            folders: Vec::new(),
        };
        // Cargo passes `--bench` to every bench.
        let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
        while let Some(word) = words.next() {
            match word.as_str() {
                "--only" => read.only = words.next(),
                "--help" => bail!("{USAGE}"),
                _ if read.command.is_none() => read.command = Some(word),
                _ => read.folders.push(word.into()),
            }
        }
        Ok(read)
    }

    /// The folders given, or some of the repository's.
    fn folders(&self, default: &[&str]) -> Vec<PathBuf> {
        if self.folders.is_empty() {
            let jit = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../jit"));
            return default.iter().map(|folder| jit.join(folder)).collect();
        }
        self.folders.clone()
    }
}

fn main() -> ExitCode {
    if let Some(why) = driver::missing() {
        println!("gpu_sandbox did not run: {why}");
        let required = std::env::var("WASI_CUDA_REQUIRE_GPU").is_ok_and(|value| value == "1");
        return ExitCode::from(u8::from(required));
    }
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does what is asked for: whether everything held.
fn run() -> Result<bool> {
    let arguments = Arguments::read()?;
    let gpu = driver::Gpu::open()?;
    let (major, minor) = gpu.cuda;
    println!("{}, driver for CUDA {major}.{minor}", gpu.name);
    let only = arguments.only.as_deref();
    let cases = || cases::run(&gpu, &arguments.folders(&["filetests", "hostile"]), only);
    let cost = || cost::run(&gpu, &arguments.folders(&["corpus/ptx"]), only);
    match arguments.command.as_deref() {
        Some("cases") => cases(),
        Some("cost") => cost(),
        Some("latency") => latency::run(&gpu),
        Some("waits") => waits::run(),
        None => Ok(cases()? & cost()? & latency::run(&gpu)? & waits::run()?),
        Some(other) => bail!("unknown command `{other}`\n{USAGE}"),
    }
}
