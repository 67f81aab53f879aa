//! What the branches on the way to a place have shown.
//!
//! A fact is about a value without its constant, so that it is found for every place at a constant distance. Facts hold in the
//! blocks that the branch's edge dominates, and are taken back when the walk leaves those.

use super::value::{Comparison, Given, Node, ValueId, Values};
use std::collections::HashMap;

/// What a value is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Number(u64),
    Given(Given),
}

/// `value + constant`, which does not wrap around, plus `beyond` is at most the limit.
#[derive(Clone, Copy, Debug)]
struct Bound {
    constant: u64,
    beyond: u64,
    limit: Limit,
}

/// `value + constant` is a multiple of 2^zeros.
#[derive(Clone, Copy, Debug)]
struct Multiple {
    constant: u64,
    zeros: u32,
}

#[derive(Clone, Copy)]
enum Kind {
    Bound,
    Multiple,
    Contradiction,
}

/// Facts that hold at one place.
#[derive(Default)]
pub(super) struct Facts {
    bounds: HashMap<ValueId, Vec<Bound>>,
    multiples: HashMap<ValueId, Vec<Multiple>>,
    /// Comparisons that cannot have come out as they did: nothing gets here.
    contradictions: u32,
    /// What to take back, the last first.
    learnt: Vec<(ValueId, Kind)>,
}

/// Parts of a predicate that are looked at: one guard may be for many accesses.
const MOST_PARTS: usize = 1024;

impl Facts {
    /// A mark for [`Facts::forget`].
    pub(super) fn mark(&self) -> usize {
        self.learnt.len()
    }

    /// Takes back what was learnt since a mark.
    pub(super) fn forget(&mut self, mark: usize) {
        for (part, kind) in self.learnt.drain(mark.min(self.learnt.len())..).rev() {
            match kind {
                Kind::Bound => drop(self.bounds.get_mut(&part).and_then(Vec::pop)),
                Kind::Multiple => drop(self.multiples.get_mut(&part).and_then(Vec::pop)),
                Kind::Contradiction => self.contradictions -= 1,
            }
        }
    }

    /// Learns that a predicate has a value.
    pub(super) fn learn(&mut self, values: &mut Values, predicate: ValueId, holds: bool) {
        let mut open = vec![(predicate, holds)];
        for _ in 0..MOST_PARTS {
            let Some((predicate, holds)) = open.pop() else {
                return;
            };
            match (values.node(predicate).clone(), holds) {
                (Node::Not(inner), _) => open.push((inner, !holds)),
                (Node::Both(a, b), true) | (Node::Either(a, b), false) => {
                    open.extend([(b, holds), (a, holds)]);
                }
                (Node::Compare(how, a, b), _) => {
                    self.learn_comparison(values, predicate, (how, a, b), holds);
                }
                _ => {}
            }
        }
    }

    fn learn_comparison(
        &mut self,
        values: &mut Values,
        predicate: ValueId,
        (how, a, b): (Comparison, ValueId, ValueId),
        holds: bool,
    ) {
        if comes_out(values, how, a, b) == Some(!holds) {
            self.contradict_with(predicate);
        }
        if values.width(a) != 64 {
            return;
        }
        match (how, holds) {
            (Comparison::Less, true) => self.learn_bound(values, a, 1, b),
            (Comparison::AtMost, true) => self.learn_bound(values, a, 0, b),
            (Comparison::Less, false) => self.learn_bound(values, b, 0, a),
            (Comparison::AtMost, false) => self.learn_bound(values, b, 1, a),
            (Comparison::Equal, true) => self.learn_equal(values, a, b),
            (Comparison::Equal, false) => {}
        }
    }

    /// A comparison cannot have come out as it did.
    fn contradict_with(&mut self, value: ValueId) {
        self.contradictions += 1;
        self.learnt.push((value, Kind::Contradiction));
    }

