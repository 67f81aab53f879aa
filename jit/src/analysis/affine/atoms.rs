//! Values that sums and products are made of.

use super::natural::LoopId;
use super::polynomial::{AtomId, Monomial, Polynomial};
use super::ssa::ValueId;
use crate::ir::BlockId;
use crate::proof::interval::Interval;
use crate::proof::launch::Ranges;
use crate::proof::program::{self, Operation, Start, Width};
use smallvec::{SmallVec, smallvec};
use std::collections::HashMap;

/// Index of a value that must be what so many bits hold.
pub(crate) type NeedId = u32;

/// A value: equal to the register's modulo its width, if all that it needs holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Form {
    pub(crate) sum: Polynomial,
    /// In order.
    pub(crate) needs: SmallVec<[NeedId; 2]>,
}

impl Form {
    pub(crate) fn of(sum: Polynomial) -> Self {
        Self {
            sum,
            needs: SmallVec::new(),
        }
    }

    pub(crate) fn constant(value: i64) -> Self {
        Self::of(Polynomial::constant(value))
    }

    pub(crate) fn atom(atom: AtomId) -> Self {
        Self::of(Polynomial::atom(atom))
    }

    /// The same sum, and what others need besides.
    pub(crate) fn needing(mut self, others: &[NeedId]) -> Self {
        self.needs.extend_from_slice(others);
        self.needs.sort_unstable();
        self.needs.dedup();
        self
    }

    /// Another sum that needs what both do.
    pub(crate) fn joined(sum: Option<Polynomial>, a: &Self, b: &Self) -> Option<Self> {
        Some(Self::of(sum?).needing(&a.needs).needing(&b.needs))
    }
}

/// A value that is not taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Atom {
    /// By its place in [`Ranges`].
    Special(usize),
    Parameter {
        offset: u32,
        bytes: u32,
        signed: bool,
    },
    Start(Start),
    /// Nothing is known but how wide it is.
    Unknown {
        value: ValueId,
        width: Width,
    },
    /// What a loop carries from round to round, before it is known how.
    Carried(ValueId),
    /// The number of a loop's round, from zero.
    Round(LoopId),
    LowBits {
        of: Form,
        bits: u32,
    },
    Apply {
        operation: Operation,
        a: Form,
        b: Form,
        width: Width,
    },
    /// One value or another; [`super::Analysis::choices`] has them.
    Choice(ValueId),
    /// What a loop divides by a factor each round.
    Shrinking {
        value: ValueId,
        first: Form,
        factor: u32,
        width: Width,
    },
    /// What a loop multiplies by a factor each round.
    Growing {
        value: ValueId,
        first: Form,
        factor: u32,
        width: Width,
    },
}

impl Atom {
    /// What it is made of.
    fn forms(&self) -> SmallVec<[&Form; 2]> {
        match self {
            Self::LowBits { of, .. } => smallvec![of],
            Self::Apply { a, b, .. } => smallvec![a, b],
            Self::Shrinking { first, .. } | Self::Growing { first, .. } => smallvec![first],
            _ => SmallVec::new(),
        }
    }
}

/// All atoms, each once.
#[derive(Default)]
pub(crate) struct Atoms {
    all: Vec<Atom>,
    places: HashMap<Atom, AtomId>,
    /// What is known of each in every launch.
    outlines: Vec<Interval>,
    traits: Vec<Traits>,
}

/// How an atom is made.
#[derive(Clone, Default)]
struct Traits {
    /// Atoms in atoms, at most.
    depth: u32,
    /// Blocks in which what it is made of is made.
    blocks: SmallVec<[BlockId; 2]>,
    /// Whether it holds what becomes another value once it is known what loops carry.
    unsettled: bool,
}

/// Atoms in atoms that are followed.
const MOST_DEPTH: u32 = 24;

/// Blocks that are remembered of an atom.
const MOST_BLOCKS: usize = 16;

impl Atoms {
    pub(crate) fn get(&self, id: AtomId) -> &Atom {
        &self.all[id.0 as usize]
    }

