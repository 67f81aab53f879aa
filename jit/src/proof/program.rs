//! What a proof computes at a launch: one set of integers a node, each from those before it.
//!
//! A node stands for a value of the kernel, at every thread and in every round of the loops around it. Registers hold numbers modulo
//! `2^32` or `2^64`; a node tells a number that is equal to the register's modulo that, as computed without wrapping around. Where
//! the kernel's own instructions make a difference between the two (comparisons, divisions, shifts to the right), the node
//! is read as so many bits first.

use super::interval::Interval;
use super::launch::Ranges;
use super::loops;

/// Index in [`Program::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) u32);

/// Where addresses begin that no number is known of ahead of a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Start {
    Shared,
    Local,
    Variables,
}

/// How an instruction reads its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Width {
    pub(crate) bits: u32,
    pub(crate) signed: bool,
}

/// A comparison that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Relation {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Relation {
    pub(crate) fn negated(self) -> Self {
        match self {
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
        }
    }

    /// The same with its sides exchanged.
    pub(crate) fn swapped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }
}

/// Operations of two operands, on what they are read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Operation {
    And,
    Or,
    Xor,
    ShiftRight,
    ShiftLeft,
    Divide,
    Remainder,
    Least,
    Most,
    HighProduct,
}

/// A product of nodes and a constant; no nodes for the constant alone.
pub(crate) type Term = (i64, Box<[NodeId]>);

/// Values that must be what so many bits hold, so that widening them changes nothing.
pub(crate) type Fits = Box<[(NodeId, Width)]>;

/// A loop's own test, which lets it go on while `first + step * round` stands in a relation to `bound`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Test {
    pub(crate) first: NodeId,
    pub(crate) step: NodeId,
    pub(crate) bound: NodeId,
    /// `bound - first`.
    pub(crate) distance: NodeId,
    pub(crate) relation: Relation,
    pub(crate) width: Width,
}

/// A value that shrinks or grows by a factor each round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Geometric {
    pub(crate) first: NodeId,
    /// What it shrinks to, or grows from, at least.
    pub(crate) factor: u32,
    pub(crate) width: Width,
}

/// How a value is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// A special register, as [`super::launch::special_index`] calls it.
    Special(usize),
    /// Bytes of the parameter block.
    Parameter {
        offset: u32,
        bytes: u32,
        signed: bool,
    },
    Start(Start),
    Anything,
    /// Whatever so many bits hold.
    Unknown(Width),
    Sum {
        constant: i64,
        terms: Box<[Term]>,
    },
    /// Modulo a power of two.
    LowBits {
        of: NodeId,
        bits: u32,
    },
    Apply {
        operation: Operation,
        a: NodeId,
        b: NodeId,
        width: Width,
    },
    /// One of these.
    Choice(Box<[NodeId]>),
    /// A value where a comparison with another one holds, if that compares what it seems to.
    Where {
        of: NodeId,
        relation: Relation,
        bound: NodeId,
        width: Width,
        fits: Fits,
    },
    /// A value that is in both sets.
    Both {
        a: NodeId,
        b: NodeId,
    },
    /// A value at a place; there is none where another node is empty, as nothing gets there.
    Reached {
        of: NodeId,
        reached: NodeId,
    },
    /// A value, if nothing that it is made of wraps around; else anything.
    Trusted {
        of: NodeId,
        fits: Fits,
    },
    /// How often a loop goes on by one of its tests.
    Trips {
        test: Test,
        fits: Fits,
    },
    /// How often a loop goes on that a value which shrinks to zero ends.
    Halvings(Geometric),
    /// How often a loop goes on that a value which grows up to a bound ends.
    Doublings {
        from: Geometric,
        bound: NodeId,
    },
    /// A value that shrinks from its first.
    Shrinking(Geometric),
    /// A value that grows by a factor while it stands in a relation to the bound.
    Growing {
        from: Geometric,
        relation: Relation,
        bound: NodeId,
    },
    /// The number of a loop's round, from zero: below the least of these plus `more`.
    Round(Box<[(NodeId, i64)]>),
}

/// Nodes, each behind those that it is found from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    pub(crate) nodes: Vec<Node>,
}

impl Program {
    /// Finds every node's set.
    pub(crate) fn run(&self, ranges: &Ranges<'_>, values: &mut Vec<Interval>) {
        values.clear();
        values.reserve(self.nodes.len());
        for node in &self.nodes {
            values.push(evaluate(node, ranges, values));
        }
    }
}

