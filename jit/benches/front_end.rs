//! What reading, verifying, guarding and printing the corpus takes, beside what NVIDIA's assembler takes for the same files.
//!
//! `cargo bench -p wasi-cuda-jit --bench front_end` prints a table; a word behind `--` keeps only the files with it in their names.
//! Both sides work on one thread. The assembler is a process a file, so starting it is told apart.
//! Files with debug sections are left out: the assembler optimises none of them.

#[path = "../tests/support/ptxas.rs"]
#[expect(dead_code, reason = "tests alone assemble at the lowest level")]
mod ptxas;
#[path = "../tests/corpus/sources.rs"]
#[expect(dead_code, reason = "what is refused concerns tests alone")]
mod sources;

use sources::Source;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use wasi_cuda_jit::{back, front, sandbox, verify};

/// How often the front end passes over a file; the median counts.
const ROUNDS: usize = 5;

/// How often an empty module is assembled to tell what starting the assembler takes.
const STARTS: usize = 21;

/// The level at which drivers and nvcc assemble.
const LEVEL: &str = "-O3";

fn main() {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let sources = sources::accepted().into_iter().filter(|source| {
        let is_optimised = !source.name().contains("-debug/");
        let is_wanted = wanted
            .as_ref()
            .is_none_or(|wanted| source.name().contains(wanted.as_str()));
        is_optimised && is_wanted
    });
    let assembler = ptxas::find().map(Assembler::new);
    let mut compilers: BTreeMap<String, Sum> = BTreeMap::new();
    let mut all = Sum::default();
    for source in sources {
        let sum = Sum {
            files: 1,
            bytes: source.text.len(),
            front_end: front_end(&source),
            assembled: assembler
                .as_ref()
                .map_or(Duration::ZERO, |assembler| assembler.time_of(&source)),
        };
        compilers.entry(compiler(&source)).or_default().add(&sum);
        all.add(&sum);
    }
    report(&compilers, &all, assembler.as_ref());
}

/// The folder that a file lies in, named after who wrote it.
fn compiler(source: &Source) -> String {
    let name = source.name();
    let folder = Path::new(&name).components().nth(1);
    folder.map_or_else(String::new, |folder| {
        folder.as_os_str().to_string_lossy().into_owned()
    })
}

/// What each step of the front end takes.
#[derive(Clone, Copy, Default)]
struct Steps {
    parse: Duration,
    verify: Duration,
    guard: Duration,
    print: Duration,
}

impl Steps {
    fn total(&self) -> Duration {
        self.parse + self.verify + self.guard + self.print
    }
}

fn front_end(source: &Source) -> Steps {
    let mut rounds: Vec<Steps> = (0..ROUNDS).map(|_| one_round(source)).collect();
    rounds.sort_by_key(Steps::total);
    rounds[ROUNDS / 2]
}

fn one_round(source: &Source) -> Steps {
    let begun = Instant::now();
    let mut module = front::ptx::parse(&source.text).expect("the corpus is PTX");
    let parsed = Instant::now();
    black_box(verify::verify(&module).expect("the corpus is accepted"));
    let verified = Instant::now();
    sandbox::instrument(
        &mut module,
        &sandbox::Options {
            gpu: true,
            ..Default::default()
        },
    );
    let guarded = Instant::now();
    black_box(back::ptx::print(&module));
    let printed = Instant::now();
    Steps {
        parse: parsed - begun,
        verify: verified - parsed,
        guard: guarded - verified,
        print: printed - guarded,
    }
}

/// NVIDIA's assembler, a folder to work in, and what starting it takes.
struct Assembler {
    program: PathBuf,
    folder: PathBuf,
    start: Duration,
}

impl Assembler {
    fn new(program: PathBuf) -> Self {
        let folder =
            std::env::temp_dir().join(format!("wasi-cuda-front-end-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for temporary files");
        let mut assembler = Self {
            program,
            folder,
            start: Duration::ZERO,
        };
        let empty = ".version 7.0\n.target sm_80\n.address_size 64\n";
        let mut starts: Vec<Duration> = (0..STARTS)
            .map(|_| assembler.assemble("nothing", "sm_80", empty))
            .collect();
        starts.sort_unstable();
        assembler.start = starts[STARTS / 2];
        assembler
    }

    fn time_of(&self, source: &Source) -> Duration {
        let module = front::ptx::parse(&source.text).expect("the corpus is PTX");
        self.assemble(&source.name(), &module.target_name, &source.text)
    }

    fn assemble(&self, name: &str, target: &str, text: &str) -> Duration {
        let input = self.folder.join("module.ptx");
        std::fs::write(&input, text).expect("a temporary file");
        let begun = Instant::now();
        let assembled = ptxas::assemble_file(&self.program, &input, target, LEVEL);
        let taken = begun.elapsed();
        assembled.unwrap_or_else(|log| panic!("{name}, {target}:\n{log}"));
        taken
    }
}

impl Drop for Assembler {
    fn drop(&mut self) {
        // What is left in the system's folder for temporary files does no harm.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What some files take together.
#[derive(Default)]
struct Sum {
    files: u32,
    bytes: usize,
    front_end: Steps,
    assembled: Duration,
}

impl Sum {
    fn add(&mut self, other: &Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.front_end.parse += other.front_end.parse;
        self.front_end.verify += other.front_end.verify;
        self.front_end.guard += other.front_end.guard;
        self.front_end.print += other.front_end.print;
        self.assembled += other.assembled;
    }

    fn print(&self, name: &str, assembler: Option<&Assembler>) {
        let Steps {
            parse,
            verify,
            guard,
            print,
        } = self.front_end;
        let total = self.front_end.total();
        let steps =
            [parse, verify, guard, print, total].map(|step| format!("{:.1}", milliseconds(step)));
        print!(
            "| {name} | {} | {} | {} |",
            self.files,
            self.bytes / 1000,
            steps.join(" | ")
        );
        match assembler {
            None => println!(" – | – | – |"),
            Some(assembler) => {
                let started = self.assembled.saturating_sub(assembler.start * self.files);
                println!(
                    " {:.0} | **{:.4}** | {:.4} |",
                    milliseconds(self.assembled),
                    ratio(total, self.assembled),
                    ratio(total, started)
                );
            }
        }
    }
}

fn report(compilers: &BTreeMap<String, Sum>, all: &Sum, assembler: Option<&Assembler>) {
    match assembler {
        None => println!("ptxas {}", ptxas::MISSING),
        Some(assembler) => println!(
            "{} {LEVEL}, each file at its own target; starting it takes {:.1} ms",
            assembler.program.display(),
            milliseconds(assembler.start)
        ),
    }
    println!(
        "| written by | files | kB | parse, ms | verify, ms | guard, ms | print, ms | front end, ms | ptxas, ms | ratio | less starting it |"
    );
    println!("|{}", " --- |".repeat(11));
    for (compiler, sum) in compilers {
        sum.print(compiler, assembler);
    }
    all.print("all", assembler);
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A part as a share of the whole.
fn ratio(part: Duration, whole: Duration) -> f64 {
    part.as_secs_f64() / whole.as_secs_f64()
}