    /// None for one that is made of too much. `block` makes what the atom is made of, if a block does.
    pub(crate) fn add(
        &mut self,
        atom: Atom,
        block: Option<BlockId>,
        any: &Ranges<'_>,
    ) -> Option<AtomId> {
        if let Some(known) = self.places.get(&atom) {
            return Some(*known);
        }
        let traits = self.traits_of(&atom, block)?;
        let id = AtomId(self.all.len() as u32);
        self.outlines.push(self.outline_of_atom(&atom, any));
        self.traits.push(traits);
        self.places.insert(atom.clone(), id);
        self.all.push(atom);
        Some(id)
    }

    fn traits_of(&self, atom: &Atom, block: Option<BlockId>) -> Option<Traits> {
        let mut traits = Traits::default();
        traits.blocks.extend(block);
        traits.unsettled = matches!(
            atom,
            Atom::Carried(_) | Atom::Choice(_) | Atom::Unknown { .. }
        );
        for form in atom.forms() {
            traits.unsettled |= !form.needs.is_empty();
            for inner in form.sum.atoms() {
                let inner = &self.traits[inner.0 as usize];
                traits.depth = traits.depth.max(inner.depth + 1);
                traits.blocks.extend(inner.blocks.iter().copied());
                traits.unsettled |= inner.unsettled;
            }
        }
        traits.blocks.sort_unstable();
        traits.blocks.dedup();
        (traits.depth <= MOST_DEPTH && traits.blocks.len() <= MOST_BLOCKS).then_some(traits)
    }

    /// The blocks that make what an atom is made of.
    pub(crate) fn blocks(&self, atom: AtomId) -> &[BlockId] {
        &self.traits[atom.0 as usize].blocks
    }

    /// Whether an atom stays what it is once it is known what loops carry.
    pub(crate) fn is_settled(&self, atom: AtomId) -> bool {
        !self.traits[atom.0 as usize].unsettled
    }

    fn outline_of_atom(&self, atom: &Atom, any: &Ranges<'_>) -> Interval {
        match atom {
            Atom::Special(index) => any.special(*index),
            Atom::Parameter {
                offset,
                bytes,
                signed,
            } => any.parameter(*offset, *bytes, *signed),
            Atom::Start(start) => any.start(*start),
            Atom::Unknown { width, .. } => Interval::of_bits(width.bits, width.signed),
            Atom::LowBits { of, bits } => program::low_bits(self.outline_of(of), *bits),
            Atom::Apply {
                operation,
                a,
                b,
                width,
            } => program::apply(*operation, self.outline_of(a), self.outline_of(b), *width),
            Atom::Round(_) => Interval::between(0, Interval::ANYTHING.high),
            _ => Interval::ANYTHING,
        }
    }

    /// What is known of a form in every launch, whether or not what it needs holds.
    fn outline_of(&self, form: &Form) -> Interval {
        if form.needs.is_empty() {
            self.outline(&form.sum)
        } else {
            Interval::ANYTHING
        }
    }

    /// What is known of a sum in every launch, if what its form needs holds.
    pub(crate) fn outline(&self, sum: &Polynomial) -> Interval {
        let mut total = Interval::exactly(i128::from(sum.constant));
        for (factors, factor) in &sum.terms {
            let mut product = Interval::exactly(i128::from(*factor));
            for atom in factors {
                product = product.times(self.outlines[atom.0 as usize]);
            }
            total = total.plus(product);
        }
        total
    }
}

/// Whether a sum holds an atom, and what it is multiplied with there.
pub(crate) fn split_linear(sum: &Polynomial, atom: AtomId) -> Option<(Polynomial, Polynomial)> {
    let (mut rest, mut step) = (Polynomial::constant(sum.constant), Polynomial::default());
    for (factors, factor) in &sum.terms {
        match factors.iter().filter(|known| **known == atom).count() {
            0 => rest.add_term(factors, *factor)?,
            1 => {
                let others: Monomial = factors
                    .iter()
                    .copied()
                    .filter(|known| *known != atom)
                    .collect();
                if others.is_empty() {
                    step.constant = step.constant.checked_add(*factor)?;
                } else {
                    step.add_term(&others, *factor)?;
                }
            }
            _ => return None,
        }
    }
    Some((rest, step))
}