impl Program {
    /// Keeps the nodes that these are found from; tells where each has gone.
    pub(crate) fn keep(&mut self, roots: &[NodeId]) -> Vec<Option<NodeId>> {
        let mut used = vec![false; self.nodes.len()];
        for root in roots {
            used[root.0 as usize] = true;
        }
        for place in (0..self.nodes.len()).rev() {
            if used[place] {
                self.nodes[place].for_each_operand(&mut |id| used[id.0 as usize] = true);
            }
        }
        let mut moved = vec![None; used.len()];
        let mut kept = Vec::new();
        for (place, mut node) in std::mem::take(&mut self.nodes).into_iter().enumerate() {
            if used[place] {
                node.for_each_operand(&mut |id| *id = moved[id.0 as usize].unwrap_or(*id));
                moved[place] = Some(NodeId(kept.len() as u32));
                kept.push(node);
            }
        }
        self.nodes = kept;
        moved
    }
}

impl Node {
    fn for_each_operand(&mut self, visit: &mut impl FnMut(&mut NodeId)) {
        match self {
            Self::Anything
            | Self::Special(_)
            | Self::Parameter { .. }
            | Self::Start(_)
            | Self::Unknown(_) => {}
            Self::Sum { terms, .. } => terms
                .iter_mut()
                .for_each(|(_, nodes)| nodes.iter_mut().for_each(&mut *visit)),
            Self::LowBits { of, .. } => visit(of),
            Self::Apply { a, b, .. } | Self::Both { a, b } => [a, b].into_iter().for_each(visit),
            Self::Choice(of) => of.iter_mut().for_each(visit),
            Self::Where {
                of, bound, fits, ..
            } => {
                [of, bound].into_iter().for_each(&mut *visit);
                fits.iter_mut().for_each(|(id, _)| visit(id));
            }
            Self::Reached { of, reached } => [of, reached].into_iter().for_each(visit),
            Self::Trusted { of, fits } => {
                visit(of);
                fits.iter_mut().for_each(|(id, _)| visit(id));
            }
            Self::Trips { test, fits } => {
                let Test {
                    first,
                    step,
                    bound,
                    distance,
                    ..
                } = test;
                [first, step, bound, distance]
                    .into_iter()
                    .for_each(&mut *visit);
                fits.iter_mut().for_each(|(id, _)| visit(id));
            }
            Self::Halvings(from) | Self::Shrinking(from) => visit(&mut from.first),
            Self::Doublings { from, bound } | Self::Growing { from, bound, .. } => {
                [&mut from.first, bound].into_iter().for_each(visit);
            }
            Self::Round(limits) => limits.iter_mut().for_each(|(id, _)| visit(id)),
        }
    }
}

/// Finds the sets of the nodes from one on, whose operands are no special registers or parameters.
pub(crate) fn evaluate_in(
    program: &Program,
    from: usize,
    values: &mut Vec<Interval>,
    ranges: &Ranges<'_>,
) {
    for node in program.nodes.iter().skip(from) {
        let value = evaluate(node, ranges, values);
        values.push(value);
    }
}

