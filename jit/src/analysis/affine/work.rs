//! What a thread does in loops, at most.
//!
//! A loop whose rounds are bounded needs no look at the stop word, if what a thread does in all such loops is little. A loop in one
//! that has no bound keeps its own look: how often it is begun is not known.

use super::Analysis;
use super::natural::LoopId;
use crate::analysis::back_edges;
use crate::ir::BlockId;
use crate::proof::MOST_WORK;
use crate::proof::interval::Interval;
use crate::proof::program::{Node, NodeId, Term, evaluate_in};

/// A loop, and how often it goes back at most, if anything is known of it.
pub(super) struct BoundedLoop {
    id: LoopId,
    trips: Option<NodeId>,
}

impl Analysis<'_> {
    /// All loops, each behind those around it. None are told of in a kernel that has ways back which are no loops.
    pub(super) fn loops_with_bounds(&mut self) -> Vec<BoundedLoop> {
        let function = self.function;
        let is_loop = |(from, which): &(BlockId, usize)| {
            let successors = function.blocks[from.index()].terminator.successors();
            let target = successors.get(*which).copied();
            target.is_some_and(|target| {
                self.loops.with_header(target).is_some() && self.dominators.dominates(target, *from)
            })
        };
        let reducible = back_edges(function).iter().all(is_loop);
        let count = self.loops.all.len() as u32;
        let ids = (0..count).map(LoopId);
        ids.map(|id| {
            // The first block is moved where guards are added.
            let can_do_without = reducible && self.loops.get(id).header != BlockId(0);
            let trips = if can_do_without {
                self.trips_node(id)
            } else {
                None
            };
            BoundedLoop { id, trips }
        })
        .collect()
    }

    /// The loops that need no look at the stop word, and what a thread does in them in instructions; `values` has what is known in a
    /// launch that is like others.
    pub(super) fn work(
        &mut self,
        loops: &[BoundedLoop],
        values: &[Interval],
    ) -> (Vec<BlockId>, Option<NodeId>) {
        let is_bounded = |it: &BoundedLoop| {
            let trips = it.trips.and_then(|trips| values.get(trips.0 as usize));
            trips.is_some_and(|trips| trips.high <= MOST_WORK)
        };
        let bounded: Vec<LoopId> = loops
            .iter()
            .filter(|it| is_bounded(it))
            .map(|it| it.id)
            .collect();
        let around = |id: LoopId| {
            self.loops
                .around(self.loops.get(id).header)
                .collect::<Vec<_>>()
        };
        let free: Vec<LoopId> = bounded
            .iter()
            .copied()
            .filter(|id| around(*id).iter().all(|outer| bounded.contains(outer)))
            .collect();
        if free.is_empty() || self.is_full() {
            return (Vec::new(), None);
        }
        let terms: Vec<Term> = free.iter().map(|id| self.term_of(*id, loops)).collect();
        let first_new = values.len();
        let work = self.node(Node::Sum {
            constant: 0,
            terms: terms.into(),
        });
        let mut values = values.to_vec();
        evaluate_in(&self.program, first_new, &mut values, &self.any);
        let known = values.get(work.0 as usize);
        if self.is_full() || known.is_none_or(|work| work.high > MOST_WORK) {
            return (Vec::new(), None);
        }
        let headers = free.iter().map(|id| self.loops.get(*id).header);
        (headers.collect(), Some(work))
    }

    /// The instructions of a loop that are in none within it, times the rounds of it and all around it.
    fn term_of(&mut self, id: LoopId, loops: &[BoundedLoop]) -> Term {
        let header = self.loops.get(id).header;
        let around: Vec<LoopId> = self.loops.around(header).collect();
        let rounds = around
            .iter()
            .filter_map(|outer| loops[outer.0 as usize].trips);
        let rounds: Vec<NodeId> = rounds.collect();
        let rounds: Vec<NodeId> = rounds
            .into_iter()
            .map(|trips| {
                self.node(Node::Sum {
                    constant: 1,
                    terms: [(1, [trips].into())].into(),
                })
            })
            .collect();
        let blocks = self.function.blocks.iter().enumerate();
        let own = blocks
            .filter(|(number, _)| self.loops.around(BlockId(*number as u32)).last() == Some(id));
        let instructions: usize = own.map(|(_, block)| 1 + block.instructions.len()).sum();
        (instructions as i64, rounds.into())
    }
}
