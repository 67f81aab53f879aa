//! What holds of a kernel's accesses at a launch.
//!
//! [`Proof`] is made when a module is loaded (`analysis::affine` in the source says how) and evaluated at each launch, with the grid, the block,
//! the arguments and the memory of that launch. Where it holds, every access that it covers lies in its memory and is aligned, in
//! every thread, so that the kernel's second variant, which has no guards for them, may run. Where it does not,
//! the guarded one runs: a proof is never needed.
//!
//! All is computed in 128 bits. That nothing wraps around is part of each proof.

pub(crate) mod interval;
pub(crate) mod launch;
mod loops;
pub(crate) mod program;

use crate::diagnostics::Span;
use interval::Interval;
use launch::Ranges;
pub use launch::{LaunchFacts, Memory};
use program::{NodeId, Program};
use std::ops::Range;

/// What has to hold for one access to need no guard.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    /// The access in the source.
    pub(crate) span: Span,
    /// Its address; in shared and local memory its offset there.
    pub(crate) place: NodeId,
    pub(crate) memory: Target,
    /// Bytes from there on.
    pub(crate) size: u32,
    /// What its address is a multiple of.
    pub(crate) align: u32,
    /// The rows of a matrix, if it is one.
    pub(crate) rows: Option<RowsClaim>,
}

/// How the rows of a matrix lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowsClaim {
    /// Bytes from the first row to the last.
    pub(crate) to_last: NodeId,
    /// Bytes from one row to the next.
    pub(crate) apart: NodeId,
    /// What these are a multiple of.
    pub(crate) align: u32,
}

/// The memory that an access is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Global,
    /// So many bytes and what a launch adds; where that begins, if it does.
    Shared {
        bytes: u64,
        dynamic: Option<u64>,
    },
    Local {
        bytes: u64,
    },
}

/// What is said of a claim with given sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Holds,
    /// The access is never done.
    Unreached,
    Fails,
}

/// What a proof says of one access at a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The access in the source.
    pub span: Span,
    /// Whether it is one of the guest's memory, and not of the block's or the thread's own.
    pub global: bool,
    /// Whether it lies inside and is aligned.
    pub holds: bool,
}

/// Obligations that stand in for a kernel's guards.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    pub(crate) program: Program,
    pub(crate) claims: Vec<Claim>,
    /// What every thread does in loops, in instructions, where tests of the stop word are left out, and what it may do at most.
    pub(crate) work: Vec<(NodeId, i128)>,
    /// Whether no warp may have threads of two rows of a block.
    pub(crate) whole_rows: bool,
}

/// Instructions of loops that a thread may do without a look at the stop word: a fraction of a millisecond.
pub(crate) const MOST_WORK: i128 = 1 << 17;

/// The memory that a proof rests on which held at a launch. It holds again for the same grid, block and arguments as long as that
/// memory may be accessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    ranges: Vec<Range<u64>>,
}

impl Held {
    fn of(mut touched: Vec<Range<u64>>) -> Self {
        touched.sort_unstable_by_key(|range| range.start);
        let mut ranges: Vec<Range<u64>> = Vec::new();
        for range in touched {
            match ranges.last_mut() {
                // What overlaps lies in one buffer; what only adjoins may not.
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => ranges.push(range),
            }
        }
        Self { ranges }
    }

    /// The addresses that must stay accessible, in order.
    pub fn ranges(&self) -> &[Range<u64>] {
        &self.ranges
    }

    /// Whether it rests on nothing that is gone.
    pub fn still_holds(&self, memory: &Memory<'_>) -> bool {
        self.ranges
            .iter()
            .all(|range| memory.holds(i128::from(range.start), i128::from(range.end)))
    }
}

/// Memory to evaluate proofs in, kept from launch to launch.
#[derive(Clone, Debug, Default)]
pub struct Scratch(Vec<Interval>);

impl Proof {
    /// How many accesses it covers.
    pub fn len(&self) -> usize {
        self.claims.len()
    }

    /// Whether it says nothing: the kernel has no second variant.
    pub fn is_empty(&self) -> bool {
        self.claims.is_empty() && self.work.is_empty()
    }

    /// Whether all that it claims holds at a launch.
    pub fn holds(&self, launch: &LaunchFacts<'_>, scratch: &mut Scratch) -> bool {
        if self.whole_rows && !has_whole_rows(launch.block) {
            return false;
        }
        self.program.run(&Ranges::Of(launch), &mut scratch.0);
        let at = |id: NodeId| value(&scratch.0, id);
        let ends = self.work.iter().all(|(work, most)| at(*work).high <= *most);
        ends && (self.claims.iter()).all(|claim| answer(claim, launch, at) != Answer::Fails)
    }

