//! Lanes of a warp wait for each other only where all of them come.
//!
//! A GPU hangs for ever where lanes wait in two places for each other, or in one place for different lanes. An operation that all
//! lanes come to together, and which names all of them, is left alone. Before any other one the lanes that are there are counted:
//! if one is missing that is named, or this one is not named itself, that is the fault `divergence`.

use super::editor::{
    add_block, add_fault, add_register, binary, branch, compare, form_of, instruction, site,
};
use crate::analysis::Convergence;
use crate::ir::{
    Block, BlockId, FaultCause, Function, Instruction, Modifier, Opcode, Operand, Register,
    SpecialRegister, Terminator, Type, form_for,
};
use smallvec::smallvec;

/// The mask that names every lane.
const ALL: u64 = u32::MAX as u64;

pub(super) fn run(function: &mut Function) {
    if !function.instructions().any(waits) {
        return;
    }
    let convergence = Convergence::of(function, waits);
    let original = function.blocks.len();
    for index in 0..original {
        let together = convergence.is_together(BlockId(index as u32));
        let needs = |instruction: &Instruction| {
            let names_all = mask(instruction) == Some(Operand::Immediate(ALL));
            waits(instruction) && !(together && names_all)
        };
        if !function.blocks[index].instructions.iter().any(needs) {
            continue;
        }
        let instructions = std::mem::take(&mut function.blocks[index].instructions);
        let last = std::mem::replace(&mut function.blocks[index].terminator, Terminator::Exit);
        let mut current = index;
        for instruction in instructions {
            if needs(&instruction)
                && let Some(mask) = mask(&instruction)
            {
                let is_uniform = convergence.is_uniform(&mask);
                current = guard(function, current, &instruction, mask, is_uniform);
            }
            function.blocks[current].instructions.push(instruction);
        }
        function.blocks[current].terminator = last;
    }
}

/// Whether lanes wait for one another there.
fn waits(instruction: &Instruction) -> bool {
    mask(instruction).is_some()
}

/// The lanes that an operation names; none if it waits for nobody.
fn mask(instruction: &Instruction) -> Option<Operand> {
    match instruction.opcode() {
        Opcode::Shfl
        | Opcode::Vote
        | Opcode::Match
        | Opcode::Redux
        | Opcode::BarWarp
        | Opcode::Elect => instruction.operands.last().cloned(),
        Opcode::Mma
        | Opcode::LdMatrix
        | Opcode::StMatrix
        | Opcode::MovMatrix
        | Opcode::WmmaLoad
        | Opcode::WmmaStore
        | Opcode::WmmaMma => Some(Operand::Immediate(ALL)),
        _ => None,
    }
}

/// Counts who is there, and goes on in a new block.
fn guard(
    function: &mut Function,
    current: usize,
    operation: &Instruction,
    mask: Operand,
    is_uniform: bool,
) -> usize {
    let mut done = Vec::new();
    let [own, named, here, met] = [(); 4].map(|()| add_register(function, Type::B32));
    let missing = add_register(function, Type::Pred);
    let register = Operand::Register;
    done.push(form_of(Opcode::ActiveMask, smallvec![register(here)]));
    if !is_uniform {
        // Of those that are here, the ones that name the same lanes.
        done.push(same_mask(here, mask.clone()));
    }
    let special = Operand::Special(SpecialRegister::LanemaskEq);
    done.push(instruction(
        Opcode::Mov,
        Type::U32,
        smallvec![register(own), special],
    ));
    done.push(binary(
        Opcode::Or,
        Type::B32,
        named,
        register(own),
        mask.clone(),
    ));
    done.push(binary(Opcode::And, Type::B32, met, register(here), mask));
    done.push(compare(
        Modifier::Ne,
        Type::U32,
        missing,
        register(met),
        register(named),
    ));
    let fault = add_fault(
        function,
        site(FaultCause::Divergence, 0, operation.span),
        None,
    );
    let next = add_block(function, Block::ending(Terminator::Exit));
    let block = &mut function.blocks[current];
    block.instructions.extend(done);
    block.terminator = branch(missing, fault, next);
    next.index()
}

/// `match.any.sync here, mask, here`
fn same_mask(here: Register, mask: Operand) -> Instruction {
    let here = Operand::Register(here);
    let found = instruction(
        Opcode::Match,
        Type::B32,
        smallvec![here.clone(), mask, here],
    );
    Instruction {
        form: form_for(Opcode::Match, Type::B32),
        ..found
    }
    .with_modifiers(&[Modifier::Any, Modifier::Sync])
}
