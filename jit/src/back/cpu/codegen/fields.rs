//! Positions and lengths of fields in words.

use super::super::runtime::Runtime;
use super::translate::Translator;
use crate::ir::{Instruction, Modifier, Type};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, Value, types};

/// The selectors of `prmt`'s modes, one for each of the four values that the lowest two bits of its operand have.
fn selectors(instruction: &Instruction) -> Option<[u16; 4]> {
    let modes = [
        (Modifier::F4e, [0x3210, 0x4321, 0x5432, 0x6543]),
        (Modifier::B4e, [0x5670, 0x6701, 0x7012, 0x0123]),
        (Modifier::Rc8, [0x0000, 0x1111, 0x2222, 0x3333]),
        (Modifier::Ecl, [0x3210, 0x3211, 0x3222, 0x3333]),
        (Modifier::Ecr, [0x0000, 0x1110, 0x2210, 0x3210]),
        (Modifier::Rc16, [0x1010, 0x3232, 0x1010, 0x3232]),
    ];
    let mut modes = modes.into_iter();
    let found = modes.find(|(mode, _)| instruction.has(*mode));
    found.map(|(_, selectors)| selectors)
}

impl Translator<'_, '_> {
    /// The selector that a mode of `prmt` picks; without one the operand itself.
    pub(super) fn permutation(&mut self, instruction: &Instruction) -> Value {
        let operand = self.read(instruction, 3, Type::B32);
        let Some(selectors) = selectors(instruction) else {
            return operand;
        };
        let table = selectors
            .iter()
            .rev()
            .fold(0u64, |table, selector| table << 16 | u64::from(*selector));
        let table = self.builder.ins().iconst(types::I64, table as i64);
        let index = self.builder.ins().band_imm_u(operand, 3);
        let amount = self.builder.ins().ishl_imm_u(index, 4);
        let selector = self.builder.ins().ushr(table, amount);
        self.builder.ins().ireduce(types::I32, selector)
    }

    /// `bfind`: the position of the highest bit that is not the sign, or with `.shiftamt` the shift that brings it to the top.
    pub(super) fn find_highest(&mut self, instruction: &Instruction, t: Type) -> Value {
        let a = self.read(instruction, 1, t);
        let highest = i64::from(t.bits()) - 1;
        let searched = if t.is_signed() {
            let sign = self.builder.ins().sshr_imm_s(a, highest);
            self.builder.ins().bxor(a, sign)
        } else {
            a
        };
        let shift = self.builder.ins().clz(searched);
        let shift = self.cut(shift, Type::U32);
        let highest = self.builder.ins().iconst(types::I32, highest);
        let found = if instruction.has(Modifier::ShiftAmt) {
            shift
        } else {
            self.builder.ins().isub(highest, shift)
        };
        let none = self.constant(u64::from(u32::MAX), Type::U32);
        self.builder.ins().select(searched, found, none)
    }

    /// `fns`: the position of a set bit, counted from another one.
    pub(super) fn find_nth_set(&mut self, instruction: &Instruction) -> Value {
        let mask = self.read(instruction, 1, Type::B32);
        let base = self.read(instruction, 2, Type::B32);
        let offset = self.read(instruction, 3, Type::S32);
        self.call_runtime(Runtime::FindNthSet, &[mask, base, offset])
    }

    /// `szext`: so many of the lowest bits, extended to 32.
    pub(super) fn extend_field(&mut self, instruction: &Instruction, t: Type, a: Value) -> Value {
        let length = self.read(instruction, 2, Type::U32);
        let kept = if instruction.has(Modifier::Clamp) {
            length
        } else {
            self.builder.ins().band_imm_u(length, 31)
        };
        let whole = self.constant(32, Type::U32);
        let kept = self.builder.ins().umin(kept, whole);
        let unused = self.builder.ins().isub(whole, kept);
        // A shift by the whole width needs more bits than the word has.
        let wide = self.builder.ins().uextend(types::I64, a);
        let raised = self.builder.ins().ishl_imm_u(wide, 32);
        let raised = self.builder.ins().ishl(raised, unused);
        let extended = if t.is_signed() {
            let lowered = self.builder.ins().sshr_imm_s(raised, 32);
            self.builder.ins().sshr(lowered, unused)
        } else {
            let lowered = self.builder.ins().ushr_imm_u(raised, 32);
            self.builder.ins().ushr(lowered, unused)
        };
        self.builder.ins().ireduce(types::I32, extended)
    }

    /// `bmsk`: so many set bits, from a position on.
    pub(super) fn mask(&mut self, instruction: &Instruction, position: Value) -> Value {
        let mut position = position;
        let mut length = self.read(instruction, 2, Type::U32);
        if instruction.has(Modifier::Wrap) {
            position = self.builder.ins().band_imm_u(position, 31);
            length = self.builder.ins().band_imm_u(length, 31);
        }
        let ones = self.constant(u64::from(u32::MAX), Type::B32);
        let above = self.shift_left(Type::B32, ones, length);
        let field = self.builder.ins().bnot(above);
        self.shift_left(Type::B32, field, position)
    }

    /// `slct`: one of two values, by the sign of a third.
    pub(super) fn select_by_sign(&mut self, instruction: &Instruction, t: Type, u: Type) -> Value {
        let (a, b) = (self.read(instruction, 1, t), self.read(instruction, 2, t));
        let sign = self.read(instruction, 3, u);
        let takes_first = if u == Type::F32 {
            let sign = if instruction.has(Modifier::Ftz) {
                self.flush(sign)
            } else {
                sign
            };
            let zero = self.float_constant(u, 0.0);
            self.builder
                .ins()
                .fcmp(FloatCC::GreaterThanOrEqual, sign, zero)
        } else {
            self.builder
                .ins()
                .icmp_imm_s(IntCC::SignedGreaterThanOrEqual, sign, 0)
        };
        self.builder.ins().select(takes_first, a, b)
    }
}
