//! Which blocks can be reached, which lie on every way to a block, and where ways meet.

use super::refusal::Reason;
use super::text::{Block, BlockId};
use super::work::Work;

/// No block.
const NONE: u32 = u32::MAX;

/// The control flow of a kernel, from its first block on.
pub(super) struct Graph {
    /// Where each block may go on, and where it may come from; once for each edge.
    pub(super) successors: Vec<Vec<BlockId>>,
    pub(super) predecessors: Vec<Vec<BlockId>>,
    /// The blocks that can be reached, each behind its dominator.
    pub(super) order: Vec<BlockId>,
    /// The block that every way to a block passes last; none for the first block and those that cannot be reached.
    dominator: Vec<BlockId>,
}

impl Graph {
    pub(super) fn of(blocks: &[Block<'_>], work: &mut Work) -> Result<Self, Reason> {
        let count = blocks.len();
        let mut graph = Self {
            successors: vec![Vec::new(); count],
            predecessors: vec![Vec::new(); count],
            order: Vec::new(),
            dominator: vec![NONE; count],
        };
        let search = graph.search(blocks, work)?;
        for &from in &graph.order {
            for &to in &graph.successors[from as usize] {
                graph.predecessors[to as usize].push(from);
            }
        }
        graph.find_dominators(&search, work)?;
        Ok(graph)
    }

    pub(super) fn dominator(&self, block: BlockId) -> Option<BlockId> {
        let dominator = *self.dominator.get(block as usize)?;
        (dominator != NONE).then_some(dominator)
    }

    /// Depth first, which gives each block a number in `order` and a parent.
    fn search(&mut self, blocks: &[Block<'_>], work: &mut Work) -> Result<Search, Reason> {
        let mut search = Search {
            number: vec![NONE; blocks.len()],
            parent: Vec::new(),
        };
        let mut stack = vec![(0, 0)];
        while let Some((block, parent)) = stack.pop() {
            if search.number[block as usize] != NONE {
                continue;
            }
            let number = self.order.len() as u32;
            search.number[block as usize] = number;
            search.parent.push(parent);
            self.order.push(block);
            let successors: Vec<BlockId> = blocks[block as usize].successors().collect();
            work.spend(1 + successors.len())?;
            stack.extend(successors.iter().map(|next| (*next, number)));
            self.successors[block as usize] = successors;
        }
        Ok(search)
    }

    /// Semi-NCA (Georgiadis, "Linear-Time Algorithms for Dominators and Related Problems"), on numbers of the search.
    fn find_dominators(&mut self, search: &Search, work: &mut Work) -> Result<(), Reason> {
        let count = self.order.len();
        let numbers: Vec<u32> = (0..count as u32).collect();
        let mut forest = Forest {
            ancestor: search.parent.clone(),
            label: numbers.clone(),
            semi: numbers,
        };
        for number in (1..count).rev() {
            let block = self.order[number];
            let mut least = search.parent[number];
            for &from in &self.predecessors[block as usize] {
                let from = search.number[from as usize];
                let best = forest.best(from, number as u32, work)?;
                least = least.min(forest.semi[best as usize]);
            }
            forest.semi[number] = least;
        }
        let mut dominator = search.parent.clone();
        for number in 1..count {
            let mut above = dominator[number];
            while above > forest.semi[number] {
                work.spend(1)?;
                above = dominator[above as usize];
            }
            dominator[number] = above;
            self.dominator[self.order[number] as usize] = self.order[above as usize];
        }
        Ok(())
    }
}

/// Numbers of the search, as far as they are linked to those above them.
struct Forest {
    ancestor: Vec<u32>,
    label: Vec<u32>,
    semi: Vec<u32>,
}

impl Forest {
    /// The number with the least semidominator on the way up from one, among those above `last`; shortens the way.
    fn best(&mut self, from: u32, last: u32, work: &mut Work) -> Result<u32, Reason> {
        let mut path = Vec::new();
        let mut top = from as usize;
        while self.ancestor[top] > last {
            work.spend(1)?;
            path.push(top);
            top = self.ancestor[top] as usize;
        }
        while let Some(number) = path.pop() {
            self.ancestor[number] = self.ancestor[top];
            let (above, own) = (self.label[top], self.label[number]);
            if self.semi[above as usize] < self.semi[own as usize] {
                self.label[number] = above;
            }
            top = number;
        }
        Ok(self.label[from as usize])
    }
}

struct Search {
    /// By block.
    number: Vec<u32>,
    /// By number.
    parent: Vec<u32>,
}
