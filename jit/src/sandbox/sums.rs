//! Which registers are a pointer plus an index, as known at one place of a block.
//!
//! An access to `pointer + index` lies at `(pointer - window) + index` in the window. Written so, the difference does not
//! change in a loop over the index, or on the CPU device from thread to thread, and its computation moves out.

use crate::analysis::{Root, roots, small_addresses_escape};
use crate::ir::{Function, Instruction, Opcode, Operand, Register, Type};

/// A register that was last written as a sum.
#[derive(Clone, Copy)]
pub(super) struct Sum {
    total: Register,
    /// The summand that is an address.
    pub(super) pointer: Register,
    /// The other one.
    pub(super) index: Register,
}

/// The registers of a function that are computed from an address.
pub(super) struct Pointers {
    roots: Vec<Root>,
    /// Whether an address of shared or local memory may be where a parameter is thought to be.
    escaped: bool,
}

impl Pointers {
    pub(super) fn of(function: &Function) -> Self {
        let roots = roots(function);
        let escaped = small_addresses_escape(function, &roots);
        Self { roots, escaped }
    }

    /// Whether a register is computed from one parameter alone, and from nothing else that is an address.
    pub(super) fn is_parameter(&self, register: Register) -> bool {
        let root = self.roots.get(register.index());
        !self.escaped && matches!(root, Some(Root::Parameter(_)))
    }

    fn contains(&self, register: Register) -> bool {
        self.roots
            .get(register.index())
            .is_some_and(|root| *root != Root::None)
    }
}

/// How many sums are remembered: as many as a block's next accesses are likely to use.
const REMEMBERED: usize = 32;

/// The sums that hold at one place of a block.
#[derive(Default)]
pub(super) struct Sums(Vec<Sum>);

impl Sums {
    /// The sum that a register is, if it is known to be one.
    pub(super) fn find(&self, total: Register) -> Option<Sum> {
        self.0.iter().rev().find(|sum| sum.total == total).copied()
    }

    /// What is known after an instruction.
    pub(super) fn after(&mut self, instruction: &Instruction, pointers: &Pointers) {
        let roles = &instruction.form.form().roles;
        for (_, operand) in roles
            .iter()
            .zip(&instruction.operands)
            .filter(|(role, _)| role.destination)
        {
            match operand {
                Operand::Register(register) => self.forget(*register),
                Operand::Vector(_) => self.0.clear(),
                _ => {}
            }
        }
        if let Some(sum) = as_sum(instruction, pointers) {
            if self.0.len() == REMEMBERED {
                self.0.remove(0);
            }
            self.0.push(sum);
        }
    }

    fn forget(&mut self, written: Register) {
        self.0
            .retain(|sum| ![sum.total, sum.pointer, sum.index].contains(&written));
    }
}

fn as_sum(instruction: &Instruction, pointers: &Pointers) -> Option<Sum> {
    let is_sum = instruction.opcode() == Opcode::Add
        && instruction.predicate.is_none()
        && instruction.t.is_some_and(Type::is_integer);
    let [
        Operand::Register(total),
        Operand::Register(a),
        Operand::Register(b),
    ] = *instruction.operands.as_slice()
    else {
        return None;
    };
    let (pointer, index) = match (pointers.contains(a), pointers.contains(b)) {
        (true, false) => (a, b),
        (false, true) => (b, a),
        _ => return None,
    };
    // A total that is its own summand is another value now.
    (is_sum && total != a && total != b).then_some(Sum {
        total,
        pointer,
        index,
    })
}
