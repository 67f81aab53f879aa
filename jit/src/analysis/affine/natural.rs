//! Natural loops: a block that dominates the ends of its ways back, and all on those ways.

use crate::analysis::dominators::Dominators;
use crate::ir::{BlockId, Function};

/// Index in [`Loops::all`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LoopId(pub(crate) u32);

pub(crate) struct Loop {
    pub(crate) header: BlockId,
    /// By block whether it is in the loop.
    contains: Vec<bool>,
    /// Where the ways back begin.
    pub(crate) latches: Vec<BlockId>,
}

impl Loop {
    pub(crate) fn contains(&self, block: BlockId) -> bool {
        self.contains.get(block.index()).copied().unwrap_or(false)
    }
}

/// The loops of a function, each behind those around it.
pub(crate) struct Loops {
    pub(crate) all: Vec<Loop>,
}

/// Loops times blocks that are remembered, at most.
const MOST_CELLS: usize = 1 << 21;

impl Loops {
    pub(crate) fn of(
        function: &Function,
        order: &[BlockId],
        predecessors: &[Vec<BlockId>],
        dominators: &Dominators,
    ) -> Self {
        let mut all = Vec::new();
        for header in order {
            let before = predecessors[header.index()].iter().copied();
            let latches: Vec<BlockId> = before
                .filter(|from| dominators.dominates(*header, *from))
                .collect();
            if latches.is_empty() || (all.len() + 1) * function.blocks.len() > MOST_CELLS {
                continue;
            }
            let contains = body(function, predecessors, *header, &latches);
            all.push(Loop {
                header: *header,
                contains,
                latches,
            });
        }
        Self { all }
    }

    pub(crate) fn get(&self, id: LoopId) -> &Loop {
        &self.all[id.0 as usize]
    }

    pub(crate) fn with_header(&self, block: BlockId) -> Option<LoopId> {
        let place = self.all.iter().position(|known| known.header == block)?;
        Some(LoopId(place as u32))
    }

    /// The loops around a block, outermost first.
    pub(crate) fn around(&self, block: BlockId) -> impl Iterator<Item = LoopId> + '_ {
        let all = self.all.iter().enumerate();
        all.filter(move |(_, known)| known.contains(block))
            .map(|(place, _)| LoopId(place as u32))
    }
}

fn body(
    function: &Function,
    predecessors: &[Vec<BlockId>],
    header: BlockId,
    latches: &[BlockId],
) -> Vec<bool> {
    let mut contains = vec![false; function.blocks.len()];
    contains[header.index()] = true;
    let mut open = latches.to_vec();
    while let Some(block) = open.pop() {
        if !std::mem::replace(&mut contains[block.index()], true) {
            open.extend(&predecessors[block.index()]);
        }
    }
    contains
}
