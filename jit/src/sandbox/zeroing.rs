//! Registers that may be read before they are written start as zero.
//!
//! `ptxas` was seen to put the stack pointer into one, and on the CPU device it would hold what the thread before left there.

use super::editor::instruction;
use crate::ir::{
    Address, AddressBase, Block, Function, Instruction, Opcode, Operand, Register, Terminator, Type,
};
use smallvec::smallvec;

pub(super) fn run(function: &mut Function) {
    let mut exposed = vec![false; function.registers.len()];
    // The block in which a register was last seen written, by number: no list to clear for each block.
    let mut written_in = vec![usize::MAX; function.registers.len()];
    for (number, block) in function.blocks.iter().enumerate() {
        visit_block(block, number, &mut exposed, &mut written_in);
    }
    let mut zeroes = Vec::new();
    for (index, ty) in function
        .registers
        .iter()
        .enumerate()
        .filter(|(index, _)| exposed[*index])
    {
        zeroes.push(zero(Register(index as u32), *ty));
    }
    if let Some(prelude) = function.blocks.first_mut() {
        prelude.instructions.splice(0..0, zeroes);
    }
}

fn zero(register: Register, ty: Type) -> Instruction {
    let operands = smallvec![Operand::Register(register), Operand::Immediate(0)];
    match ty {
        // `mov` has no 8-bit types, `cvt` has.
        Type::B8 | Type::U8 | Type::S8 => Instruction {
            u: Some(Type::U32),
            ..instruction(Opcode::Cvt, Type::U8, operands)
        },
        Type::F16 | Type::Bf16 => instruction(Opcode::Mov, Type::B16, operands),
        ty => instruction(Opcode::Mov, ty, operands),
    }
}

fn visit_block(block: &Block, number: usize, exposed: &mut [bool], written_in: &mut [usize]) {
    let mut read = |register: Register, written_in: &[usize]| {
        if written_in[register.index()] != number {
            exposed[register.index()] = true;
        }
    };
    for instruction in &block.instructions {
        if let Some(predicate) = instruction.predicate {
            read(predicate.register, written_in);
        }
        let roles = &instruction.form.form().roles;
        for (role, operand) in roles.iter().zip(&instruction.operands) {
            // A predicated write leaves the old value where the predicate is false.
            if !role.destination || instruction.predicate.is_some() {
                for_each_register(operand, &mut |register| read(register, written_in));
            }
        }
        for (role, operand) in roles.iter().zip(&instruction.operands) {
            if role.destination && instruction.predicate.is_none() {
                for_each_register(operand, &mut |register| {
                    written_in[register.index()] = number
                });
            }
        }
    }
    if let Terminator::Branch { predicate, .. } = &block.terminator {
        read(predicate.register, written_in);
    }
}

fn for_each_register(operand: &Operand, visit: &mut impl FnMut(Register)) {
    match operand {
        Operand::Register(register) | Operand::Negated(register) => visit(*register),
        Operand::Address(Address {
            base: AddressBase::Register(register),
            ..
        }) => visit(*register),
        Operand::Vector(elements) => elements.iter().for_each(|element| {
            if let Operand::Register(register) = element {
                visit(*register);
            }
        }),
        _ => {}
    }
}
