//! Every loop looks at the stop word now and then.
//!
//! A counter in a register, the fuel, falls by one on each way back; the word is read when it is used up. Reading memory on every
//! way back would make tight loops many times slower.

use super::Unwatched;
use super::editor::{
    add_block, add_register, binary, branch, compare, instruction, read_stop_word,
};
use crate::analysis::{back_edges, largest_body};
use crate::ir::{
    Block, BlockId, Function, Instruction, Modifier, Opcode, Operand, Predicate, Register,
    Terminator, Type,
};
use smallvec::smallvec;

/// What is burnt between two looks at the stop word, at one for each way back of a small kernel: microseconds of a GPU's time,
/// and so rare that a look costs nothing.
const FUEL: u64 = 1024;

/// What there is at first, where a GPU runs it, a power of two, too: blocks of a grid that is told to stop begin all the same, and
/// must not each run as long as one that was told meanwhile.
const FIRST_FUEL: u64 = 64;

/// Instructions that make a way back burn one more: a large body is not run a thousand times unseen.
const INSTRUCTIONS_OF_A_UNIT: usize = 16;

/// By how much less what is bounded by a proof burns: a bound is often far above what is done.
const UNSEEN: usize = 4;

/// What a way back burns; a power of two, so that the fuel is used up exactly.
fn burnt_each_time(instructions: usize) -> u64 {
    (instructions as u64 / INSTRUCTIONS_OF_A_UNIT as u64)
        .max(1)
        .next_power_of_two()
        .min(FUEL)
}

/// Registers of the loops' polls.
#[derive(Clone, Copy)]
struct Fuel {
    left: Register,
    /// Whether none is left, which stays so however often it falls; or, folded, whether the way back may be taken.
    decision: Register,
    word: Register,
    burnt: u64,
}

/// Where a driver gets the result, blocks begin with little fuel, and its test is put into the loop's own condition, so that a loop has
/// no way out more than it had: the vendor's compiler handles such loops as it handles others.
pub(super) fn run(function: &mut Function, gpu: bool, unwatched: Unwatched<'_>) {
    let mut edges = back_edges(function);
    edges.retain(|(from, which)| {
        let successors = function.blocks[from.index()].terminator.successors();
        let target = successors.get(*which);
        target.is_none_or(|target| !unwatched.headers.contains(target))
    });
    if edges.is_empty() {
        return;
    }
    let fuel = Fuel {
        left: add_register(function, Type::B32),
        decision: add_register(function, Type::Pred),
        word: add_register(function, Type::B32),
        burnt: burnt_each_time(unwatched.within / UNSEEN).max(burnt_each_time(match gpu {
            // What is hardly ever entered is most of what guards add there.
            true => largest_body(function, &edges),
            false => function.instruction_count(),
        })),
    };
    let stopped = add_block(
        function,
        Block {
            cold: true,
            ..Block::ending(Terminator::Stop)
        },
    );
    // Where both ways lead back, neither is left to go where the other is not taken.
    let is_alone = |from: BlockId| edges.iter().filter(|edge| edge.0 == from).count() == 1;
    for &(from, which) in &edges {
        let successors = function.blocks[from.index()].terminator.successors();
        let Some(target) = successors.get(which).copied() else {
            continue;
        };
        let poll = add_poll(function, fuel, stopped, target);
        if gpu && is_alone(from) && fold(function, fuel, from, which, poll) {
            continue;
        }
        let burn = burn_block(fuel, poll, target);
        let burn = add_block(function, burn);
        function.blocks[from.index()]
            .terminator
            .map_successors(|successor, old| if successor == which { burn } else { old });
    }
    if let Some(prelude) = function.blocks.first_mut() {
        let first = if gpu {
            FIRST_FUEL.max(fuel.burnt)
        } else {
            FUEL
        };
        prelude.instructions.push(fill(fuel.left, first));
    }
}

/// Makes a block take its way back only while there is fuel; says whether it could.
fn fold(function: &mut Function, fuel: Fuel, from: BlockId, which: usize, poll: BlockId) -> bool {
    let terminator = function.blocks[from.index()].terminator.clone();
    let (target, otherwise, condition) = match terminator {
        Terminator::Jump(target) => (target, poll, Operand::Absent),
        Terminator::Branch {
            predicate,
            then,
            otherwise,
        } => {
            // The predicate that leads back, and where the loop is left.
            let Predicate { register, negated } = predicate;
            let (back, negated, out) = match which {
                0 => (then, negated, otherwise),
                _ => (otherwise, !negated, then),
            };
            let operand = match negated {
                true => Operand::Negated(register),
                false => Operand::Register(register),
            };
            let decide = Terminator::Branch {
                predicate: Predicate { register, negated },
                then: poll,
                otherwise: out,
            };
            let left = add_block(function, Block::ending(decide));
            (back, left, operand)
        }
        _ => return false,
    };
    // What is burnt where the loop is left may take the last of it: then it is less than nothing at the next way back.
    let mut goes_on = compare(
        Modifier::Gt,
        Type::S32,
        fuel.decision,
        Operand::Register(fuel.left),
        Operand::Immediate(0),
    );
    if condition != Operand::Absent {
        goes_on = goes_on.with_modifiers(&[Modifier::Gt, Modifier::And]);
        goes_on.operands[4] = condition;
    }
    let block = &mut function.blocks[from.index()];
    block.instructions.extend([fuel.burn(), goes_on]);
    block.terminator = branch(fuel.decision, target, otherwise);
    true
}

impl Fuel {
    fn burn(self) -> Instruction {
        let less = Operand::Immediate(u64::from(self.burnt.wrapping_neg() as u32));
        let left = Operand::Register(self.left);
        binary(Opcode::Add, Type::U32, self.left, left, less)
    }
}

fn burn_block(fuel: Fuel, poll: BlockId, target: BlockId) -> Block {
    let is_empty = compare(
        Modifier::Le,
        Type::S32,
        fuel.decision,
        Operand::Register(fuel.left),
        Operand::Immediate(0),
    );
    Block {
        instructions: vec![fuel.burn(), is_empty],
        terminator: branch(fuel.decision, poll, target),
        cold: false,
    }
}

fn add_poll(function: &mut Function, fuel: Fuel, stopped: BlockId, target: BlockId) -> BlockId {
    let mut instructions = read_stop_word(function, fuel.word).to_vec();
    instructions.push(fill(fuel.left, FUEL));
    instructions.push(compare(
        Modifier::Ne,
        Type::U32,
        fuel.decision,
        Operand::Register(fuel.word),
        Operand::Immediate(0),
    ));
    let poll = Block {
        instructions,
        terminator: branch(fuel.decision, stopped, target),
        cold: true,
    };
    add_block(function, poll)
}

fn fill(fuel: Register, amount: u64) -> Instruction {
    instruction(
        Opcode::Mov,
        Type::U32,
        smallvec![Operand::Register(fuel), Operand::Immediate(amount)],
    )
}
