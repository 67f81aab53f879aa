//! A block of a launch that was told to stop ends before it begins, so that a grid of many blocks drains.
//!
//! A kernel without loops that is short gains nothing: its blocks end as fast by themselves.

use super::editor::{add_block, add_register, branch, compare, read_stop_word};
use crate::analysis::back_edges;
use crate::ir::{Block, BlockId, Function, Modifier, Operand, Terminator, Type};

/// Instructions that a block may run without a look at the stop word.
const SHORT: usize = 512;

pub(super) fn run(function: &mut Function) {
    let is_short = function.instruction_count() < SHORT && back_edges(function).is_empty();
    if is_short || function.blocks.is_empty() {
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
