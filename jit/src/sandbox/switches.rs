//! A register that counts past a list of branch targets counts the last one: a GPU would go wherever it points.

use super::editor::{add_register, binary};
use crate::ir::{Function, Opcode, Operand, Terminator, Type};

pub(super) fn run(function: &mut Function) {
    for index in 0..function.blocks.len() {
        let Terminator::Switch {
            index: counter,
            targets,
        } = function.blocks[index].terminator.clone()
        else {
            continue;
        };
        let last = Operand::Immediate(targets.len().saturating_sub(1) as u64);
        let clamped = add_register(function, Type::B32);
        let block = &mut function.blocks[index];
        block.instructions.push(binary(
            Opcode::Min,
            Type::U32,
            clamped,
            Operand::Register(counter),
            last,
        ));
        block.terminator = Terminator::Switch {
            index: clamped,
            targets,
        };
    }
}
