//! Registers whose values pass from block to block.

use crate::ir::{Address, AddressBase, Block, Function, Operand, Register, Terminator};

/// For each register whether some block may read it before it has written it.
pub(crate) fn exposed_registers(function: &Function) -> Vec<bool> {
    let mut exposed = vec![false; function.registers.len()];
    // The block in which a register was last seen written, by number: no list to clear for each block.
    let mut written_in = vec![usize::MAX; function.registers.len()];
    for (number, block) in function.blocks.iter().enumerate() {
        let mut read = |register: Register| exposed[register.index()] = true;
        visit_block(block, number, &mut written_in, &mut read, &mut |_| ());
    }
    exposed
}

/// Tells the registers that a block reads before it has written them, and those that it writes whatever its predicates are.
pub(super) fn visit_block(
    block: &Block,
    number: usize,
    written_in: &mut [usize],
    on_read: &mut impl FnMut(Register),
    on_write: &mut impl FnMut(Register),
) {
    let mut read = |register: Register, written_in: &[usize]| {
        if written_in[register.index()] != number {
            on_read(register);
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
                    written_in[register.index()] = number;
                    on_write(register);
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
