//! Which registers' values are still wanted where a block begins.

use super::exposed::{for_each_read, for_each_written};
use super::order::reverse_postorder;
use crate::ir::{BlockId, Function, Register};

/// A set of registers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RegisterSet(Vec<u64>);

impl RegisterSet {
    fn with_room(registers: usize) -> Self {
        Self(vec![0; registers.div_ceil(64)])
    }

    pub(crate) fn contains(&self, register: Register) -> bool {
        let (word, bit) = (register.index() / 64, register.index() % 64);
        self.0.get(word).is_some_and(|word| word >> bit & 1 != 0)
    }

    pub(crate) fn remove(&mut self, register: Register) {
        let (word, bit) = (register.index() / 64, register.index() % 64);
        if let Some(word) = self.0.get_mut(word) {
            *word &= !(1 << bit);
        }
    }

    fn insert(&mut self, register: Register) {
        let (word, bit) = (register.index() / 64, register.index() % 64);
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << bit;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Register> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let bits = (0..64).filter(move |bit| word >> bit & 1 != 0);
            bits.map(move |bit| Register((index * 64 + bit) as u32))
        })
    }
}

/// The registers that are live where each block begins; none in blocks that cannot be reached.
pub(crate) struct Liveness {
    live_in: Vec<RegisterSet>,
}

impl Liveness {
    pub(crate) fn of(function: &Function) -> Self {
        let registers = function.registers.len();
        let order = reverse_postorder(function);
        let mut live_in = vec![RegisterSet::default(); function.blocks.len()];
        let mut local =
            vec![(RegisterSet::default(), RegisterSet::default()); function.blocks.len()];
        for block in &order {
            live_in[block.index()] = RegisterSet::with_room(registers);
            local[block.index()] = reads_and_writes(function, *block, registers);
        }
        let mut changed = true;
        while changed {
            changed = false;
            for block in order.iter().rev() {
                let successors = function.blocks[block.index()].terminator.successors();
                let (reads, writes) = &local[block.index()];
                for word in 0..reads.0.len() {
                    let mut live = 0;
                    for successor in &successors {
                        live |= live_in[successor.index()].0[word];
                    }
                    let live = reads.0[word] | (live & !writes.0[word]);
                    let known = &mut live_in[block.index()].0[word];
                    changed |= *known != live;
                    *known = live;
                }
            }
        }
        Self { live_in }
    }

    pub(crate) fn at_start(&self, block: BlockId) -> &RegisterSet {
        &self.live_in[block.index()]
    }
}

/// What a block reads before it writes it, and what it writes whatever its predicates say.
fn reads_and_writes(
    function: &Function,
    block: BlockId,
    registers: usize,
) -> (RegisterSet, RegisterSet) {
    let (mut reads, mut writes) = (
        RegisterSet::with_room(registers),
        RegisterSet::with_room(registers),
    );
    let block = &function.blocks[block.index()];
    for instruction in &block.instructions {
        for_each_read(instruction, &mut |register| {
            if !writes.contains(register) {
                reads.insert(register);
            }
        });
        for_each_written(instruction, &mut |register| writes.insert(register));
    }
    if let Some(register) = block.terminator.reads() {
        if !writes.contains(register) {
            reads.insert(register);
        }
    }
    (reads, writes)
}
