//! Two or four small numbers in a word (PTX ISA, "Video Instructions"); single words are in `video_word`.

use super::translate::Translator;
use crate::ir::{Instruction, Modifier, Opcode, Type};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

/// What the numbers of both operands are.
#[derive(Clone, Copy)]
pub(super) struct Signs {
    pub(super) a: bool,
    pub(super) b: bool,
    /// Those of the result, which say where it saturates.
    pub(super) result: bool,
}

impl Translator<'_, '_> {
    /// The value of such an instruction; none if the opcode is no such instruction. Sums and differences of numbers of 16 bits fit
    /// in 32, whatever their signs.
    pub(super) fn video(&mut self, instruction: &Instruction) -> Option<Value> {
        if !instruction.opcode().is_video() {
            return None;
        }
        let signs = Signs {
            a: instruction.u.is_some_and(Type::is_signed),
            b: instruction.has(Modifier::WordS32),
            result: instruction.t.is_some_and(Type::is_signed),
        };
        let name = instruction.form.form().name;
        let count = match name.chars().last() {
            Some('4') => 4,
            Some('2') => 2,
            _ => return self.video_word(instruction, signs),
        };
        let bits = 32 / count;
        let (a, b) = (
            self.read(instruction, 1, Type::B32),
            self.read(instruction, 2, Type::B32),
        );
        let is_sum = instruction.has(Modifier::Add);
        let mut result = if is_sum {
            self.read(instruction, 3, Type::B32)
        } else {
            self.builder.ins().iconst(types::I32, 0)
        };
        for place in 0..count {
            let left = self.small(a, bits, place, signs.a);
            let right = self.small(b, bits, place, signs.b);
            let value = self.small_result(instruction, left, right)?;
            if is_sum {
                result = self.builder.ins().iadd(result, value);
                continue;
            }
            let value = if instruction.has(Modifier::Sat) {
                self.saturate_small(value, bits, signs.result)
            } else {
                value
            };
            let cut = self.builder.ins().ishl_imm_u(value, 32 - bits);
            let placed = self.builder.ins().ushr_imm_u(cut, 32 - bits * (place + 1));
            result = self.builder.ins().bor(result, placed);
        }
        Some(result)
    }

    /// The number of so many bits at a place of a word.
    fn small(&mut self, word: Value, bits: i64, place: i64, signed: bool) -> Value {
        let top = self.builder.ins().ishl_imm_u(word, 32 - bits * (place + 1));
        if signed {
            self.builder.ins().sshr_imm_u(top, 32 - bits)
        } else {
            self.builder.ins().ushr_imm_u(top, 32 - bits)
        }
    }

    fn small_result(&mut self, instruction: &Instruction, a: Value, b: Value) -> Option<Value> {
        let ins = self.builder.ins();
        Some(match instruction.opcode() {
            Opcode::VideoAdd => ins.iadd(a, b),
            Opcode::VideoSub => ins.isub(a, b),
            Opcode::VideoAverage => self.average(a, b),
            Opcode::VideoDistance => {
                let difference = ins.isub(a, b);
                self.builder.ins().iabs(difference)
            }
            Opcode::VideoMin => ins.smin(a, b),
            Opcode::VideoMax => ins.smax(a, b),
            Opcode::VideoSet => {
                let holds = ins.icmp(condition(instruction), a, b);
                self.builder.ins().uextend(types::I32, holds)
            }
            _ => return None,
        })
    }

    /// Half of the sum, rounded away from zero if it is positive.
    fn average(&mut self, a: Value, b: Value) -> Value {
        let sum = self.builder.ins().iadd(a, b);
        let negative = self.builder.ins().ushr_imm_u(sum, 31);
        let rounded = self.builder.ins().isub(sum, negative);
        let rounded = self.builder.ins().iadd_imm_u(rounded, 1);
        self.builder.ins().sshr_imm_u(rounded, 1)
    }

    fn saturate_small(&mut self, value: Value, bits: i64, signed: bool) -> Value {
        let (least, most) = if signed {
            (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
        } else {
            (0, (1 << bits) - 1)
        };
        let least = self.builder.ins().iconst(types::I32, least & 0xffff_ffff);
        let most = self.builder.ins().iconst(types::I32, most);
        let value = self.builder.ins().smax(value, least);
        self.builder.ins().smin(value, most)
    }
}

pub(super) fn condition(instruction: &Instruction) -> IntCC {
    match () {
        () if instruction.has(Modifier::Eq) => IntCC::Equal,
        () if instruction.has(Modifier::Ne) => IntCC::NotEqual,
        () if instruction.has(Modifier::Lt) => IntCC::SignedLessThan,
        () if instruction.has(Modifier::Le) => IntCC::SignedLessThanOrEqual,
        () if instruction.has(Modifier::Gt) => IntCC::SignedGreaterThan,
        () => IntCC::SignedGreaterThanOrEqual,
    }
}
