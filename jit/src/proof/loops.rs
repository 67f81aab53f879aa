//! How often loops go round, at most.

use super::interval::Interval;
use super::program::{Geometric, NodeId, Relation, Test, Width, quotient};

/// A number of rounds that has no bound.
pub(super) fn endless() -> Interval {
    Interval::between(0, Interval::ANYTHING.high)
}

fn at_most(rounds: i128) -> Interval {
    Interval::between(0, rounds.max(0))
}

/// How often a test holds from the first round on.
///
/// By induction over the rounds: as long as the test held, the value stood between its first and the bound; a step further it
/// still lies in what the register holds, so that the comparison is one of the numbers themselves.
pub(super) fn trips(test: &Test, at: impl Fn(NodeId) -> Interval) -> Interval {
    let (first, step) = (at(test.first), at(test.step));
    if [first, step, at(test.bound)].iter().any(Interval::is_empty) {
        return at_most(0);
    }
    if test.relation == Relation::NotEqual {
        return trips_until(at(test.distance), step, test.width);
    }
    let Width { bits, signed } = test.width;
    let range = Interval::of_bits(bits, signed);
    let bound = at(test.bound).read_as(bits, signed);
    if !first.lies_in(range) || !step.is_bounded() {
        return endless();
    }
    match test.relation {
        Relation::Less | Relation::LessOrEqual if step.low >= 1 => {
            let last = bound.high - i128::from(test.relation == Relation::Less);
            if last + step.high > range.high {
                return endless();
            }
            at_most(rounds(last - first.low, step.low))
        }
        Relation::Greater | Relation::GreaterOrEqual if step.high <= -1 => {
            let last = bound.low + i128::from(test.relation == Relation::Greater);
            if last + step.low < range.low {
                return endless();
            }
            at_most(rounds(first.high - last, -step.high))
        }
        _ => endless(),
    }
}

/// How many steps from zero there are that lead no farther than this.
fn rounds(distance: i128, step: i128) -> i128 {
    if distance < 0 {
        0
    } else {
        quotient(distance, step) + 1
    }
}

/// How often a value that goes in steps misses another one which is so far away.
fn trips_until(distance: Interval, step: Interval, width: Width) -> Interval {
    if !step.is_single() || step.low == 0 || !distance.is_bounded() || distance.is_empty() {
        return endless();
    }
    let size = step.low.abs();
    let distance = distance.times(Interval::exactly(step.low.signum()));
    let meets = if distance.is_single() {
        distance.low == quotient(distance.low, size) * size
    } else {
        size.count_ones() == 1 && distance.trailing_zeros() >= size.trailing_zeros()
    };
    if !meets || distance.low < 0 || distance.high >= 1 << width.bits {
        return endless();
    }
    at_most(quotient(distance.high, size))
}

/// How often a value can be divided by a factor before it is zero.
pub(super) fn halvings(first: Interval, from: &Geometric) -> Interval {
    let range = Interval::of_bits(from.width.bits, from.width.signed);
    if first.is_empty() {
        return at_most(0);
    }
    if from.factor < 2 || first.low < 0 || !first.lies_in(range) {
        return endless();
    }
    // Each round takes as many bits off as the factor has behind its first, at least.
    at_most(i128::from(
        bits_of(first.high).div_ceil(from.factor.ilog2()),
    ))
}

/// How many bits a number that is not negative has.
fn bits_of(number: i128) -> u32 {
    128 - number.leading_zeros()
}

/// How often a value can be multiplied by a factor before it passes a bound.
pub(super) fn doublings(first: Interval, from: &Geometric, bound: Interval) -> Interval {
    let Width { bits, signed } = from.width;
    let range = Interval::of_bits(bits, signed);
    let bound = bound.read_as(bits, signed);
    if first.is_empty() || bound.is_empty() {
        return at_most(0);
    }
    let wraps = bound.high.max(first.high) * i128::from(from.factor) > range.high;
    if from.factor < 2 || first.low < 1 || !first.lies_in(range) || wraps {
        return endless();
    }
    // Each round adds as many bits as the factor has behind its first, at least; with one more than the bound's it is passed.
    let missing = (bits_of(bound.high.max(0)) + 1).saturating_sub(bits_of(first.low));
    at_most(i128::from(missing.div_ceil(from.factor.ilog2())))
}

/// A value that is divided by a factor each round.
pub(super) fn shrinking(first: Interval, from: &Geometric) -> Interval {
    let range = Interval::of_bits(from.width.bits, from.width.signed);
    if first.is_empty() {
        return first;
    }
    if first.low < 0 || !first.lies_in(range) {
        return range;
    }
    Interval::between(0, first.high)
}

/// A value that is multiplied by a factor each round, as long as it stands in a relation to a bound.
pub(super) fn growing(
    first: Interval,
    from: &Geometric,
    relation: Relation,
    bound: Interval,
) -> Interval {
    let Width { bits, signed } = from.width;
    let range = Interval::of_bits(bits, signed);
    if first.is_empty() {
        return first;
    }
    let bound = bound.read_as(bits, signed);
    let last = bound.high - i128::from(relation == Relation::Less);
    let most = last.max(0) * i128::from(from.factor);
    let rises = matches!(relation, Relation::Less | Relation::LessOrEqual);
    // The next value may be compared as well as this one.
    let next = first.high * i128::from(from.factor);
    if !rises || first.low < 0 || !first.lies_in(range) || most.max(next) > range.high {
        return range;
    }
    let high = first.high.max(most);
    let zeros = first.trailing_zeros();
    Interval {
        low: first.low,
        high,
        zeros,
    }
    .within(first.low, high)
}
