//! Values as sums.

use super::atoms::{Atom, Form, NeedId};
use super::polynomial::Polynomial;
use super::ssa::{Value, ValueId};
use super::{Analysis, Step};
use crate::ir::{BlockId, Instruction, Modifier, Opcode, Operand, Space};
use crate::proof::launch::special_index;
use crate::proof::program::{Operation, Start, Width};

/// An instruction's place.
pub(super) type At = (BlockId, usize);

/// How far below zero a value may begin that goes around.
const MOST_BELOW: i64 = 1 << 16;

impl Analysis<'_> {
    /// Finds the form of every value, and with known steps the facts of every block.
    pub(super) fn walk(&mut self) {
        let mut of_blocks: Vec<Vec<ValueId>> = vec![Vec::new(); self.function.blocks.len()];
        for number in 0..self.values.len() as u32 {
            if let Some(block) = self.values.get(ValueId(number)).block() {
                of_blocks[block.index()].push(ValueId(number));
            }
        }
        self.forms[0] = Some(Form::constant(0));
        for block in self.values.order.clone() {
            if self.steps.is_some() {
                self.find_facts(block);
            }
            for value in std::mem::take(&mut of_blocks[block.index()]) {
                let register = self.values.register(value);
                let ty = register.map(|register| self.function.registers[register.index()]);
                if ty.is_some_and(|ty| ty.is_integer() && ty.bits() <= 64) {
                    let form = self.value(value);
                    self.forms[value.0 as usize] = form.or_else(|| self.unknown(value));
                }
            }
        }
    }

    fn unknown(&mut self, value: ValueId) -> Option<Form> {
        let mut width = Width {
            bits: self.register_bits(value),
            signed: true,
        };
        if let Value::Result { block, index, .. } = *self.values.get(value) {
            let instruction = &self.function.blocks[block.index()].instructions[index];
            let t = instruction.t.filter(|t| t.is_integer());
            width = match (instruction.opcode(), t) {
                (Opcode::Ld | Opcode::Ldu | Opcode::LdParam, Some(t)) if t.bits() < width.bits => {
                    Width {
                        bits: t.bits(),
                        signed: t.is_signed(),
                    }
                }
                (Opcode::Popc | Opcode::Clz, _) => Width {
                    bits: 7,
                    signed: false,
                },
                _ => width,
            };
        }
        self.atom(Atom::Unknown { value, width }).map(Form::atom)
    }

    fn value(&mut self, id: ValueId) -> Option<Form> {
        match self.values.get(id).clone() {
            Value::Zero => Some(Form::constant(0)),
            Value::Result {
                block,
                index,
                place,
            } => self.result(id, (block, index), place),
            Value::Phi { block, arguments } => self.phi(id, block, &arguments),
            Value::Select {
                block,
                predicate,
                negated,
                then,
                otherwise,
            } => {
                let arms = [self.form(then)?, self.form(otherwise)?];
                self.choice_by(id, block, predicate, negated, arms)
            }
        }
    }

    pub(super) fn form(&self, value: ValueId) -> Option<Form> {
        self.forms[value.0 as usize].clone()
    }

    fn phi(
        &mut self,
        id: ValueId,
        block: BlockId,
        arguments: &[(Option<BlockId>, ValueId)],
    ) -> Option<Form> {
        let Some(around) = self.loops.with_header(block) else {
            let arms: Option<Vec<_>> = arguments
                .iter()
                .map(|(from, value)| Some((*from, self.form(*value)?)))
                .collect();
            return self.choice_among(id, block, arms?);
        };
        let Some(steps) = &self.steps else {
            return self.atom(Atom::Carried(id)).map(Form::atom);
        };
        let step = steps.get(&id).cloned()?;
        let outside = arguments
            .iter()
            .filter(|(from, _)| from.is_none_or(|from| !self.loops.get(around).contains(from)));
        let arms: Option<Vec<_>> = outside
            .map(|(from, value)| Some((*from, self.form(*value)?)))
            .collect();
        let first = self.choice_among(id, block, arms?)?;
        let width = Width {
            bits: self.register_bits(id),
            signed: true,
        };
        match step {
            Step::Plus(step) => {
                let round = Polynomial::atom(self.atom(Atom::Round(around))?);
                let step = self.stepped(&step)?;
                let sum = first.sum.plus(&step.sum.times(&round)?);
                Form::joined(sum, &first, &step)
            }
            Step::TakenFrom(sum) => {
                let sum = self.stepped(&sum)?;
                let second = Form::joined(sum.sum.minus(&first.sum), &sum, &first)?;
                self.one_of(id, block, [first, second].into())
            }
            Step::Exchanged(mask) => {
                let (operation, b) = (Operation::Xor, Form::constant(mask));
                let a = first.clone();
                let width = Width {
                    signed: false,
                    ..width
                };
                let second = self.atom(Atom::Apply {
                    operation,
                    a,
                    b,
                    width,
                })?;
                self.one_of(id, block, [first, Form::atom(second)].into())
            }
            Step::Around { first: least, last } => {
                // One that begins above may wrap around before it is compared.
                let begin = first.sum.as_constant()?;
                if !(-MOST_BELOW..=last).contains(&begin) {
                    return None;
                }
                // All between the two, and none of what they leave on division.
                let ends = [least, least + 1, last].map(Form::constant);
                self.one_of(id, block, [first].into_iter().chain(ends).collect())
            }
            Step::DividedBy(factor) => self
                .atom(Atom::Shrinking {
                    value: id,
                    first,
                    factor,
                    width,
                })
                .map(Form::atom),
            Step::MultipliedBy(factor) => self
                .atom(Atom::Growing {
                    value: id,
                    first,
                    factor,
                    width,
                })
                .map(Form::atom),
        }
    }

    fn result(&mut self, id: ValueId, at: At, place: usize) -> Option<Form> {
        let function = self.function;
        let instruction = &function.blocks[at.0.index()].instructions[at.1];
        let t = instruction.t?;
        if instruction.has(Modifier::Sat) || !t.is_integer() {
            return None;
        }
        match instruction.opcode() {
            Opcode::LdParam => self.parameter(id, instruction, place),
            Opcode::Unpack => self.unpacked(instruction, at, place),
            Opcode::Selp => {
                let arms = [
                    self.operand(at, instruction, 1)?,
                    self.operand(at, instruction, 2)?,
                ];
                let Some(Operand::Register(predicate)) = instruction.operands.get(3) else {
                    return None;
                };
                let predicate = self.values.read(at.0, at.1, *predicate)?;
                self.choice_by(id, at.0, predicate, false, arms)
            }
            Opcode::Cvt => self.converted(id, instruction, at),
            _ if place == 0 => self.computed(instruction, at),
            _ => None,
        }
    }

    fn parameter(&mut self, id: ValueId, instruction: &Instruction, place: usize) -> Option<Form> {
        let address = instruction.address()?;
        let crate::ir::AddressBase::Parameter(index) = address.base else {
            return None;
        };
        let t = instruction.t?;
        let declared = self.function.parameters.get(index as usize)?.offset;
        let start = i64::from(declared).checked_add(address.offset)?;
        let offset = u32::try_from(start.checked_add(i64::from(t.bytes()) * place as i64)?).ok()?;
        let signed = t.is_signed() || self.register_bits(id) == t.bits();
        self.atom(Atom::Parameter {
            offset,
            bytes: t.bytes(),
            signed,
        })
        .map(Form::atom)
    }

    /// The form of an operand that is read.
    pub(super) fn operand(
        &mut self,
        at: At,
        instruction: &Instruction,
        place: usize,
    ) -> Option<Form> {
        let role = instruction.form.form().roles.get(place)?;
        let ty = role.value_type(instruction)?;
        match instruction.operands.get(place)? {
            Operand::Register(register) => {
                let value = self.values.read(at.0, at.1, *register)?;
                self.form(value)
            }
            Operand::Immediate(bits) => Some(Form::constant(sign_extended(*bits, ty.bits()))),
            Operand::Special(special) => {
                let index = special_index(*special)?;
                self.atom(Atom::Special(index)).map(Form::atom)
            }
            Operand::Symbol(symbol, offset) => {
                let (space, start) = self.variable_offset(*symbol)?;
                self.address_in(space, i64::try_from(start).ok()?.checked_add(*offset)?)
            }
            _ => None,
        }
    }

    /// An address at a place behind the start of a space's variables.
    pub(super) fn address_in(&mut self, space: Space, offset: i64) -> Option<Form> {
        let start = match space {
            Space::Shared => Start::Shared,
            Space::Local => Start::Local,
            _ => Start::Variables,
        };
        let start = Polynomial::atom(self.atom(Atom::Start(start))?);
        Some(Form::of(start.plus(&Polynomial::constant(offset))?))
    }

    /// A value that needs to be what so many bits hold; the same where it always is.
    pub(super) fn widened(&mut self, form: Form, width: Width) -> Form {
        use crate::proof::interval::Interval;
        if self
            .atoms
            .outline(&form.sum)
            .lies_in(Interval::of_bits(width.bits, width.signed))
        {
            return form;
        }
        let need: NeedId = self.need(&form.sum, width);
        form.needing(&[need])
    }

    /// Whether a form is the same in every round of a loop.
    pub(super) fn is_invariant(&self, sum: &Polynomial, of: super::LoopId) -> bool {
        sum.atoms().all(|atom| !self.varies(atom, of))
    }

    pub(super) fn varies(&self, atom: super::AtomId, of: super::LoopId) -> bool {
        let within = self.loops.get(of);
        self.atoms
            .blocks(atom)
            .iter()
            .any(|block| within.contains(*block))
    }

    pub(super) fn is_invariant_form(&self, form: &Form, of: super::LoopId) -> bool {
        let needs = form
            .needs
            .iter()
            .all(|need| self.is_invariant(&self.needs[*need as usize].0, of));
        needs && self.is_invariant(&form.sum, of)
    }
}

/// The number that a constant of so many bits is, read with a sign.
pub(super) fn sign_extended(bits: u64, width: u32) -> i64 {
    let unused = 64 - width.clamp(1, 64);
    ((bits << unused) as i64) >> unused
}
