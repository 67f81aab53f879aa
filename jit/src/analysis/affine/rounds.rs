//! How often loops go round.

use super::Analysis;
use super::atoms::{Atom, Form, split_linear};
use super::facts::{Comparison, FactId, What};
use super::natural::LoopId;
use super::polynomial::AtomId;
use super::ssa::ValueId;
use crate::ir::{BlockId, Terminator};
use crate::proof::program::{Fits, Geometric, Node, NodeId, Operation, Relation, Test, Width};

/// A branch that every round of a loop passes, and how often it goes on there at most.
#[derive(Clone, Debug)]
pub(super) struct LoopTest {
    block: BlockId,
    trips: NodeId,
}

/// A comparison that holds as long as a loop goes on.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) block: BlockId,
    pub(super) a: Form,
    pub(super) b: Form,
    pub(super) relation: Relation,
    pub(super) width: Width,
}

impl Condition {
    /// The same with its sides exchanged.
    pub(super) fn swapped(&self) -> Self {
        Self {
            a: self.b.clone(),
            b: self.a.clone(),
            relation: self.relation.swapped(),
            ..*self
        }
    }
}

impl Analysis<'_> {
    /// What holds where a loop begins of which a value is carried.
    pub(super) fn facts_before(&self, value: ValueId) -> Option<FactId> {
        self.values
            .get(value)
            .block()
            .and_then(|block| self.facts_of(block))
    }

    /// The number of a loop's round, where these facts hold.
    pub(super) fn round_node(&mut self, around: LoopId, facts: Option<FactId>) -> NodeId {
        let tests = self.tests_of(around);
        let limits = tests.iter().map(|test| {
            let has_stayed = self.has_stayed(test.block, facts);
            (test.trips, if has_stayed { -1 } else { 0 })
        });
        let limits: Vec<(NodeId, i64)> = limits.collect();
        self.node(Node::Round(limits.into()))
    }

    /// How often a loop goes back, at most; none if nothing is known of it.
    pub(super) fn trips_node(&mut self, around: LoopId) -> Option<NodeId> {
        let tests = self.tests_of(around);
        if tests.is_empty() {
            return None;
        }
        let limits: Vec<(NodeId, i64)> = tests.iter().map(|test| (test.trips, 0)).collect();
        Some(self.node(Node::Round(limits.into())))
    }

    fn tests_of(&mut self, around: LoopId) -> Vec<LoopTest> {
        if let Some(known) = self.tests.get(&around) {
            return known.clone();
        }
        // Whoever asks again while they are found is told of none.
        self.tests.insert(around, Vec::new());
        let mut tests = Vec::new();
        for condition in self.conditions(around) {
            for condition in [condition.swapped(), condition] {
                if let Some(trips) = self.trips(&condition, around) {
                    tests.push(LoopTest {
                        block: condition.block,
                        trips,
                    });
                }
            }
        }
        self.tests.insert(around, tests.clone());
        // What was made of the loop's rounds before is made anew.
        self.atom_nodes.clear();
        self.core_nodes.clear();
        self.reached_nodes.clear();
        tests
    }

    /// What branches that every round passes compare when they go on in the loop.
    pub(super) fn conditions(&mut self, around: LoopId) -> Vec<Condition> {
        let mut conditions = Vec::new();
        let function = self.function;
        for (number, block) in function.blocks.iter().enumerate() {
            let id = BlockId(number as u32);
            let within = self.loops.get(around);
            let Terminator::Branch {
                predicate,
                then,
                otherwise,
            } = &block.terminator
            else {
                continue;
            };
            let stays = (within.contains(*then), within.contains(*otherwise));
            let passes = within
                .latches
                .iter()
                .all(|latch| self.dominators.dominates(id, *latch));
            if !within.contains(id) || stays.0 == stays.1 || !passes {
                continue;
            }
            let Some(decides) = self.values.decides(id) else {
                continue;
            };
            let mut facts = self.assume(decides, stays.0 != predicate.negated, None, 0);
            while let Some(fact) = facts {
                let fact = self.facts[fact.0 as usize].clone();
                if let What::Compared(comparison) = fact.what {
                    let Comparison {
                        a,
                        b,
                        relation,
                        width,
                    } = *comparison;
                    conditions.push(Condition {
                        block: id,
                        a,
                        b,
                        relation,
                        width,
                    });
                }
                facts = fact.before;
            }
        }
        conditions
    }

    /// How often a comparison holds whose first side changes from round to round, and whose second does not.
    fn trips(&mut self, condition: &Condition, around: LoopId) -> Option<NodeId> {
        let Condition {
            a,
            b,
            relation,
            width,
            ..
        } = condition;
        if !self.is_invariant_form(b, around) {
            return None;
        }
        let header = self.loops.get(around).header;
        let facts = self.facts_of(header);
        if let Some(trips) = self.geometric_trips(condition, around, facts) {
            return Some(trips);
        }
        let round = self.atom(Atom::Round(around))?;
        let (first, step) = split_linear(&a.sum, round)?;
        let changes = step.as_constant() != Some(0);
        if !changes || !self.is_invariant(&first, around) || !self.is_invariant(&step, around) {
            return None;
        }
        let distance = b.sum.minus(&first)?;
        let test = Test {
            first: self.sum_node(&first, facts),
            step: self.sum_node(&step, facts),
            bound: self.sum_node(&b.sum, facts),
            distance: self.sum_node(&distance, facts),
            relation: *relation,
            width: *width,
        };
        let (settled, changing): (Vec<u32>, Vec<u32>) = (a.needs.iter().chain(&b.needs))
            .partition(|need| self.is_invariant(&self.needs[**need as usize].0, around));
        let fits = self.fits(&settled, facts);
        let trips = self.node(Node::Trips { test, fits });
        if changing.is_empty() {
            return Some(trips);
        }
        let fits = self.fits_in_rounds(&changing, round, trips, facts)?;
        Some(self.node(Node::Trusted { of: trips, fits }))
    }

    /// What must fit in every round of a loop that goes on so often: by induction over the rounds, the comparison is right as long as
    /// it did in those before.
    fn fits_in_rounds(
        &mut self,
        needs: &[u32],
        round: AtomId,
        trips: NodeId,
        facts: Option<FactId>,
    ) -> Option<Fits> {
        let rounds = self.node(Node::Round([(trips, 0)].into()));
        let mut fits = Vec::new();
        for need in needs {
            let (sum, width) = self.needs[*need as usize].clone();
            let (first, step) = split_linear(&sum, round)?;
            let (first, step) = (self.sum_node(&first, facts), self.sum_node(&step, facts));
            let terms = [(1, [first].into()), (1, [step, rounds].into())];
            fits.push((
                self.node(Node::Sum {
                    constant: 0,
                    terms: terms.into(),
                }),
                width,
            ));
        }
        Some(fits.into())
    }

    fn geometric_trips(
        &mut self,
        condition: &Condition,
        around: LoopId,
        facts: Option<FactId>,
    ) -> Option<NodeId> {
        let Condition {
            a,
            b,
            relation,
            width,
            ..
        } = condition;
        if !a.needs.is_empty() {
            return None;
        }
        let header = self.loops.get(around).header;
        let (atom, _) = self.geometric(a)?;
        match self.atoms.get(atom).clone() {
            Atom::Shrinking {
                value,
                first,
                factor,
                width: own,
            } => {
                let positive = match (relation, b.sum.as_constant()?) {
                    (Relation::Greater, bound) => bound >= 0,
                    (Relation::GreaterOrEqual, bound) => bound >= 1,
                    (Relation::NotEqual, bound) => bound == 0,
                    _ => false,
                };
                let is_it = positive
                    && own.bits == width.bits
                    && self.values.get(value).block() == Some(header);
                let first = self.form_node(&first, facts);
                is_it.then(|| {
                    self.node(Node::Halvings(Geometric {
                        first,
                        factor,
                        width: own,
                    }))
                })
            }
            Atom::Growing {
                value,
                first,
                factor,
                ..
            } => {
                let rises = matches!(relation, Relation::Less | Relation::LessOrEqual);
                if !rises || self.values.get(value).block() != Some(header) {
                    return None;
                }
                let from = Geometric {
                    first: self.form_node(&first, facts),
                    factor,
                    width: *width,
                };
                let bound = self.form_node(b, facts);
                Some(self.node(Node::Doublings { from, bound }))
            }
            _ => None,
        }
    }

    /// The atom that a value is in a round, or becomes in the next: whether it is the next.
    fn geometric(&self, form: &Form) -> Option<(AtomId, bool)> {
        if form.sum.constant != 0 {
            return None;
        }
        if let [(factors, factor)] = form.sum.terms.as_slice()
            && let [atom] = factors.as_slice()
            && let Atom::Growing { factor: own, .. } = self.atoms.get(*atom)
        {
            let is_next = *factor == i64::from(*own);
            return (is_next || *factor == 1).then_some((*atom, is_next));
        }
        let atom = form.sum.as_atom()?;
        match self.atoms.get(atom) {
            Atom::Shrinking { .. } => Some((atom, false)),
            Atom::Apply {
                operation: Operation::ShiftRight | Operation::Divide,
                a,
                ..
            } => {
                let inner = a
                    .sum
                    .as_atom()
                    .filter(|_| a.sum.constant == 0 && a.needs.is_empty())?;
                matches!(self.atoms.get(inner), Atom::Shrinking { .. }).then_some((inner, true))
            }
            _ => None,
        }
    }

    /// A value that a loop multiplies as long as one of its tests lets it.
    pub(super) fn growing_node(&mut self, atom: AtomId, value: ValueId, from: Geometric) -> NodeId {
        let Some(around) = self
            .values
            .get(value)
            .block()
            .and_then(|block| self.loops.with_header(block))
        else {
            return self.node(Node::Anything);
        };
        let facts = self.facts_before(value);
        for condition in self.conditions(around) {
            let grows = self
                .geometric(&condition.a)
                .is_some_and(|(found, _)| found == atom);
            if grows && condition.a.needs.is_empty() && self.is_invariant_form(&condition.b, around)
            {
                let bound = self.form_node(&condition.b, facts);
                let from = Geometric {
                    width: condition.width,
                    ..from
                };
                return self.node(Node::Growing {
                    from,
                    relation: condition.relation,
                    bound,
                });
            }
        }
        self.node(Node::Anything)
    }
}
