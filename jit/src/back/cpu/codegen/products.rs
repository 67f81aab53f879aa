//! Products of parts of words, and what is added to them.

use super::translate::Translator;
use crate::ir::{Instruction, Modifier, Opcode, Type};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

impl Translator<'_, '_> {
    /// `mad`; with `.hi.sat` the exact sum, held to the range of 32 bits.
    pub(super) fn multiply_add(&mut self, instruction: &Instruction, t: Type, a: Value) -> Value {
        let product = self.multiply(instruction, t, a);
        self.add_third(instruction, t, product)
    }

    fn add_third(&mut self, instruction: &Instruction, t: Type, product: Value) -> Value {
        let c = self.read(instruction, 3, t);
        if instruction.has(Modifier::Sat) {
            self.saturating(product, c, true)
        } else {
            self.builder.ins().iadd(product, c)
        }
    }

    /// `mul24` and `mad24`: a product of the lower 24 bits of each, of which the lower or the upper 32 are taken.
    pub(super) fn multiply_24(&mut self, instruction: &Instruction, t: Type, a: Value) -> Value {
        let b = self.read(instruction, 2, t);
        let (a, b) = (self.lower_24(a, t), self.lower_24(b, t));
        let product = self.builder.ins().imul(a, b);
        let product = if instruction.has(Modifier::Hi) {
            self.builder.ins().ushr_imm_u(product, 16)
        } else {
            product
        };
        let product = self.builder.ins().ireduce(types::I32, product);
        if instruction.opcode() == Opcode::Mul24 {
            product
        } else {
            self.add_third(instruction, t, product)
        }
    }

    fn lower_24(&mut self, value: Value, t: Type) -> Value {
        let wide = self.builder.ins().uextend(types::I64, value);
        let raised = self.builder.ins().ishl_imm_u(wide, 40);
        if t.is_signed() {
            self.builder.ins().sshr_imm_s(raised, 40)
        } else {
            self.builder.ins().ushr_imm_u(raised, 40)
        }
    }

    /// `sad`: a sum with the distance of two numbers.
    pub(super) fn distance(&mut self, instruction: &Instruction, t: Type, a: Value) -> Value {
        let b = self.read(instruction, 2, t);
        let c = self.read(instruction, 3, t);
        let less = if t.is_signed() {
            IntCC::SignedLessThan
        } else {
            IntCC::UnsignedLessThan
        };
        let is_less = self.builder.ins().icmp(less, a, b);
        let up = self.builder.ins().isub(b, a);
        let down = self.builder.ins().isub(a, b);
        let distance = self.builder.ins().select(is_less, up, down);
        self.builder.ins().iadd(c, distance)
    }

    /// `dp4a`: the products of four pairs of bytes, added to `c`; `dp2a`: those of two halves and the bytes of one half.
    pub(super) fn dot_product(&mut self, instruction: &Instruction, t: Type, u: Type) -> Value {
        let (a, b) = (
            self.read(instruction, 1, Type::B32),
            self.read(instruction, 2, Type::B32),
        );
        let of_halves = instruction.opcode() == Opcode::Dp2a;
        let first = if instruction.has(Modifier::Hi) { 2 } else { 0 };
        let count = if of_halves { 2 } else { 4 };
        let width = if of_halves { types::I16 } else { types::I8 };
        let mut sum = self.read(instruction, 3, Type::U32);
        for place in 0..count {
            let left = self.part(a, width, place, t.is_signed());
            let right = self.part(b, types::I8, first + place, u.is_signed());
            let product = self.builder.ins().imul(left, right);
            sum = self.builder.ins().iadd(sum, product);
        }
        sum
    }

    /// The part of a word that has this width and place.
    fn part(
        &mut self,
        word: Value,
        width: cranelift_codegen::ir::Type,
        place: i64,
        signed: bool,
    ) -> Value {
        let shift = i64::from(width.bits()) * place;
        let shifted = self.builder.ins().ushr_imm_u(word, shift);
        let part = self.builder.ins().ireduce(width, shifted);
        self.extend(part, types::I32, signed)
    }
}
