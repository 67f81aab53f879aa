//! Where a function goes back.

use super::order::reverse_postorder;
use crate::ir::{BlockId, Function};

/// Every edge that leads to a block which is being visited in a depth-first walk: each cycle has at least one.
pub(crate) fn back_edges(function: &Function) -> Vec<(BlockId, usize)> {
    #[derive(Clone, Copy, PartialEq)]
    enum Visit {
        New,
        Open,
        Done,
    }
    let mut visits = vec![Visit::New; function.blocks.len()];
    let mut edges = Vec::new();
    let mut walk = vec![(BlockId(0), 0)];
    if let Some(first) = visits.first_mut() {
        *first = Visit::Open;
    }
    while let Some((block, next)) = walk.last_mut() {
        let from = *block;
        let which = *next;
        *next += 1;
        let Some(target) = function
            .blocks
            .get(from.index())
            .and_then(|block| block.terminator.successors().get(which).copied())
        else {
            visits[from.index()] = Visit::Done;
            walk.pop();
            continue;
        };
        match visits[target.index()] {
            Visit::New => {
                visits[target.index()] = Visit::Open;
                walk.push((target, 0));
            }
            Visit::Open => edges.push((from, which)),
            Visit::Done => {}
        }
    }
    edges
}

/// By block, in how many loops it lies; for what is only a matter of speed, since a block outside of a loop counts as inside where
/// the order of blocks has it between those of the loop.
pub(crate) fn loop_depths(function: &Function) -> Vec<u32> {
    let order = reverse_postorder(function);
    let mut places = vec![0usize; function.blocks.len()];
    for (place, block) in order.iter().enumerate() {
        places[block.index()] = place;
    }
    // For each loop one more where it begins, and one less behind its end.
    let (mut begun, mut ended) = (vec![0u32; order.len() + 1], vec![0u32; order.len() + 1]);
    for (from, which) in back_edges(function) {
        let successors = function.blocks[from.index()].terminator.successors();
        if let Some(header) = successors.get(which) {
            begun[places[header.index()]] += 1;
            ended[places[from.index()] + 1] += 1;
        }
    }
    let mut depths = vec![0; function.blocks.len()];
    let mut depth = 0u32;
    for (place, block) in order.iter().enumerate() {
        depth = (depth + begun[place]).saturating_sub(ended[place]);
        depths[block.index()] = depth;
    }
    depths
}
