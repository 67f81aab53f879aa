//! What instructions on integers compute.

use super::Analysis;
use super::atoms::{Atom, Form};
use super::forms::{At, sign_extended};
use super::polynomial::Polynomial;
use super::ssa::ValueId;
use crate::ir::{Instruction, Modifier, Opcode, Operand, Type};
use crate::proof::interval::Interval;
use crate::proof::program::{self, Operation, Width};

fn width(t: Type) -> Width {
    Width {
        bits: t.bits(),
        signed: t.is_signed(),
    }
}

impl Analysis<'_> {
    /// The only result of an instruction whose operands are all as wide, or half as wide.
    pub(super) fn computed(&mut self, instruction: &Instruction, at: At) -> Option<Form> {
        let t = instruction.t?;
        let opcode = instruction.opcode();
        if matches!(opcode, Opcode::Mul | Opcode::Mad) && instruction.has(Modifier::Hi) {
            return (opcode == Opcode::Mul)
                .then(|| self.applied(Operation::HighProduct, instruction, at))?;
        }
        match opcode {
            Opcode::Pack => self.packed(instruction, at),
            Opcode::Mov => self.operand(at, instruction, 1),
            // Addresses of the window are the same as generic ones; those of other memory are not.
            Opcode::Cvta if instruction.has(Modifier::Global) => self.operand(at, instruction, 1),
            Opcode::Add
            | Opcode::Sub
            | Opcode::Mul
            | Opcode::Mad
            | Opcode::MulWide
            | Opcode::MadWide => self.arithmetic(instruction, at),
            Opcode::Neg | Opcode::Not => {
                let a = self.operand(at, instruction, 1)?;
                let less = Polynomial::constant(if opcode == Opcode::Not { -1 } else { 0 });
                Form::joined(a.sum.scaled(-1)?.plus(&less), &a, &a)
            }
            Opcode::Shl => self.shifted(instruction, at),
            Opcode::And | Opcode::Or | Opcode::Xor => self.bits(instruction, at),
            Opcode::Shr => {
                let shifted = self.applied(Operation::ShiftRight, instruction, at)?;
                Some(
                    self.quotient_of_unsigned(&shifted, t.bits())
                        .unwrap_or(shifted),
                )
            }
            Opcode::Div => self.applied(Operation::Divide, instruction, at),
            Opcode::Rem => self.applied(Operation::Remainder, instruction, at),
            Opcode::Min if !instruction.has(Modifier::Relu) => {
                self.applied(Operation::Least, instruction, at)
            }
            Opcode::Max if !instruction.has(Modifier::Relu) => {
                self.applied(Operation::Most, instruction, at)
            }
            Opcode::Bfe if !t.is_signed() => self.field(instruction, at),
            _ => None,
        }
    }

    fn arithmetic(&mut self, instruction: &Instruction, at: At) -> Option<Form> {
        let t = instruction.t?;
        let (mut a, mut b) = (
            self.operand(at, instruction, 1)?,
            self.operand(at, instruction, 2)?,
        );
        let opcode = instruction.opcode();
        if matches!(opcode, Opcode::MulWide | Opcode::MadWide) {
            (a, b) = (
                self.read_constant(a, width(t)),
                self.read_constant(b, width(t)),
            );
            (a, b) = (self.widened(a, width(t)), self.widened(b, width(t)));
        }
        if opcode == Opcode::Add
            && let Some(quotient) = self.quotient_by_product(&a, &b, t.bits())
        {
            return Some(quotient);
        }
        let sum = match opcode {
            Opcode::Add => a.sum.plus(&b.sum),
            Opcode::Sub => a.sum.minus(&b.sum),
            _ => a.sum.times(&b.sum),
        };
        let product = Form::joined(sum, &a, &b)?;
        if !matches!(opcode, Opcode::Mad | Opcode::MadWide) {
            return Some(product);
        }
        let c = self.operand(at, instruction, 3)?;
        Form::joined(product.sum.plus(&c.sum), &product, &c)
    }

    /// A constant as bits of a type; others stay as they are.
    fn read_constant(&self, form: Form, width: Width) -> Form {
        match form.sum.as_constant() {
            Some(value) if !width.signed && value < 0 => {
                let read = Interval::exactly(i128::from(value))
                    .read_as(width.bits, false)
                    .low;
                i64::try_from(read).map_or(form, Form::constant)
            }
            _ => form,
        }
    }

    fn shifted(&mut self, instruction: &Instruction, at: At) -> Option<Form> {
        let bits = instruction.t?.bits();
        let a = self.operand(at, instruction, 1)?;
        let by = self.operand(at, instruction, 2)?;
        match by.sum.as_constant() {
            Some(amount) => match u32::try_from(amount) {
                Ok(amount) if amount < bits.min(63) => {
                    Form::joined(a.sum.scaled(1 << amount), &a, &a)
                }
                _ => None,
            },
            None => {
                let operation = Operation::ShiftLeft;
                let width = Width {
                    bits,
                    signed: false,
                };
                self.apply(operation, a, by, width)
            }
        }
    }

    fn applied(&mut self, operation: Operation, instruction: &Instruction, at: At) -> Option<Form> {
        let (a, b) = (
            self.operand(at, instruction, 1)?,
            self.operand(at, instruction, 2)?,
        );
        let width = width(instruction.t?);
        self.apply(operation, a, b, width)
    }

    pub(super) fn apply(
        &mut self,
        operation: Operation,
        a: Form,
        b: Form,
        width: Width,
    ) -> Option<Form> {
        if a.needs.is_empty() && b.needs.is_empty() {
            let (left, right) = (self.atoms.outline(&a.sum), self.atoms.outline(&b.sum));
            let result = program::apply(operation, left, right, width);
            if let Some(only) = result.is_single().then(|| i64::try_from(result.low).ok()) {
                return only.map(Form::constant);
            }
        }
        self.atom(Atom::Apply {
            operation,
            a,
            b,
            width,
        })
        .map(Form::atom)
    }

    fn bits(&mut self, instruction: &Instruction, at: At) -> Option<Form> {
        let width = Width {
            bits: instruction.t?.bits(),
            signed: false,
        };
        let (mut a, mut b) = (
            self.operand(at, instruction, 1)?,
            self.operand(at, instruction, 2)?,
        );
        if a.sum.as_constant().is_some() {
            std::mem::swap(&mut a, &mut b);
        }
        let mask = b
            .sum
            .as_constant()
            .map(|mask| mask as u64 & (u64::MAX >> (64 - width.bits)));
        match (instruction.opcode(), mask) {
            (Opcode::And, Some(mask)) if self.can_be_taken_apart(&a, mask, width) => {
                self.masked(a, mask, width)
            }
            (Opcode::Xor, Some(mask)) if mask.count_ones() == width.bits => {
                Form::joined(a.sum.scaled(-1)?.plus(&Polynomial::constant(-1)), &a, &b)
            }
            (Opcode::Or | Opcode::Xor, _) if self.are_disjoint(&a, &b, width) => {
                Form::joined(a.sum.plus(&b.sum), &a, &b)
            }
            (Opcode::And, _) => self.apply(Operation::And, a, b, width),
            (Opcode::Or, _) => self.apply(Operation::Or, a, b, width),
            _ => self.apply(Operation::Xor, a, b, width),
        }
    }

    /// Whether no bit is one in both, so that they may be added as well.
    fn are_disjoint(&self, a: &Form, b: &Form, width: Width) -> bool {
        let (left, right) = (self.atoms.outline(&a.sum), self.atoms.outline(&b.sum));
        let fits_below = |small: &Interval, large: &Interval| {
            let zeros = large.trailing_zeros().min(62);
            small.lies_in(Interval::between(0, (1 << zeros) - 1))
        };
        let range = Interval::of_bits(width.bits, false);
        let are_read_exactly = left.lies_in(range) && right.lies_in(range);
        let ones = left.ones().zip(right.ones());
        fits_below(&left, &right)
            || fits_below(&right, &left)
            || (are_read_exactly && ones.is_some_and(|(left, right)| left & right == 0))
    }

    fn field(&mut self, instruction: &Instruction, at: At) -> Option<Form> {
        let a = self.operand(at, instruction, 1)?;
        let (start, length) = (
            self.operand(at, instruction, 2)?,
            self.operand(at, instruction, 3)?,
        );
        let length = u32::try_from(length.sum.as_constant()?).ok()?;
        let first = start.sum.as_constant()?;
        if first < 0 || length == 0 || first + i64::from(length) > i64::from(instruction.t?.bits())
        {
            return None;
        }
        let width = Width {
            bits: instruction.t?.bits(),
            signed: false,
        };
        let moved = if first == 0 {
            a
        } else {
            self.apply(Operation::ShiftRight, a, start, width)?
        };
        self.low_bits(moved, length)
    }

    fn packed(&mut self, instruction: &Instruction, at: At) -> Option<Form> {
        let Some(Operand::Vector(elements)) = instruction.operands.get(1) else {
            return None;
        };
        let bits = instruction.t?.bits() / elements.len() as u32;
        let mut total = Form::constant(0);
        for (place, element) in elements.iter().enumerate() {
            let mut part = match element {
                Operand::Register(register) => {
                    let value = self.values.read(at.0, at.1, *register)?;
                    self.form(value)?
                }
                Operand::Immediate(value) => Form::constant(sign_extended(*value, bits)),
                _ => return None,
            };
            if place + 1 < elements.len() {
                part = self.widened(
                    self.read_constant(
                        part,
                        Width {
                            bits,
                            signed: false,
                        },
                    ),
                    Width {
                        bits,
                        signed: false,
                    },
                );
            }
            let scaled = part.sum.scaled(1i64.checked_shl(bits * place as u32)?)?;
            total = Form::joined(total.sum.plus(&scaled), &total, &part)?;
        }
        Some(total)
    }

    pub(super) fn unpacked(
        &mut self,
        instruction: &Instruction,
        at: At,
        place: usize,
    ) -> Option<Form> {
        let Some(Operand::Vector(elements)) = instruction.operands.first() else {
            return None;
        };
        let t = instruction.t?;
        let a = self.operand(at, instruction, 1)?;
        let bits = t.bits() / elements.len() as u32;
        if place == 0 {
            return Some(a);
        }
        let by = Form::constant(i64::from(bits) * place as i64);
        self.apply(
            Operation::ShiftRight,
            a,
            by,
            Width {
                bits: t.bits(),
                signed: false,
            },
        )
    }

    /// `cvt` from integers to integers.
    pub(super) fn converted(
        &mut self,
        id: ValueId,
        instruction: &Instruction,
        at: At,
    ) -> Option<Form> {
        let (to, from) = (instruction.t?, instruction.u?);
        if !from.is_integer() {
            return None;
        }
        let mut form = self.operand(at, instruction, 1)?;
        if to.bits() > from.bits() {
            form = self.widened(self.read_constant(form, width(from)), width(from));
        }
        // A register that is wider holds the result extended.
        if self.register_bits(id) > to.bits() {
            form = self.widened(form, width(to));
        }
        Some(form)
    }
}
