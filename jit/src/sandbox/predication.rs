//! A predicated access or operation of a warp becomes a branch around it.

use super::editor::add_block;
use crate::ir::{Block, Effect, Function, Instruction, Terminator};

pub(super) fn run(function: &mut Function) {
    for index in 0..function.blocks.len() {
        if function.blocks[index]
            .instructions
            .iter()
            .any(is_predicated_access)
        {
            split(function, index);
        }
    }
}

fn is_predicated_access(instruction: &Instruction) -> bool {
    instruction.predicate.is_some()
        && (instruction.is_access() || instruction.effect() == Effect::Collective)
}

fn split(function: &mut Function, index: usize) {
    let instructions = std::mem::take(&mut function.blocks[index].instructions);
    let last = std::mem::replace(&mut function.blocks[index].terminator, Terminator::Exit);
    let mut current = index;
    for mut instruction in instructions {
        let Some(predicate) = instruction
            .predicate
            .filter(|_| is_predicated_access(&instruction))
        else {
            function.blocks[current].instructions.push(instruction);
            continue;
        };
        instruction.predicate = None;
        let after = add_block(function, Block::ending(Terminator::Exit));
        let access = Block {
            instructions: vec![instruction],
            ..Block::ending(Terminator::Jump(after))
        };
        let access = add_block(function, access);
        function.blocks[current].terminator = Terminator::Branch {
            predicate,
            then: access,
            otherwise: after,
        };
        current = after.index();
    }
    function.blocks[current].terminator = last;
}
