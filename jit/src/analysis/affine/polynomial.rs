//! Sums of products of values that are not taken apart further.

use smallvec::{SmallVec, smallvec};

/// Index of a value that is not taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct AtomId(pub(crate) u32);

/// A product of atoms, in order.
pub(crate) type Monomial = SmallVec<[AtomId; 2]>;

/// What sums and products are followed up to.
const MOST_TERMS: usize = 24;
const MOST_FACTORS: usize = 6;

/// A constant, and products with a factor each that is not zero, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Polynomial {
    pub(crate) constant: i64,
    pub(crate) terms: SmallVec<[(Monomial, i64); 2]>,
}

impl Polynomial {
    pub(crate) fn constant(constant: i64) -> Self {
        Self {
            constant,
            terms: SmallVec::new(),
        }
    }

    pub(crate) fn atom(atom: AtomId) -> Self {
        Self {
            constant: 0,
            terms: smallvec![(smallvec![atom], 1)],
        }
    }

    pub(crate) fn as_constant(&self) -> Option<i64> {
        self.terms.is_empty().then_some(self.constant)
    }

    /// The atom that it is, but for a constant.
    pub(crate) fn as_atom(&self) -> Option<AtomId> {
        match self.terms.as_slice() {
            [(factors, 1)] if factors.len() == 1 => Some(factors[0]),
            _ => None,
        }
    }

    pub(crate) fn atoms(&self) -> impl Iterator<Item = AtomId> + '_ {
        self.terms
            .iter()
            .flat_map(|(factors, _)| factors.iter().copied())
    }

    pub(crate) fn factor_of(&self, monomial: &[AtomId]) -> i64 {
        let found = self
            .terms
            .iter()
            .find(|(factors, _)| factors.as_slice() == monomial);
        found.map_or(0, |(_, factor)| *factor)
    }

    /// None where it grows out of bounds, here and below.
    pub(crate) fn plus(&self, other: &Self) -> Option<Self> {
        let mut sum = self.clone();
        sum.constant = sum.constant.checked_add(other.constant)?;
        for (factors, factor) in &other.terms {
            sum.add_term(factors, *factor)?;
        }
        Some(sum)
    }

    pub(crate) fn minus(&self, other: &Self) -> Option<Self> {
        self.plus(&other.scaled(-1)?)
    }

    pub(crate) fn scaled(&self, by: i64) -> Option<Self> {
        if by == 0 {
            return Some(Self::default());
        }
        let mut product = Self::constant(self.constant.checked_mul(by)?);
        for (factors, factor) in &self.terms {
            product
                .terms
                .push((factors.clone(), factor.checked_mul(by)?));
        }
        Some(product)
    }

    pub(crate) fn times(&self, other: &Self) -> Option<Self> {
        if let Some(constant) = other.as_constant() {
            return self.scaled(constant);
        }
        let mut product = self.scaled(other.constant)?;
        for (factors, factor) in &other.terms {
            product.add_term(factors, factor.checked_mul(self.constant)?)?;
            for (own, own_factor) in &self.terms {
                let mut all: Monomial = own.iter().chain(factors).copied().collect();
                if all.len() > MOST_FACTORS {
                    return None;
                }
                all.sort_unstable();
                product.add_term(&all, factor.checked_mul(*own_factor)?)?;
            }
        }
        Some(product)
    }

    pub(crate) fn add_term(&mut self, factors: &[AtomId], factor: i64) -> Option<()> {
        match self
            .terms
            .binary_search_by(|(known, _)| known.as_slice().cmp(factors))
        {
            Ok(place) => {
                let sum = self.terms[place].1.checked_add(factor)?;
                if sum == 0 {
                    self.terms.remove(place);
                } else {
                    self.terms[place].1 = sum;
                }
            }
            Err(place) if factor != 0 => {
                self.terms
                    .insert(place, (SmallVec::from_slice(factors), factor));
            }
            Err(_) => {}
        }
        (self.terms.len() <= MOST_TERMS).then_some(())
    }

    /// What is left when so many times another one is taken out of it, if all of that is in it; the constants apart.
    pub(crate) fn without(&self, part: &Self) -> Option<(Monomial, i64, Self)> {
        let (first, first_factor) = part.terms.first()?;
        self.terms.iter().find_map(|(factors, factor)| {
            let quotient = divided(factors, first)?;
            let times = (factor.checked_rem(*first_factor)? == 0)
                .then(|| factor.checked_div(*first_factor))??;
            let mut rest = self.clone();
            for (own, own_factor) in &part.terms {
                let mut all: Monomial = own.iter().chain(&quotient).copied().collect();
                all.sort_unstable();
                let taken = own_factor.checked_mul(times)?;
                if self.factor_of(&all) != taken {
                    return None;
                }
                rest.add_term(&all, taken.checked_neg()?)?;
            }
            Some((quotient, times, rest))
        })
    }
}

/// A product without some of its factors.
fn divided(all: &[AtomId], by: &[AtomId]) -> Option<Monomial> {
    let mut rest: Monomial = SmallVec::from_slice(all);
    for atom in by {
        let place = rest.iter().position(|known| known == atom)?;
        rest.remove(place);
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(number: u32) -> Polynomial {
        Polynomial::atom(AtomId(number))
    }

    #[test]
    fn what_is_added_and_taken_away_is_gone() {
        let sum = atom(1).plus(&atom(2)).unwrap().scaled(4).unwrap();
        let rest = sum.minus(&atom(2).scaled(4).unwrap()).unwrap();
        assert_eq!(rest, atom(1).scaled(4).unwrap());
        assert_eq!(rest.minus(&rest).unwrap().as_constant(), Some(0));
    }

    #[test]
    fn a_sum_is_found_in_a_multiple_of_it() {
        let index = atom(1).times(&atom(2)).unwrap().plus(&atom(3)).unwrap();
        let row = index
            .times(&atom(9))
            .unwrap()
            .scaled(4)
            .unwrap()
            .plus(&atom(5))
            .unwrap();
        let (quotient, times, rest) = row.without(&index).unwrap();
        assert_eq!(
            (quotient.as_slice(), times, rest),
            ([AtomId(9)].as_slice(), 4, atom(5))
        );
        assert!(atom(1).without(&index).is_none());
    }

    #[test]
    fn products_that_grow_out_of_bounds_are_none() {
        let product = atom(1).times(&atom(2)).unwrap();
        let large = product.times(&product).unwrap().times(&product).unwrap();
        assert!(large.times(&atom(1)).is_none());
        assert!(atom(1).scaled(i64::MAX).unwrap().scaled(2).is_none());
    }
}
