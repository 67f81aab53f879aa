//! A block of a launch that was told to stop ends before it begins, so that a grid of many blocks drains.
//!
//! Only kernels gain from that which run long before their first loop looks at the stop word, or have none: to look costs as much
//! as some hundred instructions.

use super::editor::{add_block, add_register, branch, compare, read_stop_word};
use crate::ir::{Block, BlockId, Function, Modifier, Operand, Terminator, Type};

/// Instructions that a block may run without a look at the stop word.
const SHORT: usize = 4096;

pub(super) fn run(function: &mut Function) {
    if function.instruction_count() < SHORT || function.blocks.is_empty() {
        return;
    }
    let word = add_register(function, Type::B32);
    let set = add_register(function, Type::Pred);
    let mut instructions = read_stop_word(function, word).to_vec();
    instructions.push(compare(
        Modifier::Ne,
        Type::U32,
        set,
        Operand::Register(word),
        Operand::Immediate(0),
    ));
    let stopped = Block {
        cold: true,
        ..Block::ending(Terminator::Stop)
    };
    let stopped = add_block(function, stopped);
    let prelude = &mut function.blocks[0];
    let first = Block {
        instructions,
        ..Block::ending(Terminator::Exit)
    };
    let prelude = std::mem::replace(prelude, first);
    let rest = add_block(function, prelude);
    function.blocks[BlockId(0).index()].terminator = branch(set, stopped, rest);
}
