//! What proofs cost: making them when the corpus is loaded, and evaluating one at a launch.
//!
//! `cargo bench -p wasi-cuda-jit --bench proofs` prints a table; a word behind `--` keeps only the files with it in their names.

#[path = "../tests/corpus/sources.rs"]
#[expect(dead_code, reason = "what is refused concerns tests alone")]
mod sources;

use std::hint::black_box;
use std::time::{Duration, Instant};
use wasi_cuda_jit::proof::{LaunchFacts, Memory, Proof, Scratch};
use wasi_cuda_jit::signature::{ParameterType, Signature};
use wasi_cuda_jit::{CompileOptions, Source, report, sandboxed_ptx, sandboxed_variants};

/// How often each file is read; the median counts.
const READINGS: usize = 5;

/// A proof is evaluated so often in a turn, which is short enough that few are interrupted, and the median of so many turns counts.
const EVALUATIONS: u32 = 30;
const TURNS: usize = 101;

const BASE: u64 = 1 << 40;

fn main() {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let options = CompileOptions::default();
    let (mut plain, mut both) = (Duration::ZERO, Duration::ZERO);
    let mut evaluations: Vec<(Duration, String, bool)> = Vec::new();
    for source in sources::accepted() {
        if wanted
            .as_ref()
            .is_some_and(|wanted| !source.name().contains(wanted.as_str()))
        {
            continue;
        }
        plain += median(
            || drop(black_box(sandboxed_ptx(&source.text, &options))),
            READINGS,
            1,
        );
        both += median(
            || {
                drop(black_box(sandboxed_variants(
                    Source::Ptx(&source.text),
                    &options,
                )))
            },
            READINGS,
            1,
        );
        let (Ok(variants), Ok(found)) = (
            sandboxed_variants(Source::Ptx(&source.text), &options),
            report(Source::Ptx(&source.text), &options),
        ) else {
            continue;
        };
        for (kernel, told) in variants.kernels.iter().zip(&found.kernels) {
            if let Some(proved) = &kernel.proved {
                let (time, holds) = evaluation(&proved.proof, &told.signature);
                evaluations.push((
                    time,
                    format!("{} {}", source.name(), told.signature.name),
                    holds,
                ));
            }
        }
    }
    evaluations.sort();
    let at = |part: usize| &evaluations[(evaluations.len() - 1) * part / 100];
    println!("| what | |\n| --- | --- |");
    println!(
        "| reading, guarding and printing the files | {:.1} ms |",
        milliseconds(plain)
    );
    println!(
        "| the same with proofs and second variants | {:.1} ms |",
        milliseconds(both)
    );
    println!(
        "| proofs, of which hold | {}, {} |",
        evaluations.len(),
        evaluations.iter().filter(|it| it.2).count()
    );
    for part in [50, 90, 99, 100] {
        let (time, name, _) = at(part);
        println!(
            "| evaluating one, {part} of 100 take at most | {} ns ({name}) |",
            time.as_nanos()
        );
    }
}

/// What evaluating a proof takes, in a launch as people do them, and whether it holds there.
fn evaluation(proof: &Proof, signature: &Signature) -> (Duration, bool) {
    let mut parameters = vec![0; signature.parameter_bytes as usize];
    for parameter in &signature.parameters {
        let value = match parameter.ty {
            ParameterType::Pointer => BASE + (1 << 28),
            ParameterType::F32 => u64::from(1f32.to_bits()),
            _ => 64,
        };
        let size = parameter.size.min(8) as usize;
        parameters[parameter.offset as usize..][..size]
            .copy_from_slice(&value.to_le_bytes()[..size]);
    }
    let facts = LaunchFacts {
        grid: [4, 1, 1],
        block: [signature.max_threads_per_block.min(256), 1, 1],
        dynamic_shared: 0,
        parameters: &parameters,
        memory: Memory::Window {
            base: BASE,
            mapped: 1 << 30,
        },
        variables: BASE,
    };
    let mut scratch = Scratch::default();
    let time = median(
        || {
            black_box(proof.holds(black_box(&facts), &mut scratch));
        },
        TURNS,
        EVALUATIONS,
    );
    (time, proof.holds(&facts, &mut scratch))
}

/// What one of so many runs takes.
fn median(mut run: impl FnMut(), turns: usize, count: u32) -> Duration {
    let mut times: Vec<Duration> = (0..turns)
        .map(|_| {
            let begun = Instant::now();
            (0..count).for_each(|_| run());
            begun.elapsed() / count
        })
        .collect();
    times.sort_unstable();
    times[turns / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
