//! An order in which each block comes after as many of its predecessors as its loops allow.

use crate::ir::{BlockId, Function};
use smallvec::SmallVec;

/// How many edges lead to each of these blocks from one another.
pub(crate) fn predecessor_counts(
    function: &Function,
    order: &[BlockId],
    region: &Region<'_>,
) -> Vec<usize> {
    let mut counts = vec![0; function.blocks.len()];
    for block in order {
        for successor in region.successors(function, *block) {
            counts[successor.index()] += 1;
        }
    }
    counts
}

/// A part of a function: the blocks that can be reached from some, without going on behind others.
#[derive(Clone, Copy)]
pub(crate) struct Region<'a> {
    pub(crate) starts: &'a [BlockId],
    /// By block, whether nothing follows it here; none if that is so for no block.
    pub(crate) ends: Option<&'a [bool]>,
}

impl Region<'_> {
    /// The whole function.
    pub(crate) const WHOLE: Self = Region {
        starts: &[BlockId(0)],
        ends: None,
    };

    pub(crate) fn ends_at(&self, block: BlockId) -> bool {
        self.ends.is_some_and(|ends| ends[block.index()])
    }

    pub(crate) fn successors(&self, function: &Function, block: BlockId) -> SmallVec<[BlockId; 2]> {
        if self.ends_at(block) {
            SmallVec::new()
        } else {
            function.blocks[block.index()].terminator.successors()
        }
    }
}

/// The blocks that can be reached, each before its successors except along edges that close a loop.
pub(crate) fn reverse_postorder(function: &Function) -> Vec<BlockId> {
    reverse_postorder_of(function, &Region::WHOLE)
}

/// As [`reverse_postorder`], of a region.
pub(crate) fn reverse_postorder_of(function: &Function, region: &Region<'_>) -> Vec<BlockId> {
    let mut order = Vec::new();
    let mut seen = vec![false; function.blocks.len()];
    for start in region.starts {
        if !std::mem::replace(&mut seen[start.index()], true) {
            walk(function, region, *start, &mut seen, &mut order);
        }
    }
    order.reverse();
    order
}

/// Adds the blocks that can be reached from one that was seen, each behind its successors.
fn walk(
    function: &Function,
    region: &Region<'_>,
    start: BlockId,
    seen: &mut [bool],
    order: &mut Vec<BlockId>,
) {
    let mut walk = vec![(start, region.successors(function, start), 0)];
    while let Some((block, successors, next)) = walk.last_mut() {
        let from = *block;
        let target = successors.get(*next).copied();
        *next += 1;
        match target {
            Some(target) if !seen[target.index()] => {
                seen[target.index()] = true;
                let successors = region.successors(function, target);
                walk.push((target, successors, 0));
            }
            Some(_) => {}
            None => {
                order.push(from);
                walk.pop();
            }
        }
    }
}
