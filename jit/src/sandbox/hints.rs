//! Prefetches of addresses that are numbers go: they mean nothing to a program, and the driver's compiler refuses some of them.

use crate::ir::{AddressBase, Function, Instruction, Opcode};

pub(super) fn run(function: &mut Function) {
    let is_kept = |instruction: &Instruction| {
        let is_absolute = |base| matches!(base, AddressBase::Absolute);
        instruction.opcode() != Opcode::Prefetch
            || !instruction
                .address()
                .is_some_and(|address| is_absolute(address.base))
    };
    for block in &mut function.blocks {
        block.instructions.retain(is_kept);
    }
}
