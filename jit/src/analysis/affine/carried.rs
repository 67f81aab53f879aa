//! What loops carry from round to round, and what is one value or another.

use super::atoms::{Atom, Form};
use super::facts::{FactId, What};
use super::natural::LoopId;
use super::polynomial::AtomId;
use super::ssa::{Value, ValueId};
use super::{Analysis, Step};
use crate::ir::{BlockId, Opcode, Operand};
use crate::proof::program::{Operation, Relation};
use std::collections::HashMap;

/// The largest factor by which a value may shrink or grow.
const MOST_FACTOR: i64 = 1 << 16;

impl Analysis<'_> {
    /// How each value that a loop carries changes, from forms in which it is an atom.
    pub(super) fn steps_of_loops(&mut self) -> HashMap<ValueId, Step> {
        let mut steps = HashMap::new();
        for number in 0..self.values.len() as u32 {
            let id = ValueId(number);
            let Value::Phi { block, arguments } = self.values.get(id).clone() else {
                continue;
            };
            let Some(around) = self.loops.with_header(block) else {
                continue;
            };
            let within = self.loops.get(around);
            let back = arguments
                .iter()
                .filter(|(from, _)| from.is_some_and(|from| within.contains(from)));
            let back: Vec<ValueId> = back.map(|(_, value)| *value).collect();
            let found: Vec<Option<Step>> = back
                .iter()
                .map(|next| self.step(id, *next, around))
                .collect();
            if let Some(Some(first)) = found.first().cloned()
                && (found.iter().skip(1))
                    .all(|other| other.as_ref().is_some_and(|other| same(&first, other)))
            {
                steps.insert(id, first);
            }
        }
        steps
    }

    fn step(&mut self, carried: ValueId, next: ValueId, around: LoopId) -> Option<Step> {
        let form = self.form(carried)?;
        let atom = form.sum.as_atom()?;
        let Atom::Carried(_) = self.atoms.get(atom) else {
            return None;
        };
        if let Some(step) = self.step_around(&form, atom, next) {
            return Some(step);
        }
        let next = self.form(next)?;
        let own_needs = next
            .needs
            .iter()
            .all(|need| self.is_invariant(&self.needs[*need as usize].0, around));
        if !own_needs {
            return None;
        }
        if let Some(step) = next.sum.minus(&form.sum)
            && self.is_invariant(&step, around)
        {
            return Some(Step::Plus(Form {
                sum: step,
                needs: next.needs,
            }));
        }
        if let Some(sum) = next.sum.plus(&form.sum)
            && self.is_invariant(&sum, around)
        {
            return Some(Step::TakenFrom(Form {
                sum,
                needs: next.needs,
            }));
        }
        if next.sum.constant != 0 || next.sum.terms.len() != 1 {
            return None;
        }
        let (factors, factor) = &next.sum.terms[0];
        if factors.as_slice() == [atom] && (2..=MOST_FACTOR).contains(factor) {
            return Some(Step::MultipliedBy(u32::try_from(*factor).ok()?));
        }
        let divided = next.sum.as_atom()?;
        let Atom::Apply {
            operation, a, b, ..
        } = self.atoms.get(divided)
        else {
            return None;
        };
        if *a != form {
            return None;
        }
        if let (Operation::Xor, Some(mask)) = (operation, b.sum.as_constant()) {
            return Some(Step::Exchanged(mask));
        }
        let by = b.sum.as_constant();
        let by = by.filter(|by| (1..=MOST_FACTOR).contains(by))?;
        match operation {
            Operation::ShiftRight if by <= 16 => Some(Step::DividedBy(1 << by)),
            Operation::Divide if by >= 2 => Some(Step::DividedBy(u32::try_from(by).ok()?)),
            _ => None,
        }
    }

    /// Whether the next value is one more, but a constant where that would be larger than another.
    fn step_around(&mut self, form: &Form, atom: AtomId, next: ValueId) -> Option<Step> {
        let Value::Result { block, index, .. } = *self.values.get(next) else {
            return None;
        };
        let function = self.function;
        let instruction = &function.blocks[block.index()].instructions[index];
        let Some(Operand::Register(register)) = instruction.operands.get(3) else {
            return None;
        };
        let predicate = self.values.read(block, index, *register)?;
        if instruction.opcode() != Opcode::Selp {
            return None;
        }
        let arms = [1, 2].map(|place| self.operand((block, index), instruction, place));
        let [then, otherwise] = arms.map(|arm| arm.filter(|arm| arm.needs.is_empty()));
        let (then, otherwise) = (then?, otherwise?);
        let (first, risen, truth) = match (then.sum.as_constant(), otherwise.sum.as_constant()) {
            (Some(first), None) => (first, otherwise, false),
            (None, Some(first)) => (first, then, true),
            _ => return None,
        };
        if risen.sum.as_atom() != Some(atom) || risen.sum.constant != form.sum.constant + 1 {
            return None;
        }
        let fact = self.assume(predicate, truth, None, 0)?;
        let What::Compared(fact) = &self.facts[fact.0 as usize].what else {
            return None;
        };
        let bound = fact.b.sum.as_constant()?;
        let is_it = fact.a.sum.as_atom() == Some(atom) && fact.a.needs.is_empty();
        let offset = fact.a.sum.constant.checked_sub(form.sum.constant)?;
        // What is compared is the value or the next one: a bound of the next one either way.
        let most = match (fact.relation, offset) {
            (Relation::Less, 0 | 1) => bound - offset,
            (Relation::LessOrEqual, 0 | 1) => bound - offset + 1,
            _ => return None,
        };
        let is_small = |value: i64| (0..=MOST_FACTOR).contains(&value);
        let fits =
            is_it && fact.width.bits == 32 && is_small(first) && is_small(most) && first <= most;
        fits.then_some(Step::Around { first, last: most })
    }

    /// A step with what loops around carry in its place.
    pub(super) fn stepped(&self, step: &Form) -> Option<Form> {
        let is_settled = |need: &u32| {
            let (sum, _) = &self.needs[*need as usize];
            sum.atoms().all(|atom| self.atoms.is_settled(atom))
        };
        if !step.needs.iter().all(is_settled) {
            return None;
        }
        let mut total = Form::constant(step.sum.constant).needing(&step.needs);
        for (factors, factor) in &step.sum.terms {
            let mut product = Form::constant(*factor);
            for atom in factors {
                let form = match self.atoms.get(*atom) {
                    Atom::Carried(value) | Atom::Choice(value) | Atom::Unknown { value, .. } => {
                        self.form(*value)?
                    }
                    _ if self.atoms.is_settled(*atom) => Form::atom(*atom),
                    _ => return None,
                };
                product = Form::joined(product.sum.times(&form.sum), &product, &form)?;
            }
            total = Form::joined(total.sum.plus(&product.sum), &total, &product)?;
        }
        Some(total)
    }

    /// One of several values, each with what holds where it comes from.
    pub(super) fn choice_among(
        &mut self,
        id: ValueId,
        block: BlockId,
        arms: Vec<(Option<BlockId>, Form)>,
    ) -> Option<Form> {
        let (_, first) = arms.first()?;
        if arms.iter().all(|(_, arm)| arm == first) {
            return Some(first.clone());
        }
        if self.steps.is_some() {
            let arms = arms.into_iter().map(|(from, arm)| {
                let facts = from.and_then(|from| self.facts_on_edge(from, block));
                (arm, facts)
            });
            let arms = arms.collect();
            self.choices.insert(id, arms);
        }
        self.atom(Atom::Choice(id)).map(Form::atom)
    }

    /// One of several values that a loop carries, whatever holds within.
    pub(super) fn one_of(&mut self, id: ValueId, block: BlockId, arms: Vec<Form>) -> Option<Form> {
        let facts = self.facts_of(block);
        let arms = arms.into_iter().map(|arm| (arm, facts)).collect();
        self.choices.insert(id, arms);
        self.atom(Atom::Choice(id)).map(Form::atom)
    }

    /// One of two values, by a predicate.
    pub(super) fn choice_by(
        &mut self,
        id: ValueId,
        block: BlockId,
        predicate: ValueId,
        negated: bool,
        [then, otherwise]: [Form; 2],
    ) -> Option<Form> {
        if then == otherwise {
            return Some(then);
        }
        if self.steps.is_some() {
            let facts: Option<FactId> = self.facts_of(block);
            let yes = self.assume(predicate, !negated, facts, 0);
            let no = self.assume(predicate, negated, facts, 0);
            self.choices.insert(id, vec![(then, yes), (otherwise, no)]);
        }
        self.atom(Atom::Choice(id)).map(Form::atom)
    }
}

fn same(a: &Step, b: &Step) -> bool {
    match (a, b) {
        (Step::Plus(a), Step::Plus(b)) => a == b,
        (Step::TakenFrom(a), Step::TakenFrom(b)) => a == b,
        (Step::Exchanged(a), Step::Exchanged(b)) => a == b,
        (Step::DividedBy(a), Step::DividedBy(b))
        | (Step::MultipliedBy(a), Step::MultipliedBy(b)) => a == b,
        _ => false,
    }
}
