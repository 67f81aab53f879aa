//! A copy reads no more than it writes: what more does is not defined (PTX ISA, `cp.async`).
//!
//! Most copies choose between all and nothing. Those are left as they are: the vendor's compiler knows them.

use super::editor::{add_register, binary};
use crate::ir::{Function, Opcode, Operand, Register, Type};
use std::collections::HashMap;

pub(super) fn run(function: &mut Function) {
    let mut instructions = function.instructions();
    if !instructions.any(|instruction| instruction.opcode() == Opcode::CpAsync) {
        return;
    }
    drop(instructions);
    let known = choices(function);
    for index in 0..function.blocks.len() {
        let mut place = 0;
        while let Some(instruction) = function.blocks[index].instructions.get_mut(place) {
            place += 1;
            if instruction.opcode() != Opcode::CpAsync || !instruction.reads_size() {
                continue;
            }
            let Some(Operand::Immediate(written)) = instruction.operands.get(2).cloned() else {
                continue;
            };
            match &mut instruction.operands[3] {
                Operand::Immediate(read) => *read = written.min(*read),
                Operand::Register(read) if known.get(read).is_some_and(|most| *most <= written) => {
                }
                Operand::Register(read) => {
                    let read = *read;
                    cut(function, index, place - 1, read, written);
                    place += 1;
                }
                _ => {}
            }
        }
    }
}

/// Registers that are written once, as one of two numbers, and the larger of these.
fn choices(function: &Function) -> HashMap<Register, u64> {
    let mut known: HashMap<Register, Option<u64>> = HashMap::new();
    for instruction in function.instructions() {
        let chosen = match (instruction.opcode(), instruction.operands.as_slice()) {
            (Opcode::Selp, [_, Operand::Immediate(a), Operand::Immediate(b), _])
                if instruction.predicate.is_none() =>
            {
                Some(*a.max(b))
            }
            _ => None,
        };
        for register in instruction.destinations() {
            // Whoever is written twice may be anything.
            let once = known.contains_key(&register);
            known.insert(register, chosen.filter(|_| !once));
        }
    }
    let known = known.into_iter();
    known
        .filter_map(|(register, most)| Some((register, most?)))
        .collect()
}

/// Cuts a copy's size off before the copy.
fn cut(function: &mut Function, block: usize, place: usize, read: Register, written: u64) {
    let size = add_register(function, Type::B32);
    let (read, written) = (Operand::Register(read), Operand::Immediate(written));
    let instructions = &mut function.blocks[block].instructions;
    instructions[place].operands[3] = Operand::Register(size);
    instructions.insert(place, binary(Opcode::Min, Type::U32, size, read, written));
}
