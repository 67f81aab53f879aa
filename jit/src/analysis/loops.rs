//! Where a function goes back, and what it does on the way.

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

/// Blocks times edges up to which bodies are told apart.
const MOST_STEPS: usize = 1 << 24;

/// Instructions of the loop that has most of them, those of loops within it and of blocks that are hardly ever entered not counted.
pub(crate) fn largest_body(function: &Function, edges: &[(BlockId, usize)]) -> usize {
    let count = function.blocks.len();
    let instructions = |block: usize| match &function.blocks[block] {
        block if block.cold => 0,
        block => block.instructions.len(),
    };
    if edges.len().saturating_mul(count) > MOST_STEPS {
        return (0..count).map(instructions).sum();
    }
    let mut before = vec![Vec::new(); count];
    for (index, block) in function.blocks.iter().enumerate() {
        for successor in block.terminator.successors() {
            before[successor.index()].push(index);
        }
    }
    // By block the smallest loop that it is in: how many blocks that has, and which.
    let mut innermost: Vec<Option<(usize, usize)>> = vec![None; count];
    for (from, which) in edges {
        let successors = function.blocks[from.index()].terminator.successors();
        let Some(head) = successors.get(*which) else {
            continue;
        };
        let body = body(&before, head.index(), from.index());
        for block in &body {
            let this = Some((body.len(), head.index()));
            if innermost[*block].is_none_or(|(blocks, _)| body.len() < blocks) {
                innermost[*block] = this;
            }
        }
    }
    let mut bodies = vec![0; count];
    for (block, inside) in innermost.iter().enumerate() {
        if let Some((_, head)) = inside {
            bodies[*head] += instructions(block);
        }
    }
    bodies.into_iter().max().unwrap_or(0)
}

/// The blocks from a loop's head to one that goes back to it.
fn body(before: &[Vec<usize>], head: usize, last: usize) -> Vec<usize> {
    let mut seen = vec![false; before.len()];
    seen[head] = true;
    let mut body = vec![head];
    let mut walk = vec![last];
    while let Some(block) = walk.pop() {
        if !std::mem::replace(&mut seen[block], true) {
            body.push(block);
            walk.extend(&before[block]);
        }
    }
    body
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
