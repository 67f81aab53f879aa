//! Every loop looks at the stop word now and then.
//!
//! A counter in a register, the fuel, falls by one on each way back; the word is read when it is used up. Reading memory on every
//! way back would make tight loops many times slower.

use super::editor::{add_block, add_register, binary, branch, compare, instruction};
use crate::analysis::back_edges;
use crate::ir::{
    Address, AddressBase, Block, BlockId, Function, Hidden, Modifier, Opcode, Operand, Register,
    Terminator, Type,
};
use smallvec::smallvec;

/// What is burnt between two looks at the stop word, at one for each way back of a small kernel: microseconds of a GPU's time,
/// and so rare that a look costs nothing.
const FUEL: u64 = 1024;

/// Instructions of a kernel that make a way back burn one more: a large body is not run a thousand times unseen.
const INSTRUCTIONS_OF_A_UNIT: u64 = 16;

/// What a way back burns; a power of two, so that the fuel is used up exactly.
fn burnt_each_time(function: &Function) -> u64 {
    let instructions = function.instruction_count();
    (instructions as u64 / INSTRUCTIONS_OF_A_UNIT)
        .max(1)
        .next_power_of_two()
        .min(FUEL)
}

/// Loops that begin in the blocks of `bounded`, all of whose ways back lead there, end soon by themselves.
pub(super) fn run(function: &mut Function, bounded: &[BlockId]) {
    let mut edges = back_edges(function);
    edges.retain(|(from, which)| {
        let successors = function.blocks[from.index()].terminator.successors();
        let target = successors.get(*which);
        target.is_none_or(|target| !bounded.contains(target))
    });
    if edges.is_empty() {
        return;
    }
    let burnt = burnt_each_time(function);
    let fuel = add_register(function, Type::B32);
    let empty = add_register(function, Type::Pred);
    let address = add_register(function, Type::B64);
    let word = add_register(function, Type::B32);
    let stopped = add_block(
        function,
        Block {
            cold: true,
            ..Block::ending(Terminator::Stop)
        },
    );
    for (from, which) in edges {
        let poll = add_block(
            function,
            Block {
                cold: true,
                ..Block::ending(Terminator::Exit)
            },
        );
        let burn = add_block(function, Block::ending(Terminator::Exit));
        let mut target = burn;
        let redirect = |successor, old| {
            if successor == which {
                target = old;
                burn
            } else {
                old
            }
        };
        function.blocks[from.index()]
            .terminator
            .map_successors(redirect);
        function.blocks[burn.index()] = burn_block(burnt, fuel, empty, poll, target);
        function.blocks[poll.index()] = poll_block(fuel, empty, address, word, stopped, target);
    }
    if let Some(prelude) = function.blocks.first_mut() {
        prelude.instructions.push(refill(fuel));
    }
}

fn burn_block(
    burnt: u64,
    fuel: Register,
    empty: Register,
    poll: BlockId,
    target: BlockId,
) -> Block {
    let less = Operand::Immediate(u64::from(burnt.wrapping_neg() as u32));
    let instructions = vec![
        binary(Opcode::Add, Type::U32, fuel, Operand::Register(fuel), less),
        compare(
            Modifier::Eq,
            Type::U32,
            empty,
            Operand::Register(fuel),
            Operand::Immediate(0),
        ),
    ];
    Block {
        instructions,
        terminator: branch(empty, poll, target),
        cold: false,
    }
}

fn poll_block(
    fuel: Register,
    empty: Register,
    address: Register,
    word: Register,
    stopped: BlockId,
    target: BlockId,
) -> Block {
    let stop = Operand::Hidden(Hidden::Stop);
    let place = Operand::Address(Address::new(AddressBase::Register(address), 0));
    let instructions = vec![
        instruction(
            Opcode::Mov,
            Type::U64,
            smallvec![Operand::Register(address), stop],
        ),
        instruction(
            Opcode::LdSandbox,
            Type::U32,
            smallvec![Operand::Register(word), place],
        ),
        refill(fuel),
        compare(
            Modifier::Ne,
            Type::U32,
            empty,
            Operand::Register(word),
            Operand::Immediate(0),
        ),
    ];
    Block {
        instructions,
        terminator: branch(empty, stopped, target),
        cold: true,
    }
}

fn refill(fuel: Register) -> crate::ir::Instruction {
    instruction(
        Opcode::Mov,
        Type::U32,
        smallvec![Operand::Register(fuel), Operand::Immediate(FUEL)],
    )
}
