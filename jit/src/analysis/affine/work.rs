//! What a thread does in loops, at most.
//!
//! A loop whose rounds are bounded needs no look at the stop word, if what a thread does in all such loops is little. Where a round
//! does much, the look costs nothing and stays, however long the loop goes on; what it holds is bounded for one round then.

use super::Analysis;
use super::natural::LoopId;
use crate::analysis::back_edges;
use crate::ir::BlockId;
use crate::proof::MOST_WORK;
use crate::proof::interval::Interval;
use crate::proof::program::{Node, NodeId, Term, evaluate_in};

/// A loop, and how often it goes back at most, if anything is known of it.
pub(super) struct BoundedLoop {
    trips: Option<NodeId>,
}

/// Loops that need no look at the stop word.
#[derive(Debug, Default)]
pub(super) struct Unwatched {
    /// Where they begin.
    pub(super) headers: Vec<BlockId>,
    /// What a thread does in them in instructions, and what it may do at most: those in no other loop in all, those in one that
    /// looks in a round of that.
    pub(super) limits: Vec<(NodeId, i128)>,
    /// How many loops are bounded, those that look all the same among them.
    pub(super) bounded: usize,
    /// Whether some of them are in no other loop.
    pub(super) outermost: bool,
    /// The most that may be done in a round of a loop that looks.
    pub(super) within: usize,
}

/// Instructions of a round that are so many that a look at the stop word costs nothing beside them.
const LARGE: i128 = 96;

/// Instructions that a round of a loop which looks may do in loops that do not, if they are known to be no more; and if a launch
/// decides.
const MOST_WITHIN: i128 = 1 << 13;
const WITHIN: i128 = 1 << 11;

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
            BoundedLoop { trips }
        })
        .collect()
    }

    /// Which loops need no look at the stop word, those that are in no other one among them or not; `values` has what is known in a
    /// launch that is like others.
    pub(super) fn unwatched(
        &mut self,
        loops: &[BoundedLoop],
        values: &[Interval],
        outermost: bool,
    ) -> Unwatched {
        let mut plan = Plan::of(self, loops, values);
        if !plan.all_with(outermost) {
            plan.roots.fill(None);
            plan.found = Unwatched::default();
            plan.all_with(false);
        }
        let ids = (0..loops.len() as u32).map(LoopId);
        plan.found.bounded = ids.filter(|id| plan.is_bounded(*id)).count();
        plan.found
    }
}

/// What is found out about the loops of a kernel, each behind those around it.
struct Plan<'p, 'a> {
    analysis: &'p mut Analysis<'a>,
    loops: &'p [BoundedLoop],
    values: Vec<Interval>,
    /// By loop the one right around it.
    parents: Vec<Option<LoopId>>,
    /// By loop its instructions that are in none within it.
    own: Vec<i64>,
    /// By loop what one round of it does, in instructions.
    rounds_work: Vec<i128>,
    /// By loop that needs no look the outermost such loop around it.
    roots: Vec<Option<LoopId>>,
    found: Unwatched,
}

impl<'p, 'a> Plan<'p, 'a> {
    fn of(analysis: &'p mut Analysis<'a>, loops: &'p [BoundedLoop], values: &[Interval]) -> Self {
        let ids = (0..loops.len() as u32).map(LoopId);
        let parents = ids.map(|id| {
            let around = analysis.loops.around(analysis.loops.get(id).header);
            around.filter(|other| *other != id).last()
        });
        let parents = parents.collect();
        let mut own = vec![0; loops.len()];
        for (number, block) in analysis.function.blocks.iter().enumerate() {
            if let Some(innermost) = analysis.loops.around(BlockId(number as u32)).last() {
                own[innermost.0 as usize] += 1 + block.instructions.len() as i64;
            }
        }
        let mut plan = Self {
            analysis,
            loops,
            values: values.to_vec(),
            parents,
            rounds_work: own.iter().map(|own| i128::from(*own)).collect(),
            own,
            roots: vec![None; loops.len()],
            found: Unwatched::default(),
        };
        // Those within come behind those around them.
        for number in (0..loops.len()).rev() {
            let rounds = plan.rounds(LoopId(number as u32));
            let rounds = rounds.map_or(MOST_WORK, |rounds| rounds.high.clamp(0, MOST_WORK));
            if let Some(parent) = plan.parents[number] {
                let work = plan.rounds_work[number].saturating_mul(1 + rounds);
                let total = &mut plan.rounds_work[parent.0 as usize];
                *total = total.saturating_add(work);
            }
        }
        plan
    }

