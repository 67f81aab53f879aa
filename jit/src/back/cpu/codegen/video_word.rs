//! Whole words (PTX ISA, "Scalar Video Instructions"): what is computed from two of them, in 64 bits, is cut or saturated to one, and may
//! then be combined with a third.

use super::translate::Translator;
use super::video::{Signs, condition};
use crate::ir::{Instruction, Modifier, Opcode, Type};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

impl Translator<'_, '_> {
    pub(super) fn video_word(&mut self, instruction: &Instruction, signs: Signs) -> Option<Value> {
        let (a, b) = (
            self.read(instruction, 1, Type::B32),
            self.read(instruction, 2, Type::B32),
        );
        let a = self.extend(a, types::I64, signs.a);
        let b = self.extend(b, types::I64, signs.b);
        let wide = self.wide_result(instruction, signs, a, b)?;
        let wide = if instruction.has(Modifier::Sat) {
            // Of these alone a result may have its highest bit set and be positive.
            let is_positive = instruction.opcode() == Opcode::VideoShl && !signs.a;
            self.saturate_wide(wide, signs.result, is_positive)
        } else {
            wide
        };
        let word = self.builder.ins().ireduce(types::I32, wide);
        let combines = [Modifier::Add, Modifier::Min, Modifier::Max];
        let Some(how) = combines.into_iter().find(|how| instruction.has(*how)) else {
            return Some(word);
        };
        let c = self.read(instruction, 3, Type::B32);
        let ins = self.builder.ins();
        Some(match (how, signs.result) {
            (Modifier::Min, true) => ins.smin(word, c),
            (Modifier::Min, false) => ins.umin(word, c),
            (Modifier::Max, true) => ins.smax(word, c),
            (Modifier::Max, false) => ins.umax(word, c),
            _ => ins.iadd(word, c),
        })
    }

    fn wide_result(
        &mut self,
        instruction: &Instruction,
        signs: Signs,
        a: Value,
        b: Value,
    ) -> Option<Value> {
        let ins = self.builder.ins();
        Some(match instruction.opcode() {
            Opcode::VideoAdd => ins.iadd(a, b),
            Opcode::VideoSub => ins.isub(a, b),
            Opcode::VideoDistance => {
                let difference = ins.isub(a, b);
                self.builder.ins().iabs(difference)
            }
            Opcode::VideoMin => self.one_of(a, b, IntCC::SignedLessThan),
            Opcode::VideoMax => self.one_of(a, b, IntCC::SignedGreaterThan),
            Opcode::VideoSet => {
                let holds = ins.icmp(condition(instruction), a, b);
                self.builder.ins().uextend(types::I64, holds)
            }
            Opcode::VideoShl | Opcode::VideoShr => {
                let amount = self.amount_of_bits(instruction, b);
                let ins = self.builder.ins();
                match (instruction.opcode(), signs.a) {
                    (Opcode::VideoShl, _) => ins.ishl(a, amount),
                    (_, true) => ins.sshr(a, amount),
                    (_, false) => ins.ushr(a, amount),
                }
            }
            _ => return None,
        })
    }

    /// An amount that is cut to the bits of a word or, clamped, to all of them.
    fn amount_of_bits(&mut self, instruction: &Instruction, amount: Value) -> Value {
        if instruction.has(Modifier::Wrap) {
            return self.builder.ins().band_imm_u(amount, 31);
        }
        let all = self.builder.ins().iconst(types::I64, 32);
        self.one_of(amount, all, IntCC::UnsignedLessThan)
    }

    /// A value in the bounds of a word; `is_positive` where its highest bit is no sign.
    fn saturate_wide(&mut self, value: Value, signed: bool, is_positive: bool) -> Value {
        let (least, most) = match signed {
            true => (i64::from(i32::MIN), i64::from(i32::MAX)),
            false => (0, i64::from(u32::MAX)),
        };
        let most = self.builder.ins().iconst(types::I64, most);
        if is_positive {
            return self.one_of(value, most, IntCC::UnsignedLessThan);
        }
        let least = self.builder.ins().iconst(types::I64, least);
        let value = self.one_of(value, least, IntCC::SignedGreaterThan);
        self.one_of(value, most, IntCC::SignedLessThan)
    }

    /// The first value if it compares so with the other, else that.
    fn one_of(&mut self, a: Value, b: Value, condition: IntCC) -> Value {
        let holds = self.builder.ins().icmp(condition, a, b);
        self.builder.ins().select(holds, a, b)
    }
}
