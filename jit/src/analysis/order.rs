//! An order in which each block comes after as many of its predecessors as its loops allow.

use crate::ir::{BlockId, Function};

/// How many edges lead to each block from blocks that can be reached.
pub(crate) fn predecessor_counts(function: &Function) -> Vec<usize> {
    let mut counts = vec![0; function.blocks.len()];
    for block in reverse_postorder(function) {
        for successor in function.blocks[block.index()].terminator.successors() {
            counts[successor.index()] += 1;
        }
    }
    counts
}

/// The blocks that can be reached, each before its successors except along edges that close a loop.
pub(crate) fn reverse_postorder(function: &Function) -> Vec<BlockId> {
    let mut order = Vec::with_capacity(function.blocks.len());
    let mut seen = vec![false; function.blocks.len()];
    let mut walk = vec![(BlockId(0), 0)];
    seen[0] = true;
    while let Some((block, next)) = walk.last_mut() {
        let from = *block;
        let which = *next;
        *next += 1;
        match function.blocks[from.index()]
            .terminator
            .successors()
            .nth(which)
        {
            Some(target) if !seen[target.index()] => {
                seen[target.index()] = true;
                walk.push((target, 0));
            }
            Some(_) => {}
            None => {
                order.push(from);
                walk.pop();
            }
        }
    }
    order.reverse();
    order
}
