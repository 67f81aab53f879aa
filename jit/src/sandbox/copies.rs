//! A copy reads no more than it writes: what more does is not defined (PTX ISA, `cp.async`).

use super::editor::{add_register, binary};
use crate::ir::{Function, Opcode, Operand, Register, Type};

pub(super) fn run(function: &mut Function) {
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

/// Cuts a copy's size off before the copy.
fn cut(function: &mut Function, block: usize, place: usize, read: Register, written: u64) {
    let size = add_register(function, Type::B32);
    let (read, written) = (Operand::Register(read), Operand::Immediate(written));
    let instructions = &mut function.blocks[block].instructions;
    instructions[place].operands[3] = Operand::Register(size);
    instructions.insert(place, binary(Opcode::Min, Type::U32, size, read, written));
}
