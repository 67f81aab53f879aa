//! Comparisons (PTX ISA, "Comparison and Selection").

use super::translate::{Translator, integer_type};
use crate::ir::{Class, Instruction, Modifier, Type};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, Value};

impl Translator<'_, '_> {
    pub(super) fn setp(&mut self, instruction: &Instruction) {
        let Some(t) = instruction.t else { return };
        let holds = self.comparison(instruction, t, 2, 3);
        let fails = self.builder.ins().bxor_imm_u(holds, 1);
        let holds = self.combined(instruction, holds);
        let fails = self.combined(instruction, fails);
        self.write(instruction, 0, holds, Type::Pred);
        self.write(instruction, 1, fails, Type::Pred);
    }

    fn combined(&mut self, instruction: &Instruction, value: Value) -> Value {
        let other = self.read(instruction, 4, Type::Pred);
        match () {
            () if instruction.has(Modifier::And) => self.builder.ins().band(value, other),
            () if instruction.has(Modifier::Or) => self.builder.ins().bor(value, other),
            () if instruction.has(Modifier::Xor) => self.builder.ins().bxor(value, other),
            () => value,
        }
    }

    /// `set`: all bits or 1.0 where the comparison holds, else 0.
    pub(super) fn set(&mut self, instruction: &Instruction, t: Type) -> Value {
        let holds = self.comparison(instruction, instruction.u.unwrap_or(t), 1, 2);
        let (yes, no) = match t {
            Type::F32 => (self.float_constant(t, 1.0), self.float_constant(t, 0.0)),
            _ => {
                let ty = integer_type(t);
                let no = self.builder.ins().iconst(ty, 0);
                (self.builder.ins().bnot(no), no)
            }
        };
        self.builder.ins().select(holds, yes, no)
    }

    fn comparison(
        &mut self,
        instruction: &Instruction,
        t: Type,
        left: usize,
        right: usize,
    ) -> Value {
        let (mut a, mut b) = (
            self.read(instruction, left, t),
            self.read(instruction, right, t),
        );
        if !t.is_float() {
            return self
                .builder
                .ins()
                .icmp(integer_condition(instruction, t), a, b);
        }
        if instruction.has(Modifier::Ftz) {
            (a, b) = (self.flush(a), self.flush(b));
        }
        self.builder.ins().fcmp(float_condition(instruction), a, b)
    }

    pub(super) fn testp(&mut self, instruction: &Instruction, t: Type) -> Value {
        let value = self.read(instruction, 1, t);
        let magnitude = self.builder.ins().fabs(value);
        let smallest = match t {
            Type::F64 => self.builder.ins().f64const(f64::MIN_POSITIVE),
            _ => self.builder.ins().f32const(f32::MIN_POSITIVE),
        };
        let infinity = self.float_constant(t, f32::INFINITY);
        let zero = self.float_constant(t, 0.0);
        let mut compare = |condition, left, right| self.builder.ins().fcmp(condition, left, right);
        match () {
            () if instruction.has(Modifier::Finite) => {
                compare(FloatCC::LessThan, magnitude, infinity)
            }
            () if instruction.has(Modifier::Infinite) => {
                compare(FloatCC::Equal, magnitude, infinity)
            }
            () if instruction.has(Modifier::Number) => compare(FloatCC::Ordered, value, value),
            () if instruction.has(Modifier::NotANumber) => {
                compare(FloatCC::Unordered, value, value)
            }
            () if instruction.has(Modifier::Normal) => {
                let large = compare(FloatCC::GreaterThanOrEqual, magnitude, smallest);
                let finite = compare(FloatCC::LessThan, magnitude, infinity);
                self.builder.ins().band(large, finite)
            }
            () => {
                let small = compare(FloatCC::LessThan, magnitude, smallest);
                let nonzero = compare(FloatCC::GreaterThan, magnitude, zero);
                self.builder.ins().band(small, nonzero)
            }
        }
    }
}

fn integer_condition(instruction: &Instruction, t: Type) -> IntCC {
    let signed = t.class() == Class::Signed;
    for modifier in &instruction.modifiers {
        return match modifier {
            Modifier::Eq => IntCC::Equal,
            Modifier::Ne => IntCC::NotEqual,
            Modifier::Lt if signed => IntCC::SignedLessThan,
            Modifier::Le if signed => IntCC::SignedLessThanOrEqual,
            Modifier::Gt if signed => IntCC::SignedGreaterThan,
            Modifier::Ge if signed => IntCC::SignedGreaterThanOrEqual,
            Modifier::Lt | Modifier::Lo => IntCC::UnsignedLessThan,
            Modifier::Le | Modifier::Ls => IntCC::UnsignedLessThanOrEqual,
            Modifier::Gt | Modifier::Hi => IntCC::UnsignedGreaterThan,
            Modifier::Ge | Modifier::Hs => IntCC::UnsignedGreaterThanOrEqual,
            _ => continue,
        };
    }
    IntCC::Equal
}

fn float_condition(instruction: &Instruction) -> FloatCC {
    for modifier in &instruction.modifiers {
        return match modifier {
            Modifier::Eq => FloatCC::Equal,
            Modifier::Ne => FloatCC::OrderedNotEqual,
            Modifier::Lt => FloatCC::LessThan,
            Modifier::Le => FloatCC::LessThanOrEqual,
            Modifier::Gt => FloatCC::GreaterThan,
            Modifier::Ge => FloatCC::GreaterThanOrEqual,
            Modifier::Equ => FloatCC::UnorderedOrEqual,
            Modifier::Neu => FloatCC::NotEqual,
            Modifier::Ltu => FloatCC::UnorderedOrLessThan,
            Modifier::Leu => FloatCC::UnorderedOrLessThanOrEqual,
            Modifier::Gtu => FloatCC::UnorderedOrGreaterThan,
            Modifier::Geu => FloatCC::UnorderedOrGreaterThanOrEqual,
            Modifier::Num => FloatCC::Ordered,
            Modifier::Nan => FloatCC::Unordered,
            _ => continue,
        };
    }
    FloatCC::Equal
}