    fn learn_equal(&mut self, values: &mut Values, a: ValueId, b: ValueId) {
        let zero = [(a, b), (b, a)]
            .into_iter()
            .find(|(_, b)| values.as_constant(*b) == Some(0));
        let Some((masked, _)) = zero else {
            return;
        };
        if let Node::And(value, mask) = *values.node(masked) {
            // Only ones at the bottom of the mask say something of divisibility.
            self.learn_multiple(values, value, mask.trailing_ones());
        }
    }

    fn learn_multiple(&mut self, values: &mut Values, value: ValueId, zeros: u32) {
        let (part, constant) = values.split(value);
        let multiple = Multiple { constant, zeros };
        self.multiples.entry(part).or_default().push(multiple);
        self.learnt.push((part, Kind::Multiple));
    }

    /// `value + beyond`, with `beyond` at most 1, is at most `limit`.
    fn learn_bound(&mut self, values: &mut Values, value: ValueId, beyond: u64, limit: ValueId) {
        let limit = match (values.as_constant(limit), values.node(limit)) {
            (Some(number), _) => Limit::Number(number),
            (None, Node::Given(given)) => Limit::Given(*given),
            _ => return,
        };
        if let Some(number) = values.as_constant(value)
            && number.saturating_add(beyond) > limit_most(limit)
        {
            self.contradict_with(value);
        }
        self.push_bound(values, value, beyond, limit);
        self.look_behind_least(values, value, limit);
    }

    fn push_bound(&mut self, values: &mut Values, value: ValueId, beyond: u64, limit: Limit) {
        let (part, constant) = values.split(value);
        let bound = Bound {
            constant,
            beyond,
            limit,
        };
        self.bounds.entry(part).or_default().push(bound);
        self.learnt.push((part, Kind::Bound));
    }

    /// If a sum with `min(x, c)` is below a limit that is less than `c`, then `min(x, c)` was `x`.
    fn look_behind_least(&mut self, values: &mut Values, sum: ValueId, limit: Limit) {
        let (terms, constant) = values.terms(sum);
        let cut = terms
            .iter()
            .find_map(|(term, factor)| match values.node(*term) {
                Node::AtMost(inner, cut) if *factor == 1 => Some((*term, *inner, *cut)),
                _ => None,
            });
        let Some((term, inner, cut)) = cut else {
            return;
        };
        // The sum is what it looks like, and so `min(x, c)` is at most the sum.
        let is_exact = values.most(sum) < u64::MAX;
        if !is_exact || limit_most(limit) >= cut.saturating_add(constant) {
            return;
        }
        let without = values.add_scaled(sum, term, u64::MAX);
        let whole = values.add_scaled(without, inner, 1);
        self.push_bound(values, whole, 0, limit);
        self.push_bound(values, inner, constant, limit);
    }

    /// Low bits of a value that are zero here.
    pub(super) fn zeros(&self, values: &mut Values, value: ValueId) -> u32 {
        let (part, constant) = values.split(value);
        let known = recent(self.multiples.get(&part)).map(|multiple| {
            let distance = constant.wrapping_sub(multiple.constant);
            match distance {
                0 => multiple.zeros,
                _ => multiple.zeros.min(distance.trailing_zeros()),
            }
        });
        known.max().unwrap_or(0).max(values.zeros(value))
    }

    /// Whether nothing gets here.
    pub(super) fn contradict(&self) -> bool {
        self.contradictions > 0
    }

    /// The largest number that a value may be here: as a whole, or without one of its terms and with that.
    pub(super) fn most(&self, values: &mut Values, value: ValueId) -> u64 {
        let (terms, _) = values.terms(value);
        let mut most = self.most_as_whole(values, value);
        for (term, factor) in terms {
            if factor == 1 && most == u64::MAX {
                let rest = values.add_scaled(value, term, u64::MAX);
                let rest = self.most_as_whole(values, rest);
                most = rest.saturating_add(values.most(term));
            }
        }
        most
    }

