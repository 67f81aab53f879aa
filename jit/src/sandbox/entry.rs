//! A block of a launch that was told to stop ends before it begins, so that a grid of many blocks drains, and so that launches
//! behind one that faulted are skipped.
//!
//! To look costs as much as some hundred instructions. So only kernels that run long before their first loop looks, or have
//! none, look in every launch; others where the launch says that one before it may still fail.

use super::editor::{add_block, add_register, branch, compare, instruction, read_stop_word};
use crate::ir::{
    Block, Function, Hidden, Instruction, Modifier, Opcode, Operand, Register, Terminator, Type,
};
use smallvec::smallvec;

/// Instructions that a block may run without a look at the stop word.
const SHORT: usize = 4096;

pub(super) fn run(function: &mut Function) {
    if function.blocks.is_empty() {
        return;
    }
    let stopped = Block {
        cold: true,
        ..Block::ending(Terminator::Stop)
    };
    let stopped = add_block(function, stopped);
    let first = Block::ending(Terminator::Exit);
    let prelude = std::mem::replace(&mut function.blocks[0], first);
    let rest = add_block(function, prelude);
    let word = add_register(function, Type::B32);
    let set = add_register(function, Type::Pred);
    let mut instructions = read_stop_word(function, word).to_vec();
    instructions.push(is_set(Type::U32, set, word));
    let look = Block {
        instructions,
        cold: true,
        ..Block::ending(branch(set, stopped, rest))
    };
    if function.instruction_count() >= SHORT {
        function.blocks[0] = Block {
            cold: false,
            ..look
        };
        return;
    }
    let look = add_block(function, look);
    let told = add_register(function, Type::B64);
    let wanted = add_register(function, Type::Pred);
    let flag = Operand::Hidden(Hidden::Look);
    function.blocks[0] = Block {
        instructions: vec![
            instruction(
                Opcode::Mov,
                Type::U64,
                smallvec![Operand::Register(told), flag],
            ),
            is_set(Type::U64, wanted, told),
        ],
        ..Block::ending(branch(wanted, look, rest))
    };
}

/// `set` tells whether the value is not zero.
fn is_set(ty: Type, set: Register, value: Register) -> Instruction {
    let (value, zero) = (Operand::Register(value), Operand::Immediate(0));
    compare(Modifier::Ne, ty, set, value, zero)
}
