//! Operations of a warp that a group does at once: where it is a whole warp that runs in step, nobody else is waited for.

use super::suspension::Suspension;
use crate::analysis::numbers;
use crate::ir::{Function, Operand, Register, Type};
use std::collections::HashMap;

/// Threads of a warp.
const WARP: u32 = 32;

/// A shuffle of a whole warp by numbers that are known.
pub(super) struct Shuffle {
    /// For each lane the one that it reads, and whether that lies in its segment.
    pub(super) reads: [(u32, bool); WARP as usize],
}

/// For each suspension the shuffle that groups of so many threads do there, if it is one whose numbers are known.
pub(super) fn shuffles(
    function: &Function,
    suspensions: &[Suspension],
    group: u32,
) -> Vec<Option<Shuffle>> {
    let numbers = match group {
        WARP => numbers(function),
        _ => HashMap::new(),
    };
    let shuffles = suspensions.iter().map(|suspension| {
        let known = Known {
            function,
            numbers: &numbers,
        };
        (group == WARP).then(|| known.shuffle(suspension))?
    });
    shuffles.collect()
}

struct Known<'a> {
    function: &'a Function,
    numbers: &'a HashMap<Register, u64>,
}

impl Known<'_> {
    fn shuffle(&self, suspension: &Suspension) -> Option<Shuffle> {
        let operation = &suspension.operation;
        let sources = operation.sources.as_slice();
        let [(value, _), (b, _), (c, _), (mask, _)] = sources else {
            return None;
        };
        let is_fit = self.is_word(value)
            && operation
                .destinations
                .iter()
                .all(|(operand, _)| self.can_be_given(operand))
            && self.number(mask)? == u32::MAX;
        let reads = operation.lanes_read(self.number(b)?, self.number(c)?)?;
        is_fit.then_some(Shuffle { reads })
    }

    fn number(&self, operand: &Operand) -> Option<u32> {
        match operand {
            Operand::Immediate(number) => Some(*number as u32),
            Operand::Register(register) => Some(*self.numbers.get(register)? as u32),
            _ => None,
        }
    }

    fn is_word(&self, operand: &Operand) -> bool {
        match operand {
            Operand::Register(register) => self.function.registers[register.index()].bits() == 32,
            _ => false,
        }
    }

    fn can_be_given(&self, operand: &Operand) -> bool {
        match operand {
            Operand::Register(register) => {
                let ty = self.function.registers[register.index()];
                ty == Type::Pred || ty.bits() == 32
            }
            Operand::Sink | Operand::Absent => true,
            _ => false,
        }
    }
}
