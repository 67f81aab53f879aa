//! Instructions that take words apart and put them together.

use super::translate::{Translator, integer_type};
use crate::ir::{Instruction, Modifier, Operand, Type};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

impl Translator<'_, '_> {
    /// `shf`: a shift of the 64 bits whose upper half is `b`.
    pub(super) fn funnel_shift(&mut self, instruction: &Instruction, a: Value) -> Value {
        let b = self.read(instruction, 2, Type::B32);
        let c = self.read(instruction, 3, Type::U32);
        let low = self.builder.ins().uextend(types::I64, a);
        let high = self.builder.ins().uextend(types::I64, b);
        let high = self.builder.ins().ishl_imm_u(high, 32);
        let both = self.builder.ins().bor(high, low);
        let amount = if instruction.has(Modifier::Wrap) {
            self.builder.ins().band_imm_u(c, 31)
        } else {
            let most = self.builder.ins().iconst(types::I32, 32);
            self.builder.ins().umin(c, most)
        };
        let shifted = if instruction.has(Modifier::L) {
            let shifted = self.builder.ins().ishl(both, amount);
            self.builder.ins().ushr_imm_u(shifted, 32)
        } else {
            self.builder.ins().ushr(both, amount)
        };
        self.builder.ins().ireduce(types::I32, shifted)
    }

    /// `bfe`: bits from a position on, so many; the signed form repeats the field's highest bit above them.
    pub(super) fn extract_field(&mut self, instruction: &Instruction, t: Type, a: Value) -> Value {
        let position = self.read(instruction, 2, Type::U32);
        let position = self.builder.ins().band_imm_u(position, 0xff);
        let length = self.read(instruction, 3, Type::U32);
        let length = self.builder.ins().band_imm_u(length, 0xff);
        let ty = integer_type(t);
        let zero = self.builder.ins().iconst(ty, 0);
        let ones = self.builder.ins().bnot(zero);
        let above = self.shift_left(t, ones, length);
        let wanted = self.builder.ins().bnot(above);
        let existing = self.shift_right(t, ones, position);
        let valid = self.builder.ins().band(wanted, existing);
        let shifted = self.shift_right(t, a, position);
        let field = self.builder.ins().band(shifted, valid);
        if !t.is_signed() {
            return field;
        }
        let end = self.builder.ins().iadd(position, length);
        let last = self.builder.ins().iadd_imm_s(end, -1);
        let most = self
            .builder
            .ins()
            .iconst(types::I32, i64::from(t.bits()) - 1);
        let last = self.builder.ins().umin(last, most);
        let sign = self.builder.ins().ushr(a, last);
        let sign = self.builder.ins().band_imm_u(sign, 1);
        let fill = self.builder.ins().ineg(sign);
        let fill = self.builder.ins().band_not(fill, valid);
        let filled = self.builder.ins().bor(field, fill);
        let none = self.builder.ins().iconst(types::I32, 0);
        let empty = self.builder.ins().icmp(IntCC::Equal, length, none);
        self.builder.ins().select(empty, zero, filled)
    }

    /// `bfi`: `b` with the low bits of `a` put in from a position on, so many.
    pub(super) fn insert_field(&mut self, instruction: &Instruction, t: Type, a: Value) -> Value {
        let b = self.read(instruction, 2, t);
        let position = self.read(instruction, 3, Type::U32);
        let position = self.builder.ins().band_imm_u(position, 0xff);
        let length = self.read(instruction, 4, Type::U32);
        let length = self.builder.ins().band_imm_u(length, 0xff);
        let zero = self.builder.ins().iconst(integer_type(t), 0);
        let ones = self.builder.ins().bnot(zero);
        let above = self.shift_left(t, ones, length);
        let field = self.builder.ins().bnot(above);
        let mask = self.shift_left(t, field, position);
        let inserted = self.shift_left(t, a, position);
        let inserted = self.builder.ins().band(inserted, mask);
        let kept = self.builder.ins().band_not(b, mask);
        self.builder.ins().bor(kept, inserted)
    }

    /// `prmt`: each nibble of the selector picks a byte of the pair `b:a`; its high bit picks the byte's sign instead.
    pub(super) fn permute_bytes(&mut self, instruction: &Instruction, a: Value) -> Value {
        let b = self.read(instruction, 2, Type::B32);
        let selector = self.permutation(instruction);
        let low = self.builder.ins().uextend(types::I64, a);
        let high = self.builder.ins().uextend(types::I64, b);
        let high = self.builder.ins().ishl_imm_u(high, 32);
        let pair = self.builder.ins().bor(high, low);
        let mut result = self.builder.ins().iconst(types::I32, 0);
        for place in 0..4 {
            let nibble = self.builder.ins().ushr_imm_u(selector, 4 * place);
            let index = self.builder.ins().band_imm_u(nibble, 7);
            let amount = self.builder.ins().ishl_imm_u(index, 3);
            let shifted = self.builder.ins().ushr(pair, amount);
            let byte = self.builder.ins().ireduce(types::I8, shifted);
            let sign = self.builder.ins().sshr_imm_s(byte, 7);
            let wants_sign = self.builder.ins().band_imm_u(nibble, 8);
            let byte = self.builder.ins().select(wants_sign, sign, byte);
            let byte = self.builder.ins().uextend(types::I32, byte);
            let byte = self.builder.ins().ishl_imm_u(byte, 8 * place);
            result = self.builder.ins().bor(result, byte);
        }
        result
    }

    /// `mov` of a tuple into one register, the first element lowest.
    pub(super) fn pack(&mut self, instruction: &Instruction, t: Type) -> Value {
        let whole = integer_type(t);
        let mut packed = self.builder.ins().iconst(whole, 0);
        let Some(Operand::Vector(elements)) = instruction.operands.get(1) else {
            return packed;
        };
        let Some(ty) = t.element(elements.len()) else {
            return packed;
        };
        for (place, element) in elements.iter().enumerate() {
            let value = self.value(element, ty);
            let value = self.extend(value, whole, false);
            let value = self
                .builder
                .ins()
                .ishl_imm_u(value, place as i64 * i64::from(ty.bits()));
            packed = self.builder.ins().bor(packed, value);
        }
        packed
    }

    /// `mov` of one register into a tuple.
    pub(super) fn unpack(&mut self, instruction: &Instruction, t: Type) {
        let whole = self.read(instruction, 1, t);
        let Some(Operand::Vector(elements)) = instruction.operands.first() else {
            return;
        };
        let Some(ty) = t.element(elements.len()) else {
            return;
        };
        for (place, element) in elements.iter().enumerate() {
            let shifted = self
                .builder
                .ins()
                .ushr_imm_u(whole, place as i64 * i64::from(ty.bits()));
            let value = self.builder.ins().ireduce(integer_type(ty), shifted);
            if let Operand::Register(register) = element {
                self.write_register(instruction, *register, value, ty);
            }
        }
    }
}
