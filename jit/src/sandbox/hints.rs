//! Hints that could do harm are left out.
//!
//! A prefetch may name any address and promises nothing: a guard would have to end threads for what is no mistake, and without one
//! it reaches for memory of others. A cache policy is an opaque word of the hardware, which a guest could make up.

use crate::ir::{FormId, Function, Instruction, Modifier, Opcode, Operand, form_for, only_form};

pub(super) fn run(function: &mut Function) {
    for block in &mut function.blocks {
        block
            .instructions
            .retain(|instruction| instruction.opcode() != Opcode::Prefetch);
        for instruction in &mut block.instructions {
            if instruction.has(Modifier::Local) && instruction.has(Modifier::Volatile) {
                leave_volatile_out(instruction);
            }
            if instruction.has(Modifier::L2CacheHint)
                && let Some(form) = form_without_policy(instruction)
            {
                leave_policy_out(instruction, form);
            }
        }
    }
}

/// A thread's own memory is never volatile: nobody else sees it, and a driver's compiler refuses the word there.
fn leave_volatile_out(access: &mut Instruction) {
    let mut wanted = access.modifiers.to_vec();
    wanted.retain(|modifier| *modifier != Modifier::Volatile);
    *access = access.clone().with_modifiers(&wanted);
}

/// The form of an access that takes no policy: the first of its opcode.
fn form_without_policy(access: &Instruction) -> Option<FormId> {
    match access.opcode() {
        Opcode::CpAsync => Some(only_form(Opcode::CpAsync)),
        opcode => Some(form_for(opcode, access.t?)),
    }
}

/// The policy is the last operand.
fn leave_policy_out(access: &mut Instruction, form: FormId) {
    access.operands.pop();
    access.form = form;
    let wanted = access.modifiers.to_vec();
    *access = access.clone().with_modifiers(&wanted);
    // What may be left out is left out.
    access
        .operands
        .resize(form.form().roles.len(), Operand::Absent);
}
