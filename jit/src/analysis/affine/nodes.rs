//! Forms as what a proof computes, at a place whose facts are known.

use super::Analysis;
use super::atoms::{Atom, Form, NeedId};
use super::facts::{Comparison, Fact, FactId, What};
use super::polynomial::{AtomId, Polynomial};
use crate::proof::interval::Interval;
use crate::proof::program::{Fits, Geometric, Node, NodeId, Relation, Term, Width, evaluate};

/// Nodes of one proof at most: evaluating it shall take no longer than a launch may wait.
const MOST_NODES: usize = 2048;

/// Nodes that are made of nodes that are made of others.
const MOST_OPEN: u32 = 96;

/// One side of a comparison.
struct Side<'s> {
    own: &'s Form,
    relation: Relation,
    other: &'s Form,
    width: Width,
    before: Option<FactId>,
}

impl Analysis<'_> {
    /// Whether no more can be said.
    pub(super) fn is_full(&self) -> bool {
        self.program.nodes.len() >= MOST_NODES
    }

    pub(super) fn node(&mut self, node: Node) -> NodeId {
        if let Some(known) = self.places.get(&node) {
            return *known;
        }
        if self.is_full() {
            return NodeId(0);
        }
        let value = evaluate(&node, &self.any, &self.in_any_launch);
        let id = NodeId(self.program.nodes.len() as u32);
        self.in_any_launch.push(value);
        self.places.insert(node.clone(), id);
        self.program.nodes.push(node);
        id
    }

    /// A form where these facts hold.
    pub(super) fn form_node(&mut self, form: &Form, facts: Option<FactId>) -> NodeId {
        let of = self.sum_node(&form.sum, facts);
        let fits = self.fits(&form.needs, facts);
        if fits.is_empty() {
            of
        } else {
            self.node(Node::Trusted { of, fits })
        }
    }

    pub(super) fn fits(&mut self, needs: &[NeedId], facts: Option<FactId>) -> Fits {
        let mut fits = Vec::new();
        for need in needs {
            let (sum, width) = self.needs[*need as usize].clone();
            let node = self.sum_node(&sum, facts);
            let range = Interval::of_bits(width.bits, width.signed);
            if !self.in_any_launch[node.0 as usize].lies_in(range) {
                fits.push((node, width));
            }
        }
        fits.into()
    }

    /// The facts of a place, the first found first.
    fn chain(&self, mut facts: Option<FactId>) -> Vec<FactId> {
        let mut chain = Vec::new();
        while let Some(id) = facts {
            chain.push(id);
            facts = self.facts[id.0 as usize].before;
        }
        chain.reverse();
        chain
    }

    /// Whether the branch at a block's end is known to have gone on in its loop.
    pub(super) fn has_stayed(&self, block: crate::ir::BlockId, facts: Option<FactId>) -> bool {
        let is_it =
            |id: &FactId| matches!(self.facts[id.0 as usize].what, What::Stayed(at) if at == block);
        self.chain(facts).iter().any(is_it)
    }

    /// A sum where these facts hold: sums that were compared are taken out of it whole.
    pub(super) fn sum_node(&mut self, sum: &Polynomial, facts: Option<FactId>) -> NodeId {
        let mut rest = sum.clone();
        let mut terms: Vec<Term> = Vec::new();
        if is_composed(&rest) {
            for core in self.compared_sums(facts) {
                if let Some((quotient, times, left)) = rest.without(&core) {
                    let mut nodes = vec![self.core_node(&core, facts)];
                    nodes.extend(quotient.iter().map(|atom| self.atom_node(*atom, facts)));
                    terms.push((times, nodes.into()));
                    rest = left;
                }
            }
        }
        self.sum_with(terms, rest, facts)
    }

    pub(super) fn sum_of(&mut self, constant: i64, terms: Vec<Term>) -> NodeId {
        match terms.as_slice() {
            [(1, nodes)] if constant == 0 && nodes.len() == 1 => nodes[0],
            _ => self.node(Node::Sum {
                constant,
                terms: terms.into(),
            }),
        }
    }

    /// Sums of more than one atom that were compared, without their constants; the last compared first.
    fn compared_sums(&self, facts: Option<FactId>) -> Vec<Polynomial> {
        let mut sums = Vec::new();
        for id in self.chain(facts).into_iter().rev() {
            let What::Compared(fact) = &self.facts[id.0 as usize].what else {
                continue;
            };
            for side in [&fact.a, &fact.b] {
                let core = Polynomial {
                    constant: 0,
                    ..side.sum.clone()
                };
                if is_composed(&core) && !sums.contains(&core) {
                    sums.push(core);
                }
            }
        }
        sums
    }

    fn core_node(&mut self, core: &Polynomial, facts: Option<FactId>) -> NodeId {
        let key = (core.clone(), facts);
        if let Some(known) = self.core_nodes.get(&key) {
            return *known;
        }
        let base = self.sum_with(Vec::new(), core.clone(), facts);
        let node = self.where_compared(base, facts, |side| side.terms == core.terms);
        self.core_nodes.insert(key, node);
        node
    }

    pub(super) fn atom_node(&mut self, atom: AtomId, facts: Option<FactId>) -> NodeId {
        if let Some(known) = self.atom_nodes.get(&(atom, facts)) {
            return *known;
        }
        if self.open_nodes >= MOST_OPEN {
            return self.node(Node::Anything);
        }
        self.open_nodes += 1;
        let base = self.plain_atom(atom, facts);
        let node = self.where_compared(base, facts, |side| side.as_atom() == Some(atom));
        self.open_nodes -= 1;
        self.atom_nodes.insert((atom, facts), node);
        node
    }

    /// What is left of a value by the comparisons one of whose sides it is, but for a constant.
    fn where_compared(
        &mut self,
        base: NodeId,
        facts: Option<FactId>,
        is_it: impl Fn(&Polynomial) -> bool,
    ) -> NodeId {
        let mut node = base;
        for id in self.chain(facts) {
            let fact = self.facts[id.0 as usize].clone();
            let What::Compared(comparison) = fact.what else {
                continue;
            };
            let Comparison {
                a,
                b,
                relation,
                width,
            } = *comparison;
            let before = fact.before;
            if is_it(&a.sum) {
                node = self.narrowed(
                    node,
                    Side {
                        own: &a,
                        relation,
                        other: &b,
                        width,
                        before,
                    },
                );
            }
            if is_it(&b.sum) {
                node = self.narrowed(
                    node,
                    Side {
                        own: &b,
                        relation: relation.swapped(),
                        other: &a,
                        width,
                        before,
                    },
                );
            }
        }
        node
    }

    fn narrowed(&mut self, node: NodeId, side: Side<'_>) -> NodeId {
        let Side {
            own,
            relation,
            other,
            width,
            before,
        } = side;
        let constant = own.sum.constant;
        let Some(back) = constant.checked_neg() else {
            return node;
        };
        let bound = self.sum_node(&other.sum, before);
        let mut fits = self.fits(&own.needs, before).into_vec();
        fits.extend(self.fits(&other.needs, before));
        let of = self.sum_of(constant, vec![(1, [node].into())]);
        let narrow = self.node(Node::Where {
            of,
            relation,
            bound,
            width,
            fits: fits.into(),
        });
        self.sum_of(back, vec![(1, [narrow].into())])
    }

    /// A value at a place where these facts hold; there is none where they cannot hold together.
    pub(super) fn where_reached(&mut self, of: NodeId, facts: Option<FactId>) -> NodeId {
        match facts.and_then(|facts| self.reached_node(facts)) {
            Some(reached) => self.node(Node::Reached { of, reached }),
            None => of,
        }
    }

    /// A node that is empty where these facts cannot hold together.
    fn reached_node(&mut self, facts: FactId) -> Option<NodeId> {
        let mut above = None;
        for id in self.chain(Some(facts)) {
            if let Some(known) = self.reached_nodes.get(&id) {
                above = Some(*known);
                continue;
            }
            let Fact { before, what, .. } = self.facts[id.0 as usize].clone();
            let What::Compared(comparison) = what else {
                continue;
            };
            let Comparison {
                a,
                b,
                relation,
                width,
            } = *comparison;
            let of = self.sum_node(&a.sum, before);
            let bound = self.sum_node(&b.sum, before);
            let mut fits = self.fits(&a.needs, before).into_vec();
            fits.extend(self.fits(&b.needs, before));
            let fits = fits.into();
            let mut holds = self.node(Node::Where {
                of,
                relation,
                bound,
                width,
                fits,
            });
            if let Some(reached) = above {
                let of = holds;
                holds = self.node(Node::Reached { of, reached });
            }
            self.reached_nodes.insert(id, holds);
            above = Some(holds);
        }
        above
    }

    fn plain_atom(&mut self, atom: AtomId, facts: Option<FactId>) -> NodeId {
        let node = match self.atoms.get(atom).clone() {
            Atom::Special(index) => Node::Special(index),
            Atom::Parameter {
                offset,
                bytes,
                signed,
            } => Node::Parameter {
                offset,
                bytes,
                signed,
            },
            Atom::Start(start) => Node::Start(start),
            Atom::Unknown { width, .. } => Node::Unknown(width),
            Atom::Carried(_) => Node::Anything,
            Atom::Round(around) => return self.round_node(around, facts),
            Atom::LowBits { of, bits } => Node::LowBits {
                of: self.form_node(&of, facts),
                bits,
            },
            Atom::Apply {
                operation,
                a,
                b,
                width,
            } => {
                let (a, b) = (self.form_node(&a, facts), self.form_node(&b, facts));
                Node::Apply {
                    operation,
                    a,
                    b,
                    width,
                }
            }
            Atom::Choice(value) => {
                let Some(arms) = self.choices.get(&value).cloned() else {
                    return self.node(Node::Anything);
                };
                let arms = arms.iter().map(|(arm, facts)| {
                    let of = self.form_node(arm, *facts);
                    self.where_reached(of, *facts)
                });
                Node::Choice(arms.collect())
            }
            Atom::Shrinking {
                value,
                first,
                factor,
                width,
            } => {
                let facts = self.facts_before(value);
                Node::Shrinking(Geometric {
                    first: self.form_node(&first, facts),
                    factor,
                    width,
                })
            }
            Atom::Growing {
                value,
                first,
                factor,
                width,
            } => {
                let facts = self.facts_before(value);
                let from = Geometric {
                    first: self.form_node(&first, facts),
                    factor,
                    width,
                };
                return self.growing_node(atom, value, from);
            }
        };
        self.node(node)
    }
}

/// Whether a sum is more than an atom and a constant.
fn is_composed(sum: &Polynomial) -> bool {
    !sum.terms.is_empty() && sum.as_atom().is_none()
}
