//! Values of registers, as sums of things that are not looked into.
//!
//! Two registers with the same value id hold the same number at every place where both definitions are in force. A sum is modulo
//! 2^32 or 2^64, as wide as it is; what is known of a value besides is how large it may be and by which power of two it can be
//! divided.

use smallvec::{SmallVec, smallvec};
use std::collections::HashMap;

/// Index of a value; or a value of which nothing is known, which takes no memory: a mark, its width and a number.
pub(super) type ValueId = u32;

/// The mark of values of which nothing is known.
const UNKNOWN: ValueId = 1 << 31;

/// Where the width's place in [`WIDTHS`] stands.
const WIDTH_SHIFT: u32 = 28;

/// The widths that registers have.
const WIDTHS: [u32; 5] = [1, 8, 16, 32, 64];

/// The summands of a sum, each with its factor.
type Terms = SmallVec<[(ValueId, u64); 4]>;

/// Summands that a sum may have before it is not looked into any more.
const MOST_TERMS: usize = 8;

/// How a comparison compares, without sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Comparison {
    Equal,
    Less,
    AtMost,
}

/// What a launch gives, in the launch record or as an array's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Given {
    WindowBase,
    Mapped,
    Granules,
    Stop,
    Variables,
    SharedSize,
    Look,
    SharedBase,
    LocalBase,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    /// Something.
    Unknown,
    /// What was read from the stop word, in the block with this number.
    StopWord {
        block: u32,
        number: u32,
    },
    Given(Given),
    /// The terms, each with its factor, and a constant.
    Sum(Box<[(ValueId, u64)]>, u64),
    /// The bits that are also in the mask.
    And(ValueId, u64),
    ShiftRight(ValueId, u32),
    /// The lesser of it and a constant.
    AtMost(ValueId, u64),
    /// The product of two 32-bit numbers, in 64 bits.
    WideProduct(ValueId, ValueId),
    /// 32 bits as 64.
    Widened(ValueId),
    /// The lower half of 64 bits.
    Low(ValueId),
    /// The first if the predicate holds, else the second.
    Select(ValueId, ValueId, ValueId),
    Compare(Comparison, ValueId, ValueId),
    Not(ValueId),
    Both(ValueId, ValueId),
    Either(ValueId, ValueId),
}

/// A value, and what is known of it wherever it is.
#[derive(Debug)]
struct Value {
    node: Node,
    width: u32,
    most: u64,
    zeros: u32,
}

/// All values of a kernel.
#[derive(Default)]
pub(super) struct Values {
    all: Vec<Value>,
    ids: HashMap<(Node, u32), ValueId>,
    unknown: u32,
}

/// The largest number of a width.
pub(super) fn largest(width: u32) -> u64 {
    if width >= 64 {
        u64::MAX
    } else {
        (1 << width) - 1
    }
}

impl Values {
    pub(super) fn node(&self, id: ValueId) -> &Node {
        self.known(id).map_or(&Node::Unknown, |value| &value.node)
    }

    pub(super) fn width(&self, id: ValueId) -> u32 {
        match self.known(id) {
            Some(value) => value.width,
            None => WIDTHS[(id >> WIDTH_SHIFT & 7) as usize % WIDTHS.len()],
        }
    }

    /// The largest number that it may be.
    pub(super) fn most(&self, id: ValueId) -> u64 {
        match self.known(id) {
            Some(value) => value.most,
            None => largest(self.width(id)),
        }
    }

    /// Low bits that are zero.
    pub(super) fn zeros(&self, id: ValueId) -> u32 {
        self.known(id).map_or(0, |value| value.zeros)
    }

    fn known(&self, id: ValueId) -> Option<&Value> {
        if id & UNKNOWN == 0 {
            self.all.get(id as usize)
        } else {
            None
        }
    }

    fn add(&mut self, node: Node, width: u32, most: u64, zeros: u32) -> ValueId {
        let next = self.all.len() as ValueId;
        let all = &mut self.all;
        *self
            .ids
            .entry((node, width))
            .or_insert_with_key(|(node, _)| {
                all.push(Value {
                    node: node.clone(),
                    width,
                    most: most.min(largest(width)),
                    zeros: zeros.min(width),
                });
                next
            })
    }

    /// A value of which nothing is known but how large it may be.
    pub(super) fn unknown(&mut self, width: u32, most: u64) -> ValueId {
        if most < largest(width) {
            let next = self.all.len() as ValueId;
            self.all.push(Value {
                node: Node::Unknown,
                width,
                most,
                zeros: 0,
            });
            return next;
        }
        // A text is too short for so many that numbers come again.
        self.unknown += 1;
        let place = WIDTHS.iter().position(|it| *it == width).unwrap_or(0) as u32;
        UNKNOWN | place << WIDTH_SHIFT | self.unknown & ((1 << WIDTH_SHIFT) - 1)
    }

    /// What a read of the stop word finds.
    pub(super) fn stop_word(&mut self, block: u32) -> ValueId {
        self.unknown += 1;
        let number = self.unknown;
        self.add(Node::StopWord { block, number }, 32, u64::MAX, 0)
    }

    pub(super) fn given(&mut self, given: Given, most: u64, zeros: u32) -> ValueId {
        self.add(Node::Given(given), 64, most, zeros)
    }

    pub(super) fn constant(&mut self, width: u32, number: u64) -> ValueId {
        self.sum_of(width, Terms::new(), number)
    }

    pub(super) fn as_constant(&self, id: ValueId) -> Option<u64> {
        match self.node(id) {
            Node::Sum(terms, constant) if terms.is_empty() => Some(*constant),
            _ => None,
        }
    }

