//! An index past a jump table's end takes the last target: on a GPU it would jump anywhere.

use super::editor::{add_register, binary};
use crate::ir::{Function, Opcode, Operand, Terminator, Type};

pub(super) fn run(function: &mut Function) {
    for block in 0..function.blocks.len() {
        let Terminator::Switch { index, ref targets } = function.blocks[block].terminator else {
            continue;
        };
        let last = Operand::Immediate(targets.len().saturating_sub(1) as u64);
        let inside = add_register(function, Type::B32);
        let cut = binary(
            Opcode::Min,
            Type::U32,
            inside,
            Operand::Register(index),
            last,
        );
        let block = &mut function.blocks[block];
        block.instructions.push(cut);
        if let Terminator::Switch { index, .. } = &mut block.terminator {
            *index = inside;
        }
    }
}