    fn most_as_whole(&self, values: &mut Values, value: ValueId) -> u64 {
        let (part, constant) = values.split(value);
        let known = recent(self.bounds.get(&part)).filter_map(|bound| {
            let most = limit_most(bound.limit).checked_sub(bound.beyond)?;
            let distance = constant.wrapping_sub(bound.constant);
            most.checked_add(distance)
        });
        known.min().unwrap_or(u64::MAX).min(values.most(value))
    }

    /// Whether `value + extra + bytes`, without wrapping around, is at most the limit.
    pub(super) fn fits(
        &self,
        values: &mut Values,
        value: ValueId,
        extra: Option<ValueId>,
        bytes: u64,
        limit: Limit,
    ) -> bool {
        let mut most = u128::from(self.most(values, value));
        let mut whole = value;
        if let Some(extra) = extra {
            most += u128::from(values.most(extra));
            whole = values.add_scaled(value, extra, 1);
        }
        if let Limit::Number(limit) = limit
            && most + u128::from(bytes) <= u128::from(limit)
        {
            return true;
        }
        let zeros = self.zeros(values, whole).min(limit_zeros(limit)).min(63);
        let (part, constant) = values.split(whole);
        let mut known =
            recent(self.bounds.get(&part)).filter(|bound| is_within(bound.limit, limit));
        known.any(|bound| {
            let ahead = bound.constant.wrapping_sub(constant);
            let behind = constant.wrapping_sub(bound.constant);
            // The value itself: it and the limit are multiples, so that the next one is at most the limit.
            let aligned = ahead == 0 && extra.is_none() && bound.beyond > 0 && bytes <= 1 << zeros;
            // A place behind it, which must not have wrapped around on the way there.
            let before = most + u128::from(ahead) < 1 << 64
                && u128::from(ahead) + u128::from(bound.beyond) >= u128::from(bytes);
            // A place before it, from which the bound reaches further.
            let after = extra.is_none()
                && behind
                    .checked_add(bytes)
                    .is_some_and(|it| it <= bound.beyond);
            aligned || before || after
        })
    }
}

/// How a comparison comes out, if it does so for whatever its sides may be.
fn comes_out(values: &Values, how: Comparison, a: ValueId, b: ValueId) -> Option<bool> {
    // A constant is known; of anything else how large it may be.
    let least = |value| values.as_constant(value).unwrap_or(0);
    let most = |value| {
        values
            .as_constant(value)
            .unwrap_or_else(|| values.most(value))
    };
    let (always, never) = match how {
        Comparison::Equal => (
            values.as_constant(a).is_some() && values.as_constant(a) == values.as_constant(b),
            least(a) > most(b) || least(b) > most(a),
        ),
        Comparison::Less => (most(a) < least(b), least(a) >= most(b)),
        Comparison::AtMost => (most(a) <= least(b), least(a) > most(b)),
    };
    match (always, never) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

/// Facts of one value that are looked at: guards stand right before what they guard.
const RECENT: usize = 64;

fn recent<T>(facts: Option<&Vec<T>>) -> impl Iterator<Item = &T> {
    facts
        .into_iter()
        .flat_map(|facts| facts.iter().rev().take(RECENT))
}

/// The largest number that a limit may be.
fn limit_most(limit: Limit) -> u64 {
    match limit {
        Limit::Number(number) => number,
        Limit::Given(given) => super::given::most(given),
    }
}

fn limit_zeros(limit: Limit) -> u32 {
    match limit {
        Limit::Number(number) => number.trailing_zeros(),
        Limit::Given(given) => super::given::zeros(given),
    }
}

/// Whether what is within one limit is within the other.
fn is_within(known: Limit, wanted: Limit) -> bool {
    match (known, wanted) {
        (Limit::Number(known), Limit::Number(wanted)) => known <= wanted,
        _ => known == wanted,
    }
}
