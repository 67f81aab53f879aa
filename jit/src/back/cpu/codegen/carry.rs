//! Sums of several words (PTX ISA, "Extended-Precision Integer Arithmetic Instructions"): the carry flag is a predicate.
//!
//! GPUs subtract by adding the complement, so that a borrow is a carry that is missing, though the PTX ISA says that the flag is
//! the borrow. No one sees it but who lets a `subc` follow an `add.cc`, and then this does as GPUs do.

use super::translate::{Translator, Written};
use crate::ir::{Instruction, Opcode, Type};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value};

/// Where an instruction's form has the carry flag that it writes, and the one that it reads.
fn places(instruction: &Instruction) -> (Option<usize>, Option<usize>) {
    let place = |destination| {
        let mut roles = instruction.form.form().roles.iter();
        roles.position(|role| role.implicit && role.destination == destination)
    };
    (place(true), place(false))
}

impl Translator<'_, '_> {
    /// `add`, `sub` and `mad` with `.cc`, and `addc`, `subc` and `madc`.
    pub(super) fn with_carry(&mut self, instruction: &Instruction, t: Type) {
        let (written, read) = places(instruction);
        let carry = read.map(|index| self.read(instruction, index, Type::Pred));
        let a = self.read(instruction, 1, t);
        let (value, carry) = match instruction.opcode() {
            Opcode::SubCarry => {
                let b = self.read(instruction, 2, t);
                self.difference(a, b, carry)
            }
            Opcode::MadCarry => {
                let product = self.multiply(instruction, t, a);
                let c = self.read(instruction, 3, t);
                self.carried_sum(product, c, carry)
            }
            _ => {
                let b = self.read(instruction, 2, t);
                self.carried_sum(a, b, carry)
            }
        };
        let mut results = vec![Written::new(0, value, t)];
        results.extend(written.map(|index| Written::new(index, carry, Type::Pred)));
        self.write_all(instruction, &results);
    }

    /// A sum and its carry.
    fn carried_sum(&mut self, a: Value, b: Value, carry: Option<Value>) -> (Value, Value) {
        let sum = self.builder.ins().iadd(a, b);
        let over = self.builder.ins().icmp(IntCC::UnsignedLessThan, sum, a);
        let Some(carry) = carry else {
            return (sum, over);
        };
        let ty = self.builder.func.dfg.value_type(sum);
        let carry = self.extend(carry, ty, false);
        let whole = self.builder.ins().iadd(sum, carry);
        let again = self.builder.ins().icmp(IntCC::UnsignedLessThan, whole, sum);
        (whole, self.builder.ins().bor(over, again))
    }

    /// A difference, and the carry that is missing where it borrows.
    fn difference(&mut self, a: Value, b: Value, carry: Option<Value>) -> (Value, Value) {
        let complement = self.builder.ins().bnot(b);
        let carry = match carry {
            Some(carry) => carry,
            None => self.constant(1, Type::Pred),
        };
        self.carried_sum(a, complement, Some(carry))
    }
}