    /// Where it holds, which memory that rests on: for whoever launches the same again.
    pub fn evaluate(&self, launch: &LaunchFacts<'_>, scratch: &mut Scratch) -> Option<Held> {
        if !self.holds(launch, scratch) {
            return None;
        }
        let global = self
            .claims
            .iter()
            .filter(|claim| claim.memory == Target::Global);
        let touched = global.filter_map(|claim| {
            let place = value(&scratch.0, claim.place);
            let rows = claim
                .rows
                .map_or(0, |rows| value(&scratch.0, rows.to_last).high);
            let end = place.high + i128::from(claim.size) + rows.max(0);
            let range = u64::try_from(place.low).ok()?..u64::try_from(end).ok()?;
            (!place.is_empty()).then_some(range)
        });
        Some(Held::of(touched.collect()))
    }

    /// For each access that it covers whether its part of the proof holds at a launch.
    pub fn explain(&self, launch: &LaunchFacts<'_>) -> Vec<Part> {
        let (answers, _) = self.answers(launch);
        let claims = self.claims.iter().zip(answers);
        claims
            .map(|(claim, answer)| Part {
                span: claim.span,
                global: claim.memory == Target::Global,
                holds: answer != Answer::Fails,
            })
            .collect()
    }

    /// Drops the nodes that nothing of it is found from.
    pub(crate) fn prune(&mut self) {
        let claimed = self.claims.iter().flat_map(|claim| {
            let rows = claim.rows.map(|rows| [rows.to_last, rows.apart]);
            [claim.place].into_iter().chain(rows.into_iter().flatten())
        });
        let roots: Vec<NodeId> = claimed
            .chain(self.work.iter().map(|(work, _)| *work))
            .collect();
        let moved = self.program.keep(&roots);
        let place = |id: NodeId| moved[id.0 as usize].unwrap_or(id);
        for claim in &mut self.claims {
            claim.place = place(claim.place);
            if let Some(rows) = &mut claim.rows {
                (rows.to_last, rows.apart) = (place(rows.to_last), place(rows.apart));
            }
        }
        for (work, _) in &mut self.work {
            *work = place(*work);
        }
    }

    /// What it says of each claim at a launch, and what each node is there.
    pub(crate) fn answers(&self, launch: &LaunchFacts<'_>) -> (Vec<Answer>, Vec<Interval>) {
        let mut values = Vec::new();
        self.program.run(&Ranges::Of(launch), &mut values);
        let claims = self.claims.iter();
        let answers = claims.map(|claim| answer(claim, launch, |id| value(&values, id)));
        (answers.collect(), values)
    }
}

/// Whether the threads of each warp are of one row of a block.
fn has_whole_rows([width, height, depth]: [u32; 3]) -> bool {
    width.is_multiple_of(32) || (height == 1 && depth == 1)
}

fn value(values: &[Interval], id: NodeId) -> Interval {
    values
        .get(id.0 as usize)
        .copied()
        .unwrap_or(Interval::ANYTHING)
}

/// What is said of one claim.
pub(crate) fn answer(
    claim: &Claim,
    launch: &LaunchFacts<'_>,
    at: impl Fn(NodeId) -> Interval,
) -> Answer {
    let place = at(claim.place);
    if place.is_empty() {
        return Answer::Unreached;
    }
    let mut end = place.high + i128::from(claim.size);
    let mut is_aligned = place.is_multiple_of(claim.align);
    if let Some(rows) = claim.rows {
        end += at(rows.to_last).high.max(0);
        is_aligned &= at(rows.apart).is_multiple_of(rows.align);
    }
    if !is_aligned {
        return Answer::Fails;
    }
    let low = place.low;
    let inside = match claim.memory {
        Target::Global => launch.memory.holds(low, end),
        Target::Local { bytes } => low >= 0 && end <= i128::from(bytes),
        Target::Shared { bytes, dynamic } => {
            let bytes = match (dynamic, launch.dynamic_shared) {
                (Some(start), added) if added > 0 => start + u64::from(added),
                _ => bytes,
            };
            low >= 0 && end <= i128::from(bytes)
        }
    };
    if inside { Answer::Holds } else { Answer::Fails }
}
