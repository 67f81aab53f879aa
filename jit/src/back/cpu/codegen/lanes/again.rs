//! A second way through the end of a loop's body, for what it lets Cranelift see.
//!
//! Cranelift computes a value where it is wanted first, which for a sum that a loop carries is behind the test at its end: once on the way back
//! and once on the way out. What was loaded for it stays in a register until then, and with eight vectors of sums no register is
//! left. Where two ways with two sums meet before the test, each is computed on its way, is wanted there alone, and so takes what it adds
//! straight from memory.
//!
//! The second way is that of a guard which was over cautious: it begins where no thread turns out to be stopped. It is hardly
//! ever taken.

use super::super::Untranslatable;
use super::super::translate::Translator;
use crate::analysis::Lanes;
use crate::ir::{BlockId, Effect, Instruction, Terminator};
use cranelift_codegen::ir::{Block, InstBuilder};

/// The most instructions of a block that is translated twice.
const MOST: usize = 16;

impl Translator<'_, '_> {
    /// Where a group goes on if no thread is stopped after all, if there shall be such a way: behind a guard a loop loads what differs
    /// between threads, and ends.
    pub(super) fn way_around(&mut self, guarded: BlockId) -> Option<Block> {
        let instructions = &self.kernel.blocks[guarded.index()].instructions;
        let loads = |instruction: &Instruction| {
            let mut written = instruction.destinations();
            instruction.effect() == Effect::Load
                && written.any(|register| self.lanes_of(register) == Lanes::Varying)
        };
        let ends_loop = self.is_in_loop(guarded) && self.ordering_of_next(guarded).is_some();
        let is_worth_it = ends_loop
            && instructions.len() <= MOST
            && instructions.iter().any(loads)
            && self.has_one_predecessor(guarded);
        is_worth_it.then(|| self.builder.create_block())
    }

    /// Whether one block alone leads to another, which is then translated later.
    fn has_one_predecessor(&self, id: BlockId) -> bool {
        let blocks = self.kernel.blocks.iter();
        let edges = blocks.flat_map(|block| block.terminator.successors());
        edges.filter(|successor| *successor == id).count() == 1
    }

    /// Does in a block of its own what is behind a guard, up to where the threads may part.
    pub(super) fn go_around(&mut self, guarded: BlockId, way: Block) -> Result<(), Untranslatable> {
        let source = &self.kernel.blocks[guarded.index()];
        let Terminator::Jump(parting) = source.terminator else {
            return Ok(());
        };
        self.builder.set_cold_block(way);
        self.begin_helper(way);
        let put_off = self.ordering_of_next(guarded);
        let put_off = put_off.map(|ordering| ordering.place);
        self.instructions_in_step(&source.instructions, put_off)?;
        let parting = self.block(parting);
        self.builder.ins().jump(parting, &[]);
        Ok(())
    }
}
