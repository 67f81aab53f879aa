//! Constants are read as what they are: memory of the guest's window.
//!
//! A module's `.const` variables lie in the window with its others, so that their addresses are global ones. On a GPU `.const` is a
//! memory of its own, where the same address is another module's constant, or the driver's.

use crate::ir::{Function, Instruction, Modifier, Opcode};

pub(super) fn run(function: &mut Function) {
    for block in &mut function.blocks {
        for instruction in &mut block.instructions {
            if is_of_constants(instruction) {
                name_global(instruction);
            }
        }
    }
}

/// Loads, and casts of addresses. Whether an address is one of constants is a question that has the same answer on a GPU: no.
fn is_of_constants(instruction: &Instruction) -> bool {
    instruction.has(Modifier::Const) && instruction.opcode() != Opcode::IsSpace
}

fn name_global(instruction: &mut Instruction) {
    for modifier in &mut instruction.modifiers {
        if *modifier == Modifier::Const {
            *modifier = Modifier::Global;
        }
    }
}