/// The set of a node whose operands' sets are known.
pub(crate) fn evaluate(node: &Node, ranges: &Ranges<'_>, values: &[Interval]) -> Interval {
    let at = |id: NodeId| {
        values
            .get(id.0 as usize)
            .copied()
            .unwrap_or(Interval::ANYTHING)
    };
    let all_fit = |fits: &Fits| {
        fits.iter()
            .all(|(id, width)| at(*id).lies_in(Interval::of_bits(width.bits, width.signed)))
    };
    match node {
        Node::Special(index) => ranges.special(*index),
        Node::Parameter {
            offset,
            bytes,
            signed,
        } => ranges.parameter(*offset, *bytes, *signed),
        Node::Start(start) => ranges.start(*start),
        Node::Anything => Interval::ANYTHING,
        Node::Unknown(width) => Interval::of_bits(width.bits, width.signed),
        Node::Sum { constant, terms } => sum(*constant, terms, at),
        Node::LowBits { of, bits } => low_bits(at(*of), *bits),
        Node::Apply {
            operation,
            a,
            b,
            width,
        } => apply(*operation, at(*a), at(*b), *width),
        Node::Choice(of) => of
            .iter()
            .map(|id| at(*id))
            .fold(Interval::between(1, 0), Interval::or),
        Node::Where { of, fits, .. } if !all_fit(fits) => at(*of),
        Node::Where {
            of,
            relation,
            bound,
            width,
            ..
        } => refine(at(*of), *relation, at(*bound), *width),
        Node::Both { a, b } => at(*a).and(at(*b)),
        Node::Reached { reached, .. } if at(*reached).is_empty() => Interval::between(1, 0),
        Node::Reached { of, .. } => at(*of),
        Node::Trusted { fits, .. } if !all_fit(fits) => Interval::ANYTHING,
        Node::Trusted { of, .. } => at(*of),
        Node::Trips { fits, .. } if !all_fit(fits) => loops::endless(),
        Node::Trips { test, .. } => loops::trips(test, at),
        Node::Halvings(from) => loops::halvings(at(from.first), from),
        Node::Doublings { from, bound } => loops::doublings(at(from.first), from, at(*bound)),
        Node::Shrinking(from) => loops::shrinking(at(from.first), from),
        Node::Growing {
            from,
            relation,
            bound,
        } => loops::growing(at(from.first), from, *relation, at(*bound)),
        Node::Round(limits) => {
            let least = limits
                .iter()
                .map(|(id, more)| at(*id).high + i128::from(*more))
                .min();
            least.map_or(Interval::between(0, Interval::ANYTHING.high), |least| {
                Interval::between(0, least)
            })
        }
    }
}

fn sum(constant: i64, terms: &[Term], at: impl Fn(NodeId) -> Interval) -> Interval {
    if let Some(total) = near_sum(constant, terms, &at) {
        return total;
    }
    let mut total = Interval::exactly(i128::from(constant));
    for (factor, nodes) in terms {
        let mut product = Interval::exactly(i128::from(*factor));
        for node in nodes {
            product = product.times(at(*node));
        }
        total = total.plus(product);
    }
    total
}

/// The same where nothing is so large that its products could leave 128 bits: nearly always.
fn near_sum(constant: i64, terms: &[Term], at: impl Fn(NodeId) -> Interval) -> Option<Interval> {
    let mut total = Interval::exactly(i128::from(constant));
    for (factor, nodes) in terms {
        let product = match **nodes {
            [only] => at(only).near(1 << 65)?,
            [a, b] => at(a).near(1 << 40)?.times_near(at(b).near(1 << 40)?),
            _ => return None,
        };
        let factor = i128::from(*factor);
        if product.is_empty() || factor.abs() > 1 << 32 {
            return None;
        }
        let scaled = if factor == 1 {
            product
        } else {
            product.scaled_near(factor)
        };
        total = total.plus_near(scaled);
    }
    Some(total)
}

pub(crate) fn low_bits(of: Interval, bits: u32) -> Interval {
    if bits >= 64 {
        return of.read_as(64, false);
    }
    let mut low = of.read_as(bits, false);
    if let Some(ones) = of.ones() {
        let mask = ones & ((1 << bits) - 1);
        low = low.within(0, i128::from(mask));
    }
    low
}

