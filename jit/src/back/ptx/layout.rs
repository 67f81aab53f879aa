//! In which order a kernel's blocks are printed.

use crate::ir::{BlockId, Function, Terminator};

/// As they are; of a sandboxed kernel first those that are entered often, each before one that follows it, as the source had them
/// before guards came in between.
pub(super) fn order(function: &Function) -> Vec<BlockId> {
    let all = (0..function.blocks.len() as u32).map(BlockId);
    if !function.sandboxed {
        return all.collect();
    }
    let mut placed = vec![false; function.blocks.len()];
    let mut order = Vec::with_capacity(function.blocks.len());
    let mut waiting = vec![BlockId(0)];
    while let Some(start) = waiting.pop() {
        let mut next = Some(start);
        while let Some(block) = next.take() {
            let is_placed = placed.get(block.index()).is_none_or(|placed| *placed);
            if is_placed || function.blocks[block.index()].cold {
                break;
            }
            placed[block.index()] = true;
            order.push(block);
            match &function.blocks[block.index()].terminator {
                Terminator::Jump(target) => next = Some(*target),
                Terminator::Branch {
                    then, otherwise, ..
                } => {
                    let is_free = |block: &BlockId| {
                        !placed[block.index()] && !function.blocks[block.index()].cold
                    };
                    let [first, second] = match is_free(otherwise) {
                        true => [*otherwise, *then],
                        false => [*then, *otherwise],
                    };
                    waiting.push(second);
                    next = Some(first);
                }
                Terminator::Switch { targets, .. } => waiting.extend(targets.iter().rev()),
                _ => {}
            }
        }
    }
    order.extend(all.filter(|block| !placed[block.index()]));
    order
}
