//! Launches that a proof is tried with when it is made.
//!
//! A claim that holds in none of them would be evaluated in vain at each launch, and keep the second variant from ever being run.

use crate::analysis::pointer_parameters;
use crate::ir::{Function, Type};
use crate::limits::MAX_THREADS_PER_BLOCK;
use crate::proof::interval::Interval;
use crate::proof::launch::Ranges;
use crate::proof::program::NodeId;
use crate::proof::{Answer, LaunchFacts, Memory, Proof, answer};

/// The window: large enough for any buffer of these launches, and too small for an index of which nothing is known.
const BASE: u64 = 1 << 40;
const MAPPED: u64 = 1 << 30;

/// What integers among the arguments are, by their place.
const SCALARS: [fn(usize) -> u64; 6] = [
    |_| 64,
    |_| 16,
    |_| 256,
    |place| 8 << (place % 6),
    |place| 256 >> (place % 6),
    |_| 1,
];

const BLOCKS: [[u32; 3]; 9] = [
    [256, 1, 1],
    [32, 1, 1],
    [64, 1, 1],
    [128, 1, 1],
    [16, 16, 1],
    [32, 8, 1],
    [8, 8, 4],
    [1024, 1, 1],
    [1, 1, 1],
];

const GRIDS: [[u32; 3]; 2] = [[4, 2, 2], [1, 1, 1]];

/// Dynamic shared memory.
const DYNAMIC: u32 = 48 << 10;

/// What is said of each claim whatever the launch.
pub(super) fn answers_of_any_launch(function: &Function, proof: &Proof) -> Vec<Answer> {
    let mut values = Vec::new();
    proof
        .program
        .run(&Ranges::of_any(function.max_threads), &mut values);
    let nothing = LaunchFacts {
        grid: [0; 3],
        block: [0; 3],
        dynamic_shared: 0,
        parameters: &[],
        memory: Memory::Buffers(&[]),
        variables: 0,
    };
    let at = |id: NodeId| {
        values
            .get(id.0 as usize)
            .copied()
            .unwrap_or(Interval::ANYTHING)
    };
    proof
        .claims
        .iter()
        .map(|claim| answer(claim, &nothing, at))
        .collect()
}

/// What came of all trials.
pub(super) struct Trials {
    /// For each claim whether it holds together with the others, in the launch in which most do.
    pub(super) holds: Vec<bool>,
    /// What each node is in that launch.
    pub(super) values: Vec<Interval>,
}

pub(super) fn try_all(function: &Function, proof: &Proof) -> Trials {
    let mut once = vec![false; proof.claims.len()];
    let mut best: Vec<Answer> = vec![Answer::Fails; proof.claims.len()];
    let mut best_values = Vec::new();
    let holding = |answers: &[Answer]| {
        let holding = answers.iter().filter(|answer| **answer == Answer::Holds);
        holding.count()
    };
    let shapes = shapes(function);
    for scalar in SCALARS {
        let parameters = parameters(function, scalar);
        let launches = shapes
            .iter()
            .flat_map(|block| GRIDS.map(|grid| (grid, *block)));
        for (grid, block) in launches {
            let (answers, values) = proof.answers(&LaunchFacts {
                grid,
                block,
                dynamic_shared: DYNAMIC,
                parameters: &parameters,
                memory: Memory::Window {
                    base: BASE,
                    mapped: MAPPED,
                },
                variables: BASE + MAPPED / 4,
            });
            for (once, answer) in once.iter_mut().zip(&answers) {
                *once |= *answer == Answer::Holds;
            }
            if best_values.is_empty() || holding(&answers) > holding(&best) {
                (best, best_values) = (answers, values);
            }
        }
    }
    let holds = best.iter().map(|answer| *answer != Answer::Fails);
    Trials {
        holds: holds.zip(once).map(|(holds, once)| holds && once).collect(),
        values: best_values,
    }
}

/// The blocks that a kernel may be launched in.
fn shapes(function: &Function) -> Vec<[u32; 3]> {
    let most = function.max_threads.unwrap_or(MAX_THREADS_PER_BLOCK);
    let most = most.min(MAX_THREADS_PER_BLOCK);
    let own = [[most, 1, 1], [16, most / 16, 1]].into_iter();
    let own = own.filter(|_| function.max_threads.is_some());
    let shapes = own.chain(BLOCKS);
    shapes
        .filter(|[x, y, z]| (1..=most).contains(&(x * y * z)))
        .collect()
}

/// A parameter block: every pointer points into the window's middle.
fn parameters(function: &Function, scalar: fn(usize) -> u64) -> Vec<u8> {
    let pointers = pointer_parameters(function);
    let ends = function
        .parameters
        .iter()
        .map(|parameter| parameter.offset as usize + parameter.size() as usize);
    let mut bytes = vec![0; ends.max().unwrap_or(0)];
    let parameters = function.parameters.iter().zip(pointers).enumerate();
    for (place, (parameter, pointer)) in parameters {
        let value = match parameter.ty {
            _ if pointer => BASE + MAPPED / 2,
            Type::F32 => u64::from(1.0f32.to_bits()),
            Type::F64 => 1.0f64.to_bits(),
            _ => scalar(place),
        };
        let size = (parameter.ty.bytes() as usize).clamp(1, 8);
        let start = parameter.offset as usize;
        for chunk in bytes[start..start + parameter.size() as usize].chunks_exact_mut(size) {
            chunk.copy_from_slice(&value.to_le_bytes()[..size]);
        }
    }
    bytes
}
