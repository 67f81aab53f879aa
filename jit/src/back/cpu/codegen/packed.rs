//! Two numbers in a register (PTX ISA, "Packed Data Types"), of which the first lies in the lower half.

use super::half::half_of;
use super::translate::Translator;
use crate::ir::{Instruction, Modifier, Opcode, Type};
use cranelift_codegen::ir::{InstBuilder, Value, types};

impl Translator<'_, '_> {
    /// The value of an instruction that treats both halves alike; none if there is no such instruction.
    pub(super) fn pair(&mut self, instruction: &Instruction, t: Type) -> Option<Value> {
        let element = half_of(t)?;
        let words = self.sources(instruction, t);
        let mut halves = [None; 2];
        for (place, half) in halves.iter_mut().enumerate() {
            let operands: Vec<_> = words
                .iter()
                .map(|word| self.half_at(*word, place))
                .collect();
            *half = Some(match (element, operands.as_slice()) {
                (Type::U16 | Type::S16, [a, b]) => {
                    self.short_value(instruction, element, *a, *b)?
                }
                (_, operands) => self.half_value(instruction, element, operands)?,
            });
        }
        let [low, high] = halves;
        Some(self.joined(low?, high?))
    }

    /// All operands behind the destination, of type `t`.
    pub(super) fn sources(&mut self, instruction: &Instruction, t: Type) -> Vec<Value> {
        let count = instruction.form.form().roles.len();
        (1..count)
            .map(|index| self.read(instruction, index, t))
            .collect()
    }

    fn short_value(
        &mut self,
        instruction: &Instruction,
        t: Type,
        a: Value,
        b: Value,
    ) -> Option<Value> {
        let signed = t.is_signed();
        let ins = self.builder.ins();
        let value = match instruction.opcode() {
            Opcode::Add => ins.iadd(a, b),
            Opcode::Min if signed => ins.smin(a, b),
            Opcode::Min => ins.umin(a, b),
            Opcode::Max if signed => ins.smax(a, b),
            Opcode::Max => ins.umax(a, b),
            _ => return None,
        };
        Some(self.integer_relu(instruction, t, value))
    }

    /// `.relu` of an integer: zero instead of what is negative.
    pub(super) fn integer_relu(
        &mut self,
        instruction: &Instruction,
        t: Type,
        value: Value,
    ) -> Value {
        if !instruction.has(Modifier::Relu) || !t.is_signed() {
            return value;
        }
        let ty = self.builder.func.dfg.value_type(value);
        let zero = self.builder.ins().iconst(ty, 0);
        self.builder.ins().smax(value, zero)
    }

    /// The half of a word at a place: 0 is the lower one.
    pub(super) fn half_at(&mut self, word: Value, place: usize) -> Value {
        let shifted = self.builder.ins().ushr_imm_u(word, 16 * place as i64);
        self.builder.ins().ireduce(types::I16, shifted)
    }

    /// A word of two halves.
    pub(super) fn joined(&mut self, low: Value, high: Value) -> Value {
        let low = self.builder.ins().uextend(types::I32, low);
        let high = self.builder.ins().uextend(types::I32, high);
        let high = self.builder.ins().ishl_imm_u(high, 16);
        self.builder.ins().bor(low, high)
    }
}
