//! Where a function goes back.

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