    /// The terms of a value, and its constant.
    pub(super) fn terms(&self, id: ValueId) -> (Terms, u64) {
        match self.node(id) {
            Node::Sum(terms, constant) => (terms.iter().copied().collect(), *constant),
            _ => (smallvec![(id, 1)], 0),
        }
    }

    /// A value without its constant, and the constant.
    pub(super) fn split(&mut self, id: ValueId) -> (ValueId, u64) {
        let (terms, constant) = self.terms(id);
        (self.sum_of(self.width(id), terms, 0), constant)
    }

    /// `a + factor * b`
    pub(super) fn add_scaled(&mut self, a: ValueId, b: ValueId, factor: u64) -> ValueId {
        let width = self.width(a);
        let mask = largest(width);
        let ((mut terms, mut constant), (other, added)) = (self.terms(a), self.terms(b));
        constant = constant.wrapping_add(added.wrapping_mul(factor)) & mask;
        for (term, count) in other {
            let count = count.wrapping_mul(factor) & mask;
            match terms.iter_mut().find(|(known, _)| *known == term) {
                Some((_, known)) => *known = known.wrapping_add(count) & mask,
                None => terms.push((term, count)),
            }
        }
        terms.retain(|(_, count)| *count != 0);
        terms.sort_unstable();
        if terms.len() > MOST_TERMS {
            return self.unknown(width, u64::MAX);
        }
        self.sum_of(width, terms, constant)
    }

    pub(super) fn plus(&mut self, a: ValueId, number: u64) -> ValueId {
        let number = self.constant(self.width(a), number);
        self.add_scaled(a, number, 1)
    }

    pub(super) fn scaled(&mut self, a: ValueId, factor: u64) -> ValueId {
        let zero = self.constant(self.width(a), 0);
        self.add_scaled(zero, a, factor)
    }

    fn sum_of(&mut self, width: u32, terms: Terms, constant: u64) -> ValueId {
        let constant = constant & largest(width);
        if let ([(single, 1)], 0) = (terms.as_slice(), constant) {
            return *single;
        }
        let mut most = u128::from(constant);
        let mut zeros = if constant == 0 {
            64
        } else {
            constant.trailing_zeros()
        };
        for (term, factor) in &terms {
            let product = u128::from(self.most(*term)) * u128::from(*factor);
            most = most.saturating_add(product);
            zeros = zeros.min(self.zeros(*term) + factor.trailing_zeros());
        }
        // A sum that may wrap around may be anything.
        let most = u64::try_from(most)
            .ok()
            .filter(|most| *most <= largest(width));
        self.add(
            Node::Sum(terms.into_vec().into(), constant),
            width,
            most.unwrap_or(u64::MAX),
            zeros,
        )
    }

    pub(super) fn and(&mut self, a: ValueId, mask: u64) -> ValueId {
        let width = self.width(a);
        match self.as_constant(a) {
            Some(number) => self.constant(width, number & mask),
            None => {
                let zeros = self.zeros(a).max(mask.trailing_zeros());
                let most = self.most(a).min(mask);
                self.add(Node::And(a, mask), width, most, zeros)
            }
        }
    }

    pub(super) fn shift_right(&mut self, a: ValueId, count: u32) -> ValueId {
        let (width, count) = (self.width(a), count.min(63));
        match self.as_constant(a) {
            Some(number) => self.constant(width, number >> count),
            None => {
                let (most, zeros) = (self.most(a) >> count, self.zeros(a).saturating_sub(count));
                self.add(Node::ShiftRight(a, count), width, most, zeros)
            }
        }
    }

    pub(super) fn at_most(&mut self, a: ValueId, limit: u64) -> ValueId {
        let width = self.width(a);
        match self.as_constant(a) {
            Some(number) => self.constant(width, number.min(limit)),
            None => {
                let zeros = self.zeros(a).min(limit.trailing_zeros());
                let most = self.most(a).min(limit);
                self.add(Node::AtMost(a, limit), width, most, zeros)
            }
        }
    }

    pub(super) fn wide_product(&mut self, a: ValueId, b: ValueId) -> ValueId {
        if let (Some(left), Some(right)) = (self.as_constant(a), self.as_constant(b)) {
            return self.constant(64, left.wrapping_mul(right));
        }
        let (a, b) = (a.min(b), a.max(b));
        let most = self.most(a).saturating_mul(self.most(b));
        let zeros = self.zeros(a) + self.zeros(b);
        self.add(Node::WideProduct(a, b), 64, most, zeros)
    }

    pub(super) fn widened(&mut self, a: ValueId) -> ValueId {
        match self.as_constant(a) {
            Some(number) => self.constant(64, number),
            None => {
                let (most, zeros) = (self.most(a), self.zeros(a));
                self.add(Node::Widened(a), 64, most, zeros)
            }
        }
    }

    pub(super) fn low(&mut self, a: ValueId) -> ValueId {
        match self.as_constant(a) {
            Some(number) => self.constant(32, number),
            None => {
                let (most, zeros) = (self.most(a), self.zeros(a));
                self.add(Node::Low(a), 32, most, zeros)
            }
        }
    }

    pub(super) fn select(&mut self, predicate: ValueId, a: ValueId, b: ValueId) -> ValueId {
        let most = self.most(a).max(self.most(b));
        let zeros = self.zeros(a).min(self.zeros(b));
        let width = self.width(a).min(self.width(b));
        self.add(Node::Select(predicate, a, b), width, most, zeros)
    }

    /// A value of one bit that is made of others.
    pub(super) fn predicate(&mut self, node: Node) -> ValueId {
        self.add(node, 1, 1, 0)
    }
}