    /// Decides for each loop; whether a thread does little enough in those that are in no other one.
    fn all_with(&mut self, outermost: bool) -> bool {
        for number in 0..self.loops.len() {
            let id = LoopId(number as u32);
            if !self.is_bounded(id) || self.analysis.is_full() {
                continue;
            }
            let parent = self.parents[number];
            let root = parent.and_then(|parent| self.roots[parent.0 as usize]);
            let can_do_without = match (root, parent) {
                (Some(_), _) => true,
                (None, None) => outermost && self.rounds_work[number] < LARGE,
                (None, Some(_)) => self.hold_within(id),
            };
            if can_do_without {
                self.roots[number] = Some(root.unwrap_or(id));
                let header = self.analysis.loops.get(id).header;
                self.found.headers.push(header);
            }
        }
        let free = (0..self.loops.len() as u32).map(LoopId);
        let free = free.filter(|id| {
            let root = self.roots[id.0 as usize];
            root.is_some_and(|root| self.parents[root.0 as usize].is_none())
        });
        let free: Vec<LoopId> = free.collect();
        let terms = free.iter().map(|id| self.term_of(*id, None)).collect();
        let Some((work, sample)) = self.sum(terms).filter(|_| !free.is_empty()) else {
            return free.is_empty();
        };
        self.found.outermost = true;
        self.found.limits.push((work, MOST_WORK));
        sample.high <= MOST_WORK
    }

    fn is_bounded(&self, id: LoopId) -> bool {
        self.rounds(id)
            .is_some_and(|rounds| rounds.high <= MOST_WORK)
    }

    fn rounds(&self, id: LoopId) -> Option<Interval> {
        let trips = self.loops[id.0 as usize].trips?;
        self.values.get(trips.0 as usize).copied()
    }

    /// Whether what a loop in another one does between two looks of that is little enough; it is an obligation then.
    fn hold_within(&mut self, root: LoopId) -> bool {
        let ids = (0..self.loops.len() as u32).map(LoopId);
        let nest = ids.filter(|id| {
            let header = self.analysis.loops.get(*id).header;
            let is_within = self.analysis.loops.around(header).any(|it| it == root);
            is_within && self.is_bounded(*id)
        });
        let nest: Vec<LoopId> = nest.collect();
        let terms = nest.iter().map(|id| self.term_of(*id, Some(root)));
        let terms = terms.collect();
        let Some((work, sample)) = self.sum(terms) else {
            return false;
        };
        let always = self.analysis.in_any_launch[work.0 as usize].high;
        let most = match always {
            ..=MOST_WITHIN => always,
            _ if sample.high <= WITHIN => WITHIN,
            _ => return false,
        };
        self.found.limits.push((work, most));
        self.found.within = self.found.within.max(most as usize);
        true
    }

    /// A sum, and what it is in a launch that is like others.
    fn sum(&mut self, terms: Vec<Term>) -> Option<(NodeId, Interval)> {
        let work = self.analysis.node(Node::Sum {
            constant: 0,
            terms: terms.into(),
        });
        let first_new = self.values.len();
        let Analysis { program, any, .. } = &*self.analysis;
        evaluate_in(program, first_new, &mut self.values, any);
        let sample = self.values.get(work.0 as usize).copied();
        sample
            .filter(|_| !self.analysis.is_full())
            .map(|sample| (work, sample))
    }

    /// The instructions of a loop that are in none within it, times the rounds of it and of all around it up to one.
    fn term_of(&mut self, id: LoopId, root: Option<LoopId>) -> Term {
        let header = self.analysis.loops.get(id).header;
        let around: Vec<LoopId> = self.analysis.loops.around(header).collect();
        let first = root.and_then(|root| around.iter().position(|it| *it == root));
        let around = &around[first.unwrap_or(0)..];
        let rounds = around
            .iter()
            .filter_map(|outer| self.loops[outer.0 as usize].trips);
        let rounds: Vec<NodeId> = rounds.collect();
        let rounds = rounds.into_iter().map(|trips| {
            self.analysis.node(Node::Sum {
                constant: 1,
                terms: [(1, [trips].into())].into(),
            })
        });
        let rounds = rounds.collect::<Vec<_>>().into();
        (self.own[id.0 as usize], rounds)
    }
}