pub(crate) fn apply(operation: Operation, a: Interval, b: Interval, width: Width) -> Interval {
    let Width { bits, signed } = width;
    if a.is_empty() || b.is_empty() {
        return Interval::between(1, 0);
    }
    let any = Interval::of_bits(bits, signed);
    match operation {
        Operation::And | Operation::Or | Operation::Xor => {
            bitwise(operation, a.read_as(bits, false), b.read_as(bits, false))
                .unwrap_or(Interval::of_bits(bits, false))
        }
        Operation::ShiftRight => {
            let (a, b) = (a.read_as(bits, signed), b.read_as(32, false));
            let (least, most) = (b.low.min(127) as u32, b.high.min(127) as u32);
            let zeros = if least == most {
                a.trailing_zeros().saturating_sub(least)
            } else {
                0
            };
            let low = if a.low < 0 {
                a.low >> least
            } else {
                a.low >> most
            };
            let high = if a.high < 0 {
                a.high >> most
            } else {
                a.high >> least
            };
            let aligned = low.trailing_zeros() >= zeros;
            Interval {
                low,
                high,
                zeros: if aligned { zeros } else { 0 },
            }
        }
        Operation::ShiftLeft => {
            let b = b.read_as(32, false);
            if b.high >= i128::from(bits) {
                return Interval::ANYTHING;
            }
            let least = Interval::exactly(1 << b.low);
            a.times(least.or(Interval::exactly(1 << b.high)))
        }
        Operation::Divide => {
            let (a, b) = (a.read_as(bits, signed), b.read_as(bits, signed));
            if b.low < 1 {
                return any;
            }
            let low = quotient(a.low, if a.low < 0 { b.low } else { b.high });
            let high = quotient(a.high, if a.high < 0 { b.high } else { b.low });
            Interval::between(low, high)
        }
        Operation::Remainder => {
            let (a, b) = (a.read_as(bits, signed), b.read_as(bits, signed));
            if b.low < 1 {
                return any;
            }
            let most = b.high - 1;
            let low = if a.low < 0 { a.low.max(-most) } else { 0 };
            if a.low >= 0 && a.high < b.low {
                return a;
            }
            Interval::between(low, a.high.clamp(0, most))
        }
        Operation::Least | Operation::Most => {
            let (a, b) = (a.read_as(bits, signed), b.read_as(bits, signed));
            if operation == Operation::Least {
                Interval::between(a.low.min(b.low), a.high.min(b.high))
            } else {
                Interval::between(a.low.max(b.low), a.high.max(b.high))
            }
        }
        Operation::HighProduct => {
            let (a, b) = (a.read_as(bits, signed), b.read_as(bits, signed));
            let product = a.times(b);
            if !product.is_bounded() {
                return any;
            }
            Interval::between(product.low >> bits, product.high >> bits)
        }
    }
}

/// Towards zero. Most numbers have 64 bits, and processors divide those.
pub(super) fn quotient(a: i128, b: i128) -> i128 {
    match (i64::try_from(a), i64::try_from(b)) {
        (Ok(a), Ok(b)) => a.checked_div(b).map_or(0, i128::from),
        _ => a.checked_div(b).unwrap_or(0),
    }
}

fn bitwise(operation: Operation, a: Interval, b: Interval) -> Option<Interval> {
    let (left, right) = (a.ones()?, b.ones()?);
    let exact = a.is_single() && b.is_single();
    let (ones, low) = match operation {
        Operation::And => (left & right, 0),
        Operation::Or => (left | right, a.low.max(b.low)),
        _ => (left ^ right | if exact { 0 } else { left | right }, 0),
    };
    if exact {
        return Some(Interval::exactly(i128::from(ones)));
    }
    let mut high = i128::from(ones);
    if operation == Operation::And {
        high = high.min(a.high).min(b.high);
    }
    // All bits below the lowest that may be one are zero; the lower end is one of the members' own.
    let zeros = if ones == 0 { 64 } else { ones.trailing_zeros() };
    Some(
        Interval {
            low: 0,
            high,
            zeros,
        }
        .within(low, high),
    )
}

/// A value that stands in a relation to another one, both read as so many bits.
fn refine(of: Interval, relation: Relation, bound: Interval, width: Width) -> Interval {
    let Width { bits, signed } = width;
    if of.is_empty() || bound.is_empty() {
        return Interval::between(1, 0);
    }
    let range = Interval::of_bits(bits, signed);
    let bound = bound.read_as(bits, signed);
    let most = match relation {
        Relation::Less => bound.high - 1,
        _ => bound.high,
    };
    let least = match relation {
        Relation::Greater => bound.low + 1,
        _ => bound.low,
    };
    let bounded_above = matches!(
        relation,
        Relation::Less | Relation::LessOrEqual | Relation::Equal
    );
    if !of.lies_in(range) {
        // A negative number is a large one when its bits are read without a sign: too large for what was compared.
        let reads_large =
            !signed && bounded_above && of.low > most - (1 << bits) && of.high < 1 << bits;
        return if reads_large { of.within(0, most) } else { of };
    }
    match relation {
        Relation::Less | Relation::LessOrEqual => of.within(range.low, most),
        Relation::Greater | Relation::GreaterOrEqual => of.within(least, range.high),
        Relation::Equal => of.within(least, most),
        Relation::NotEqual if bound.is_single() && of.low == bound.low => {
            of.within(of.low + 1, of.high)
        }
        Relation::NotEqual if bound.is_single() && of.high == bound.low => {
            of.within(of.low, of.high - 1)
        }
        Relation::NotEqual => of,
    }
}
