//! Which blocks are passed on every way to a block.

use super::order::reverse_postorder;
use crate::ir::{BlockId, Function};

/// The dominator tree of a function's reachable blocks
/// (Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm").
pub(crate) struct Dominators {
    /// The blocks that can be reached, each before its successors except along edges that close a loop.
    order: Vec<BlockId>,
    /// Place of each block in the order; none when it cannot be reached.
    places: Vec<Option<usize>>,
    /// By place: the place of the nearest dominator, which is lower; the first block's is its own.
    parents: Vec<usize>,
}

impl Dominators {
    pub(crate) fn of(function: &Function) -> Self {
        let order = reverse_postorder(function);
        let mut places = vec![None; function.blocks.len()];
        for (place, block) in order.iter().enumerate() {
            places[block.index()] = Some(place);
        }
        let mut predecessors = vec![Vec::new(); order.len()];
        for (place, block) in order.iter().enumerate() {
            for successor in function.blocks[block.index()].terminator.successors() {
                if let Some(to) = places[successor.index()] {
                    predecessors[to].push(place);
                }
            }
        }
        Self {
            order,
            places,
            parents: parents(&predecessors),
        }
    }

    /// The blocks that can be reached, each behind its nearest dominator.
    pub(crate) fn order(&self) -> &[BlockId] {
        &self.order
    }

    /// The nearest other block that every way to this one passes.
    pub(crate) fn parent(&self, block: BlockId) -> Option<BlockId> {
        let place = self.places.get(block.index()).copied().flatten()?;
        (place > 0).then(|| self.order[self.parents[place]])
    }

    /// Whether every way to `block` passes `dominator`, which may be the block itself.
    pub(crate) fn dominates(&self, dominator: BlockId, block: BlockId) -> bool {
        let place = |block: BlockId| self.places.get(block.index()).copied().flatten();
        let (Some(wanted), Some(mut at)) = (place(dominator), place(block)) else {
            return false;
        };
        while at > wanted {
            at = self.parents[at];
        }
        at == wanted
    }
}

/// By place the place of the nearest dominator, from the places before each; the first place is where all ways begin.
pub(super) fn parents(predecessors: &[Vec<usize>]) -> Vec<usize> {
    const UNKNOWN: usize = usize::MAX;
    let mut parents = vec![UNKNOWN; predecessors.len()];
    if let Some(first) = parents.first_mut() {
        *first = 0;
    }
    let mut changed = true;
    while changed {
        changed = false;
        for place in 1..predecessors.len() {
            let known = predecessors[place]
                .iter()
                .filter(|from| parents[**from] != UNKNOWN);
            let nearest = known
                .copied()
                .reduce(|left, right| meet(&parents, left, right));
            if let Some(nearest) = nearest
                && parents[place] != nearest
            {
                parents[place] = nearest;
                changed = true;
            }
        }
    }
    parents
}

fn meet(parents: &[usize], mut left: usize, mut right: usize) -> usize {
    while left != right {
        while left > right {
            left = parents[left];
        }
        while right > left {
            right = parents[right];
        }
    }
    left
}
