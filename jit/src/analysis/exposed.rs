//! Registers whose values pass from block to block.

use crate::ir::{AddressBase, Block, Function, Instruction, Operand, Register};

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
        for_each_read(instruction, &mut |register| read(register, written_in));
        for_each_written(instruction, &mut |register| {
            written_in[register.index()] = number;
            on_write(register);
        });
    }
    if let Some(register) = block.terminator.reads() {
        read(register, written_in);
    }
}

/// Every register whose value an instruction may use. A predicated write leaves the old value where the predicate is false.
fn for_each_read(instruction: &Instruction, visit: &mut impl FnMut(Register)) {
    if let Some(predicate) = instruction.predicate {
        visit(predicate.register);
    }
    let roles = &instruction.form.form().roles;
    for (role, operand) in roles.iter().zip(&instruction.operands) {
        if !role.destination || instruction.predicate.is_some() {
            for_each_register(operand, visit);
        }
    }
}

/// Every register that an instruction writes for sure.
pub(crate) fn for_each_written(instruction: &Instruction, visit: &mut impl FnMut(Register)) {
    if instruction.predicate.is_some() {
        return;
    }
    let roles = &instruction.form.form().roles;
    for (role, operand) in roles.iter().zip(&instruction.operands) {
        if role.destination {
            for_each_register(operand, visit);
        }
    }
}

pub(crate) fn for_each_register(operand: &Operand, visit: &mut impl FnMut(Register)) {
    match operand {
        Operand::Register(register) | Operand::Negated(register) => visit(*register),
        Operand::Address(address) => {
            if let AddressBase::Register(register) = address.base {
                visit(register);
            }
            // What compiled code uses instead.
            if let Some(offset) = address.guarded {
                visit(offset);
            }
        }
        Operand::Vector(elements) => elements.iter().for_each(|element| {
            if let Operand::Register(register) = element {
                visit(*register);
            }
        }),
        _ => {}
    }
}
