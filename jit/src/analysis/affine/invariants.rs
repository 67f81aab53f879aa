//! What a loop's own test tells of the values that it carries, where the loop begins.
//!
//! A test at a loop's end is passed before each round but the first. So what is compared there stands, a round earlier, in that
//! relation to the bound, or is what the loop began with.

use super::Analysis;
use super::atoms::{Atom, Form, split_linear};
use super::facts::Comparison;
use super::natural::LoopId;
use super::polynomial::Polynomial;
use super::rounds::Condition;
use crate::proof::program::{Operation, Relation};

impl Analysis<'_> {
    /// Finds them for all loops; whether there are any.
    pub(super) fn find_invariants(&mut self) -> bool {
        for number in 0..self.loops.all.len() as u32 {
            let around = LoopId(number);
            let mut found = Vec::new();
            for condition in self.conditions(around) {
                for condition in [condition.swapped(), condition] {
                    found.extend(self.invariant(&condition, around));
                }
            }
            if !found.is_empty() {
                self.invariants.insert(self.loops.get(around).header, found);
            }
        }
        !self.invariants.is_empty()
    }

    /// What holds at a loop's start by a comparison of what it carries with what it does not change.
    fn invariant(&mut self, condition: &Condition, around: LoopId) -> Option<Comparison> {
        let Condition {
            a,
            b,
            relation,
            width,
            ..
        } = condition;
        let own_needs =
            (a.needs.iter()).all(|need| self.is_invariant(&self.needs[*need as usize].0, around));
        if !own_needs || !self.is_invariant_form(b, around) {
            return None;
        }
        let round = self.atom(Atom::Round(around))?;
        let (first, step) = split_linear(&a.sum, round)?;
        let is_carried = step.as_constant() != Some(0)
            && self.is_invariant(&first, around)
            && self.is_invariant(&step, around);
        if !is_carried {
            return None;
        }
        // How much farther than the bound a value is that the test has let pass.
        let (operation, less, relation) = match relation {
            Relation::Less => (Operation::Most, -1, Relation::LessOrEqual),
            Relation::LessOrEqual => (Operation::Most, 0, Relation::LessOrEqual),
            Relation::Greater => (Operation::Least, 1, Relation::GreaterOrEqual),
            Relation::GreaterOrEqual => (Operation::Least, 0, Relation::GreaterOrEqual),
            _ => return None,
        };
        let begin = Form::of(first.minus(&step)?).needing(&a.needs);
        let last = Form::of(b.sum.plus(&Polynomial::constant(less))?).needing(&b.needs);
        let farthest = self.apply(operation, begin, last, *width)?;
        Some(Comparison {
            a: Form::of(a.sum.minus(&step)?).needing(&a.needs),
            b: farthest,
            relation,
            width: *width,
        })
    }
}
