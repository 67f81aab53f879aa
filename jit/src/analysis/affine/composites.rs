//! Values less a part of themselves.
//!
//! A value and its remainder go up and down together: apart, their ends say that the one could be small where the other is large.
//! So such pairs are taken out of a sum whole.

use super::Analysis;
use super::atoms::Atom;
use super::facts::FactId;
use super::polynomial::{AtomId, Monomial, Polynomial};
use crate::proof::interval::Interval;
use crate::proof::program::{Node, NodeId, Operation, Term, Width};

/// What is left of a value without a part of it.
enum Rest {
    /// Without its lowest bits.
    Upper(u32),
    /// Without what so many bits are shifted to the right and back again.
    Lower(u32),
    /// Without the greatest multiple of a divisor.
    Remainder(i64),
}

/// A value less a part of it so many times.
struct Composite {
    whole: Polynomial,
    part: AtomId,
    times: i64,
    rest: Rest,
    /// As what the value is read.
    width: Width,
}

/// Which pairs are taken out of a sum.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pairs {
    /// Those after which the part is not in the sum any more.
    ThatCancelOut,
    All,
}

impl Composite {
    /// What it is multiplied with in a sum, and the rest of that; none where the value is not in it whole.
    fn taken_out_of(&self, sum: &Polynomial) -> Option<(Monomial, i64, Polynomial)> {
        let core = Polynomial {
            constant: 0,
            ..self.whole.clone()
        };
        let (quotient, times, mut left) = sum.without(&core)?;
        let mut part: Monomial = quotient.clone();
        part.push(self.part);
        part.sort_unstable();
        left.add_term(&part, times.checked_mul(self.times)?)?;
        let more = self.whole.constant.checked_mul(times)?;
        if more != 0 && !quotient.is_empty() {
            return None;
        }
        left.constant = left.constant.checked_sub(more)?;
        Some((quotient, times, left))
    }
}

const WIDEST: Width = Width {
    bits: 64,
    signed: true,
};

impl Analysis<'_> {
    /// A sum where these facts hold, to which these terms are added.
    pub(super) fn sum_with(
        &mut self,
        terms: Vec<Term>,
        rest: Polynomial,
        facts: Option<FactId>,
    ) -> NodeId {
        let (plain, partly) = self.sum_by(Pairs::ThatCancelOut, &terms, rest.clone(), facts);
        if !partly {
            return plain;
        }
        // Neither is always the better one.
        let (paired, _) = self.sum_by(Pairs::All, &terms, rest, facts);
        let [a, b] = [plain, paired];
        self.node(Node::Both { a, b })
    }

    /// Takes pairs out of a sum; whether there are any that are left.
    fn sum_by(
        &mut self,
        pairs: Pairs,
        terms: &[Term],
        mut rest: Polynomial,
        facts: Option<FactId>,
    ) -> (NodeId, bool) {
        let mut terms = terms.to_vec();
        let mut left_over = false;
        if rest.terms.len() > 1 {
            for part in rest.atoms().collect::<Vec<_>>() {
                let Some(composite) = self.composite(part) else {
                    continue;
                };
                let Some((quotient, times, left)) = composite.taken_out_of(&rest) else {
                    continue;
                };
                let cancels = !left.atoms().any(|atom| atom == part);
                if !cancels && matches!(composite.rest, Rest::Upper(_)) {
                    left_over |= pairs == Pairs::ThatCancelOut;
                }
                if !(cancels || pairs == Pairs::All && matches!(composite.rest, Rest::Upper(_))) {
                    continue;
                }
                let mut nodes = vec![self.composite_node(&composite, facts)];
                nodes.extend(quotient.iter().map(|atom| self.atom_node(*atom, facts)));
                terms.push((times, nodes.into()));
                rest = left;
            }
        }
        for (factors, factor) in &rest.terms {
            let nodes: Vec<NodeId> = factors
                .iter()
                .map(|atom| self.atom_node(*atom, facts))
                .collect();
            terms.push((*factor, nodes.into()));
        }
        (self.sum_of(rest.constant, terms), left_over)
    }

    /// What an atom may be taken from.
    fn composite(&self, part: AtomId) -> Option<Composite> {
        let (whole, rest, times, width) = match self.atoms.get(part) {
            Atom::LowBits { of, bits } => (of, Rest::Upper(*bits), 1, WIDEST),
            Atom::Apply {
                operation,
                a,
                b,
                width,
            } => {
                let by = b.sum.as_constant()?;
                match operation {
                    Operation::ShiftRight if (0..62).contains(&by) => {
                        (a, Rest::Lower(by as u32), 1 << by, *width)
                    }
                    Operation::Divide if by > 1 => (a, Rest::Remainder(by), by, *width),
                    _ => return None,
                }
            }
            _ => return None,
        };
        whole.needs.is_empty().then(|| Composite {
            whole: whole.sum.clone(),
            part,
            times,
            rest,
            width,
        })
    }

    fn composite_node(&mut self, composite: &Composite, facts: Option<FactId>) -> NodeId {
        let whole = self.sum_node(&composite.whole, facts);
        let width = composite.width;
        let mut number = |value| self.node(constant(value));
        let of = match composite.rest {
            Rest::Upper(bits) => {
                let b = number(i64::from(bits));
                let shifted = self.node(Node::Apply {
                    operation: Operation::ShiftRight,
                    a: whole,
                    b,
                    width,
                });
                self.node(Node::Sum {
                    constant: 0,
                    terms: [(1 << bits, [shifted].into())].into(),
                })
            }
            Rest::Lower(bits) => self.node(Node::LowBits { of: whole, bits }),
            Rest::Remainder(divisor) => {
                let b = number(divisor);
                self.node(Node::Apply {
                    operation: Operation::Remainder,
                    a: whole,
                    b,
                    width,
                })
            }
        };
        // What is read otherwise than it is has another remainder.
        let range = Interval::of_bits(width.bits, width.signed);
        if self.in_any_launch[whole.0 as usize].lies_in(range) {
            return of;
        }
        let fits = [(whole, width)].into();
        self.node(Node::Trusted { of, fits })
    }
}

fn constant(value: i64) -> Node {
    Node::Sum {
        constant: value,
        terms: [].into(),
    }
}
