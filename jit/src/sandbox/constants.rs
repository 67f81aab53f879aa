//! Constants lie in the guest's window, and so are read as what lies there: a GPU's constant memory is another.

use crate::ir::{Function, Instruction, Modifier};

pub(super) fn run(function: &mut Function) {
    for block in &mut function.blocks {
        for instruction in &mut block.instructions {
            if instruction.has(Modifier::Const) {
                rename(instruction);
            }
        }
    }
}

fn rename(instruction: &mut Instruction) {
    let mut wanted = instruction.modifiers.to_vec();
    wanted.retain(|modifier| *modifier != Modifier::Const);
    wanted.push(Modifier::Global);
    *instruction = instruction.clone().with_modifiers(&wanted);
}
