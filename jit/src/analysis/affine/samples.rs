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

/// What integers among the arguments are, by their place among them.
const SCALARS: [fn(usize) -> u64; 10] = [
    |_| 64,
    |_| 16,
    |_| 256,
    |_| 1024,
    |_| 1000,
    |place| 8 << (place % 6),
    |place| 256 >> (place % 6),
    |_| 1,
    // Large extents, and behind them small ones.
    |place| [64, 130, 130, 3, 1][place % 5],
    |place| [1000, 500, 200, 7, 2][place % 5],
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
    /// The answers of launches in which nearly as many claims hold as do in any.
    answers: Vec<Vec<Answer>>,
    /// What each node is in the launch in which most hold.
    pub(super) values: Vec<Interval>,
}

impl Trials {
    fn count(&self, claim: usize, wanted: Answer) -> usize {
        let answers = self.answers.iter().map(|answers| answers[claim]);
        answers.filter(|answer| *answer == wanted).count()
    }

    /// Whether a claim holds in some launches, and fails in no more than half of them.
    pub(super) fn is_likely(&self, claim: usize) -> bool {
        self.count(claim, Answer::Holds) > 0
            && 2 * self.count(claim, Answer::Fails) <= self.answers.len()
    }

    /// Whether it fails in none.
    pub(super) fn is_sure(&self, claim: usize) -> bool {
        self.count(claim, Answer::Holds) > 0 && self.count(claim, Answer::Fails) == 0
    }
}

pub(super) fn try_all(function: &Function, proof: &Proof) -> Trials {
    let mut trials: Vec<(usize, Vec<Answer>)> = Vec::new();
    let (mut best, mut best_values) = (0, Vec::new());
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
            let holding = answers.iter().filter(|answer| **answer == Answer::Holds);
            let holding = holding.count();
            if best_values.is_empty() || holding > best {
                (best, best_values) = (holding, values);
            }
            trials.push((holding, answers));
        }
    }
    // Launches in blocks that a kernel is not made for tell nothing.
    trials.retain(|(holding, _)| 10 * holding >= 9 * best);
    Trials {
        answers: trials.into_iter().map(|(_, answers)| answers).collect(),
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
    let parameters = function.parameters.iter().zip(pointers);
    let mut scalars = (0..).map(scalar);
    for (parameter, pointer) in parameters {
        let value = match parameter.ty {
            _ if pointer => BASE + MAPPED / 2,
            Type::F32 => u64::from(1.0f32.to_bits()),
            Type::F64 => 1.0f64.to_bits(),
            _ => scalars.next().unwrap_or(1),
        };
        let size = (parameter.ty.bytes() as usize).clamp(1, 8);
        let start = parameter.offset as usize;
        for chunk in bytes[start..start + parameter.size() as usize].chunks_exact_mut(size) {
            chunk.copy_from_slice(&value.to_le_bytes()[..size]);
        }
    }
    bytes
}
