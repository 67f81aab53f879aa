//! Where a part of a proof holds, its access never faults.
//!
//! Kernels are launched with extents, arguments and buffers of all kinds, in checked mode, whose guards hold each address against the
//! buffers. An access that faults there although its part of the proof held is a mistake of the proof.

use crate::corpus::files;
use crate::window::{BASE, Request, places};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use wasi_cuda_jit::cpu::{Fault, FaultKind, Module, Outcome};
use wasi_cuda_jit::proof::{Part, Proof, Scratch};
use wasi_cuda_jit::signature::{ParameterType, Signature};
use wasi_cuda_jit::{CompileOptions, Source, compile_partly_proved, compile_proved, compile_ptx};

/// Launches of each kernel of the corpus; `PROOF_LAUNCHES` asks for more.
const LAUNCHES: usize = 3;

/// Bytes of a buffer, at most.
const MOST_BYTES: usize = 1 << 16;

/// A kernel with all guards and with fewer.
pub(crate) struct Pair {
    pub(crate) guarded: Module,
    /// Second and third variants, with their proofs.
    pub(crate) variants: [(Module, Vec<Proof>); 2],
}

impl Pair {
    pub(crate) fn of(text: &str) -> Self {
        let checked = CompileOptions {
            checked: true,
            ..CompileOptions::default()
        };
        let guarded =
            compile_ptx(text, &checked).unwrap_or_else(|found| panic!("{found:?}\n{text}"));
        Self {
            guarded,
            variants: [compile_proved, compile_partly_proved]
                .map(|compile| compile(Source::Ptx(text), &checked).unwrap()),
        }
    }
}

/// What came of a comparison.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Count {
    launches: usize,
    /// Parts of proofs that were asked, and those that held.
    asked: usize,
    held: usize,
    /// Proofs of second and of third variants that held in all parts.
    whole: [usize; 2],
}

/// Whether an access that faulted was proved not to.
fn is_proved(fault: &Fault, told: &[Part]) -> bool {
    // A copy is two accesses at one place.
    let memory = match fault.kind {
        FaultKind::GlobalOutOfBounds => Some(true),
        FaultKind::SharedOutOfBounds | FaultKind::LocalOutOfBounds => Some(false),
        // The block's and the thread's own memories are small.
        FaultKind::Misaligned => Some(fault.address >= 1 << 32),
        _ => None,
    };
    let same = told.iter().filter(|part| {
        part.span == fault.span && memory.is_none_or(|global| global == part.global)
    });
    let mut same = same.peekable();
    same.peek().is_some() && same.all(|part| part.holds)
}

/// Launches one kernel both ways; the text says what is wrong.
pub(crate) fn compare(
    pair: &Pair,
    index: usize,
    request: &Request,
    count: &mut Count,
) -> Result<(), String> {
    let kernel = &pair.guarded.kernels()[index];
    let variables = pair.guarded.variable_bytes() as usize;
    let ranges = request.ranges(variables);
    let facts = request.facts(&ranges);
    count.launches += 1;
    let ended = request.run(&pair.guarded, kernel);
    for (which, (variant, proofs)) in pair.variants.iter().enumerate() {
        let proof = &proofs[index];
        let told = proof.explain(&facts);
        count.asked += told.len();
        count.held += told.iter().filter(|part| part.holds).count();
        if let Some(fault) = ended.fault
            && is_proved(&fault, &told)
        {
            return Err(format!("{fault:?} although it was proved: {request:?}"));
        }
        if proof.is_empty() || !proof.holds(&facts, &mut Scratch::default()) {
            continue;
        }
        count.whole[which] += 1;
        let again = request.run(variant, &variant.kernels()[index]);
        if again.escaped {
            return Err(format!("it wrote where no buffer is: {request:?}"));
        }
        if ended.outcome == Outcome::Completed && again.outcome == Outcome::Faulted {
            return Err(format!("{:?} without guards: {request:?}", again.fault));
        }
    }
    Ok(())
}

fn block() -> impl Strategy<Value = [u32; 3]> {
    prop_oneof![
        4 => prop::sample::select(vec![[32, 1, 1], [64, 1, 1], [128, 1, 1], [256, 1, 1], [16, 16, 1], [32, 8, 1], [8, 8, 4]]),
        1 => prop::array::uniform3(1u32..7),
        1 => (1u32..300).prop_map(|x| [x, 1, 1]),
    ]
}

fn grid() -> impl Strategy<Value = [u32; 3]> {
    prop_oneof![
        (1u32..6).prop_map(|x| [x, 1, 1]),
        prop::array::uniform3(1u32..4)
    ]
}

