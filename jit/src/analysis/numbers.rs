//! Registers that hold one number wherever they are read.

use crate::ir::{Function, Opcode, Operand, Register};
use std::collections::HashMap;

/// Registers into which one number is moved and nothing else is written.
pub(crate) fn numbers(function: &Function) -> HashMap<Register, u64> {
    let mut numbers: HashMap<Register, Option<u64>> = HashMap::new();
    for instruction in function.instructions() {
        let moved = match (instruction.opcode(), instruction.operands.as_slice()) {
            (Opcode::Mov, [_, Operand::Immediate(number)]) if instruction.predicate.is_none() => {
                Some(*number)
            }
            _ => None,
        };
        for register in instruction.destinations() {
            let known = numbers.entry(register).or_insert(moved);
            if *known != moved {
                *known = None;
            }
        }
    }
    let numbers = numbers.into_iter();
    numbers
        .filter_map(|(register, number)| Some((register, number?)))
        .collect()
}
