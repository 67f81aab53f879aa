//! Runs of accesses that one guard can stand before: no way leads in between, and their addresses are known at the first.

use crate::ir::{
    Address, AddressBase, Effect, Function, Instruction, Opcode, Operand, Register, Space, Type,
};
use std::collections::HashSet;

/// Accesses that one guard stands before, at most: their addresses are held in registers together.
const MOST_ACCESSES: usize = 64;

/// Instructions of a block, from an access on.
pub(super) struct Run {
    /// How many instructions belong to it.
    pub(super) length: usize,
    /// Which of them can be done before the guard: what computes addresses.
    pub(super) before: Vec<bool>,
    /// Which of them are accesses that the guard stands before.
    pub(super) accesses: Vec<usize>,
}

/// Whether an access is one that a common guard knows: one address in a register, and a size that is known.
pub(super) fn is_simple(function: &Function, instruction: &Instruction) -> bool {
    let is_known = matches!(
        instruction.opcode(),
        Opcode::Ld | Opcode::Ldu | Opcode::St | Opcode::Atom | Opcode::Red
    );
    let Some(address) = instruction.address().filter(|_| is_known) else {
        return false;
    };
    let is_narrow = |base: Register| function.registers[base.index()].bits() == 32;
    needs_guard(address)
        && match (address.base, instruction.space()) {
            (AddressBase::Register(_), Space::Shared | Space::Local) => true,
            (AddressBase::Register(base), Space::Global | Space::Generic) => !is_narrow(base),
            _ => false,
        }
}

fn needs_guard(address: &Address) -> bool {
    address.covered.is_none()
        && address.row.is_none()
        && !address.proved
        && address.guarded.is_none()
}

impl Run {
    /// The run that begins with the first of these instructions.
    pub(super) fn of(function: &Function, instructions: &[Instruction]) -> Self {
        let mut run = Self {
            length: 0,
            before: Vec::new(),
            accesses: Vec::new(),
        };
        // What instructions write and read that stay behind the guard.
        let (mut written, mut read) = (HashSet::new(), HashSet::new());
        for (place, instruction) in instructions.iter().enumerate() {
            if is_simple(function, instruction) {
                let base = base(instruction);
                let is_late = base.is_none_or(|base| written.contains(&base));
                if is_late || run.accesses.len() == MOST_ACCESSES {
                    break;
                }
                run.accesses.push(place);
            } else if instruction.effect() == Effect::Collective
                || (instruction.is_access() && instruction.address().is_none_or(needs_guard))
            {
                break;
            }
            let reads = registers_read(instruction);
            let stays = !is_computation(instruction)
                || reads.iter().any(|it| written.contains(it))
                || instruction
                    .destinations()
                    .any(|it| written.contains(&it) || read.contains(&it));
            if stays {
                written.extend(instruction.destinations());
                read.extend(reads);
            }
            run.before.push(!stays);
            run.length = place + 1;
        }
        run
    }
}

/// The register that an access's address is in.
pub(super) fn base(instruction: &Instruction) -> Option<Register> {
    match instruction.address()?.base {
        AddressBase::Register(base) => Some(base),
        _ => None,
    }
}

/// Whether an instruction does nothing but to compute integers, and so may be done earlier.
fn is_computation(instruction: &Instruction) -> bool {
    let has_flag = matches!(
        instruction.opcode(),
        Opcode::AddCarry | Opcode::SubCarry | Opcode::MadCarry
    );
    let is_integer = instruction
        .t
        .is_none_or(|t| t.is_integer() || t == Type::Pred);
    instruction.effect() == Effect::Pure && is_integer && !has_flag
}

fn registers_read(instruction: &Instruction) -> Vec<Register> {
    let mut read: Vec<Register> = Vec::new();
    let mut add = |operand: &Operand| match operand {
        Operand::Register(register) | Operand::Negated(register) => read.push(*register),
        Operand::Address(address) => {
            if let AddressBase::Register(base) = address.base {
                read.push(base);
            }
        }
        _ => {}
    };
    let roles = instruction.form.form().roles.iter();
    for (role, operand) in roles.zip(&instruction.operands) {
        match operand {
            _ if role.destination => {}
            Operand::Vector(elements) => elements.iter().for_each(&mut add),
            single => add(single),
        }
    }
    if let Some(predicate) = instruction.predicate {
        // What is not written keeps what it held.
        read.push(predicate.register);
        read.extend(instruction.destinations());
    }
    read
}
