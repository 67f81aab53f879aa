//! What guards on the way have shown: an access that lies in what was held against its memory before needs no guard of its own.

use super::runs::{base, is_simple};
use crate::analysis::dominators::Dominators;
use crate::ir::{Address, AddressBase, BlockId, Function, Instruction, Operand, Register, Space};
use std::collections::HashMap;

/// How many guards are remembered of a place.
const REMEMBERED: usize = 32;

/// How far behind a guard accesses are looked for.
const AHEAD: usize = 1024;

/// Bytes at constant distances from one register that lie in their memory.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) space: Space,
    pub(super) base: Register,
    /// The first byte, and the one behind the last.
    pub(super) least: i64,
    pub(super) end: i64,
    /// Accesses that are aligned: their distances and sizes.
    pub(super) aligned: Vec<(i64, u32)>,
    /// Where the first byte lies, as an address of 64 bits, if the register has 32.
    pub(super) address: Option<Register>,
}

impl Held {
    fn covers(&self, access: &Instruction) -> bool {
        let (Some(address), bytes) = (access.address(), access.access_bytes()) else {
            return false;
        };
        let at = address.offset;
        let is_inside = at >= self.least
            && at
                .checked_add(i64::from(bytes))
                .is_some_and(|end| end <= self.end);
        let is_aligned = |(known, size): &(i64, u32)| {
            *size >= bytes && known.abs_diff(at).is_multiple_of(u64::from(bytes.max(1)))
        };
        let space = space_of(access);
        self.space == space
            && base(access) == Some(self.base)
            && is_inside
            && (bytes == 1 || self.aligned.iter().any(is_aligned))
    }

    fn apply(&self, access: &mut Instruction) {
        for operand in &mut access.operands {
            if let Operand::Address(address) = operand {
                let base = match self.address {
                    Some(register) => Address {
                        base: AddressBase::Register(register),
                        offset: address.offset - self.least,
                        ..*address
                    },
                    None => *address,
                };
                *address = Address {
                    proved: true,
                    ..base
                };
            }
        }
    }
}

/// The memory that an access is guarded for.
pub(super) fn space_of(access: &Instruction) -> Space {
    match access.space() {
        Space::Generic => Space::Global,
        space => space,
    }
}

/// What is held at one place.
#[derive(Clone, Default)]
pub(super) struct Shown(Vec<Held>);

impl Shown {
    pub(super) fn add(&mut self, held: impl Iterator<Item = Held>) {
        self.0.extend(held);
        let spare = self.0.len().saturating_sub(REMEMBERED);
        self.0.drain(..spare);
    }

    /// What is left of it behind an instruction.
    pub(super) fn after(&mut self, instruction: &Instruction) {
        if !self.0.is_empty() {
            for register in instruction.destinations() {
                self.0.retain(|held| held.base != register);
            }
        }
    }

    /// Marks the accesses among the next instructions that need no guard.
    pub(super) fn mark(&self, function: &Function, instructions: &mut [Instruction]) {
        let mut left = self.clone();
        for instruction in instructions.iter_mut().take(AHEAD) {
            if left.0.is_empty() {
                return;
            }
            if is_simple(function, instruction)
                && let Some(held) = left.0.iter().rev().find(|held| held.covers(instruction))
            {
                held.apply(instruction);
            }
            left.after(instruction);
        }
    }
}

/// What is held at the ends of blocks, for those that these dominate.
pub(super) struct AtEnds {
    dominators: Dominators,
    at: HashMap<BlockId, Shown>,
    /// Registers that are written in more than one place: what is known of one does not hold on every way.
    written_often: Vec<bool>,
}

impl AtEnds {
    pub(super) fn of(function: &Function) -> Self {
        let mut written = vec![false; function.registers.len()];
        let mut written_often = written.clone();
        for register in function.instructions().flat_map(Instruction::destinations) {
            let before = std::mem::replace(&mut written[register.index()], true);
            written_often[register.index()] |= before;
        }
        Self {
            dominators: Dominators::of(function),
            at: HashMap::new(),
            written_often,
        }
    }

    /// The blocks, each behind its dominator.
    pub(super) fn order(&self) -> Vec<BlockId> {
        self.dominators.order().to_vec()
    }

    /// What is held where a block begins.
    pub(super) fn before(&self, block: BlockId) -> Shown {
        let parent = self.dominators.parent(block);
        let shown = parent.and_then(|parent| self.at.get(&parent));
        shown.cloned().unwrap_or_default()
    }

    pub(super) fn set(&mut self, block: BlockId, mut shown: Shown) {
        let often = |register: Register| self.written_often.get(register.index()) != Some(&false);
        shown.0.retain(|held| !often(held.base));
        if !shown.0.is_empty() {
            self.at.insert(block, shown);
        }
    }
}