fn scalar() -> impl Strategy<Value = u64> {
    prop_oneof![
        8 => 0u64..40,
        8 => prop::sample::select(vec![1u64, 2, 4, 8, 16, 32, 64, 100, 128, 256, 512, 1000]),
        1 => any::<u64>(),
        1 => any::<u32>().prop_map(u64::from),
        1 => (-40i64..0).prop_map(|value| value as u64),
        1 => prop::sample::select(vec![1u64 << 31, (1 << 31) - 1, (1 << 32) - 1, 1 << 32, (1 << 32) + 8, 1 << 30, 1 << 29]),
    ]
}

/// What is passed for a parameter: a number, and where a pointer goes in or beside a buffer.
fn arguments(count: usize) -> impl Strategy<Value = Vec<(u64, i64, usize)>> {
    let place =
        prop_oneof![8 => Just(0i64), 2 => (0i64..8).prop_map(|step| 16 * step), 1 => -600i64..600];
    let bytes = prop_oneof![3 => (0usize..400).prop_map(|words| 4 * words), 2 => Just(MOST_BYTES), 2 => (0usize..MOST_BYTES / 16).prop_map(|words| 16 * words)];
    prop::collection::vec((scalar(), place, bytes), count)
}

pub(crate) fn request(signature: &Signature) -> impl Strategy<Value = Request> + use<> {
    let signature = signature.clone();
    let shared = prop_oneof![3 => Just(0u32), 2 => Just(16384u32), 1 => (0u32..600).prop_map(|words| 4 * words)];
    let uniform = prop_oneof![1 => Just(true), 1 => Just(false)];
    let count = signature.parameters.len();
    (block(), grid(), shared, arguments(count), uniform).prop_map(
        move |(block, grid, dynamic_shared, arguments, uniform)| {
            let threads: u32 = block.iter().product();
            let block = if threads > signature.max_threads_per_block {
                [signature.max_threads_per_block, 1, 1]
            } else {
                block
            };
            let buffers: Vec<usize> = arguments.iter().map(|(_, _, bytes)| *bytes).collect();
            let (places, _) = places(&buffers);
            let mut parameters = vec![0; signature.parameter_bytes as usize];
            for (number, parameter) in signature.parameters.iter().enumerate() {
                let (scalar, beside, _) =
                    arguments[if uniform && parameter.ty != ParameterType::Pointer {
                        0
                    } else {
                        number
                    }];
                let value = match parameter.ty {
                    ParameterType::Pointer => BASE
                        .wrapping_add(places[number] as u64)
                        .wrapping_add(beside as u64),
                    ParameterType::F32 => u64::from((scalar as f32).to_bits()),
                    ParameterType::F64 => (scalar as f64).to_bits(),
                    _ => scalar,
                };
                let start = parameter.offset as usize;
                let width = if parameter.size % 8 == 0 {
                    8
                } else {
                    parameter.size.min(4) as usize
                };
                for chunk in parameters[start..start + parameter.size as usize].chunks_mut(width) {
                    let length = chunk.len();
                    chunk.copy_from_slice(&value.to_le_bytes()[..length]);
                }
            }
            Request {
                grid,
                block,
                dynamic_shared,
                parameters,
                buffers,
            }
        },
    )
}

#[test]
fn what_is_proved_of_the_corpus_never_faults() {
    let launches = std::env::var("PROOF_LAUNCHES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(LAUNCHES);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut count, mut wrong) = (Count::default(), Vec::new());
    for path in files() {
        let text = std::fs::read_to_string(&path).unwrap();
        let pair = Pair::of(&text);
        for (index, kernel) in pair.guarded.kernels().iter().enumerate() {
            for _ in 0..launches {
                let request = request(kernel.signature())
                    .new_tree(&mut runner)
                    .unwrap()
                    .current();
                if let Err(message) = compare(&pair, index, &request, &mut count) {
                    wrong.push(format!(
                        "{} {}: {message}",
                        path.display(),
                        kernel.signature().name
                    ));
                }
            }
        }
    }
    eprintln!("{count:?}");
    assert!(
        wrong.is_empty(),
        "{} mistakes, of which the first are\n{}",
        wrong.len(),
        wrong[..wrong.len().min(10)].join("\n")
    );
    // A test of proofs that never hold would show nothing.
    assert!(
        count.held * 4 > count.asked && count.whole.iter().all(|it| it * 20 > count.launches),
        "{count:?}"
    );
}
