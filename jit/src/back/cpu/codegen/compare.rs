//! Comparisons (PTX ISA, "Comparison and Selection").

use super::half::is_half;
use super::translate::{Translator, Written};
use crate::ir::{Class, Instruction, Modifier, Type};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, Value};

impl Translator<'_, '_> {
    pub(super) fn setp(&mut self, instruction: &Instruction, t: Type) {
        // The rows of small floats give one predicate, all others may give two.
        let gives_two = instruction.form.form().roles[1].paired;
        let a_at = 1 + usize::from(gives_two);
        let a = self.read(instruction, a_at, t);
        let b = self.read(instruction, a_at + 1, t);
        let holds = self.comparison(instruction, t, a, b);
        let fails = self.builder.ins().bxor_imm_u(holds, 1);
        let holds = self.combined(instruction, a_at + 2, holds);
        let mut results = vec![Written::new(0, holds, Type::Pred)];
        if gives_two {
            let fails = self.combined(instruction, a_at + 2, fails);
            results.push(Written::new(1, fails, Type::Pred));
        }
        self.write_all(instruction, &results);
    }

    /// `setp` of a pair: a predicate for each half.
    pub(super) fn setp_pair(&mut self, instruction: &Instruction, t: Type, half: Type) {
        let (a, b) = (self.read(instruction, 2, t), self.read(instruction, 3, t));
        let [low, high] = self.comparisons(instruction, half, a, b);
        let low = self.combined(instruction, 4, low);
        let high = self.combined(instruction, 4, high);
        let results = [
            Written::new(0, low, Type::Pred),
            Written::new(1, high, Type::Pred),
        ];
        self.write_all(instruction, &results);
    }

    fn comparisons(
        &mut self,
        instruction: &Instruction,
        half: Type,
        a: Value,
        b: Value,
    ) -> [Value; 2] {
        [0, 1].map(|place| {
            let (a, b) = (self.half_at(a, place), self.half_at(b, place));
            self.comparison(instruction, half, a, b)
        })
    }

    /// With the predicate at `index`, in the way that the instruction says, if it does.
    fn combined(&mut self, instruction: &Instruction, index: usize, value: Value) -> Value {
        let other = self.read(instruction, index, Type::Pred);
        match () {
            () if instruction.has(Modifier::And) => self.builder.ins().band(value, other),
            () if instruction.has(Modifier::Or) => self.builder.ins().bor(value, other),
            () if instruction.has(Modifier::Xor) => self.builder.ins().bxor(value, other),
            () => value,
        }
    }

    /// `set`: all bits or 1.0 where the comparison holds, else 0.
    pub(super) fn set(&mut self, instruction: &Instruction, t: Type) -> Value {
        let u = instruction.u.unwrap_or(t);
        let (a, b) = (self.read(instruction, 1, u), self.read(instruction, 2, u));
        let holds = self.comparison(instruction, u, a, b);
        let holds = self.combined(instruction, 3, holds);
        let (yes, no) = (self.truth(t), self.constant(0, t));
        self.builder.ins().select(holds, yes, no)
    }

    /// `set` of a pair.
    pub(super) fn set_pair(&mut self, instruction: &Instruction, t: Type, half: Type) -> Value {
        let (a, b) = (self.read(instruction, 1, t), self.read(instruction, 2, t));
        let halves = self.comparisons(instruction, half, a, b).map(|holds| {
            let holds = self.combined(instruction, 3, holds);
            let (yes, no) = (self.truth(half), self.constant(0, half));
            self.builder.ins().select(holds, yes, no)
        });
        self.joined(halves[0], halves[1])
    }

    /// What `set` gives where the comparison holds.
    fn truth(&mut self, t: Type) -> Value {
        let bits = match t {
            Type::F16 => 0x3c00,
            Type::Bf16 => 0x3f80,
            Type::F32 => 0x3f80_0000,
            _ => u64::MAX,
        };
        self.constant(bits, t)
    }

    fn comparison(&mut self, instruction: &Instruction, t: Type, a: Value, b: Value) -> Value {
        let (mut a, mut b) = (a, b);
        if !t.is_float() && !is_half(t) {
            return self
                .builder
                .ins()
                .icmp(integer_condition(instruction, t), a, b);
        }
        let flushes = instruction.has(Modifier::Ftz);
        if is_half(t) {
            if flushes {
                (a, b) = (self.flush_half(a, t), self.flush_half(b, t));
            }
            (a, b) = (self.widen(a, t), self.widen(b, t));
        } else if flushes {
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

pub(super) fn integer_condition(instruction: &Instruction, t: Type) -> IntCC {
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

pub(super) fn float_condition(instruction: &Instruction) -> FloatCC {
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
