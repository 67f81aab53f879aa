//! `cvt` to and from formats that registers hold as bits, and of pairs.

use super::super::runtime::{Direction, Format};
use super::float::direction;
use super::half::half_of;
use super::translate::Translator;
use crate::ir::{Instruction, Modifier, Type};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, Value, types};

/// What the format leaves out of a `.f32`'s fraction.
const TF32_UNUSED_BITS: i64 = 13;

impl Translator<'_, '_> {
    /// `cvt` to `.tf32`: a `.f32` whose lowest bits are zero.
    pub(super) fn convert_tf32(&mut self, instruction: &Instruction) -> Value {
        let value = self.read(instruction, 1, Type::F32);
        let value = self.relu_if_told(instruction, value);
        let bits = self.as_integer(value);
        let rounded = match () {
            () if instruction.has(Modifier::Rz) => {
                self.builder.ins().ushr_imm_u(bits, TF32_UNUSED_BITS)
            }
            () if instruction.has(Modifier::Rna) => {
                let half = 1 << (TF32_UNUSED_BITS - 1);
                let bits = self.builder.ins().iadd_imm_u(bits, half);
                self.builder.ins().ushr_imm_u(bits, TF32_UNUSED_BITS)
            }
            () => self.nearest_multiple(bits, TF32_UNUSED_BITS),
        };
        let rounded = self.builder.ins().ishl_imm_u(rounded, TF32_UNUSED_BITS);
        let is_nan = self.builder.ins().fcmp(FloatCC::Unordered, value, value);
        let nan = self.constant(0x7fff_ffff, Type::B32);
        self.builder.ins().select(is_nan, nan, rounded)
    }

    fn relu_if_told(&mut self, instruction: &Instruction, value: Value) -> Value {
        if instruction.has(Modifier::Relu) {
            self.not_negative(value)
        } else {
            value
        }
    }

    /// `cvt` of two numbers; of two operands the first becomes the upper half.
    pub(super) fn convert_pair(
        &mut self,
        instruction: &Instruction,
        to: Type,
        from: Type,
    ) -> Value {
        match (half_of(to), half_of(from)) {
            (Some(half), None) if from == Type::F32 => {
                let (high, low) = (
                    self.read(instruction, 1, from),
                    self.read(instruction, 2, from),
                );
                let [low, high] =
                    [low, high].map(|value| self.convert_half(instruction, value, half));
                self.joined(low, high)
            }
            (Some(_), _) => {
                let pair = self.read(instruction, 1, Type::B16);
                let low = self.byte_to_half(instruction, pair, from);
                let pair = self.builder.ins().ushr_imm_u(pair, 8);
                let high = self.byte_to_half(instruction, pair, from);
                self.joined(low, high)
            }
            (None, half) => {
                let (low, high) = self.numbers_of_pair(instruction, half);
                let [low, high] =
                    [low, high].map(|value| self.number_to_byte(instruction, value, to));
                let high = self.builder.ins().ishl_imm_u(high, 8);
                self.builder.ins().bor(low, high)
            }
        }
    }

    fn convert_half(&mut self, instruction: &Instruction, value: Value, to: Type) -> Value {
        let value = self.relu_if_told(instruction, value);
        match direction(instruction) {
            Direction::Nearest => self.narrow(value, to),
            direction => {
                let format = if to == Type::F16 {
                    Format::F16
                } else {
                    Format::Bf16
                };
                let double = self.builder.ins().fpromote(types::F64, value);
                self.round_to(double, format, direction, Type::B16)
            }
        }
    }

    /// The two numbers to convert as `.f32`, the lower one first: two operands, or the halves of one.
    fn numbers_of_pair(&mut self, instruction: &Instruction, half: Option<Type>) -> (Value, Value) {
        let Some(half) = half else {
            let high = self.read(instruction, 1, Type::F32);
            return (self.read(instruction, 2, Type::F32), high);
        };
        let pair = self.read(instruction, 1, Type::B32);
        let (low, high) = (self.half_at(pair, 0), self.half_at(pair, 1));
        (self.widen(low, half), self.widen(high, half))
    }

    fn number_to_byte(&mut self, instruction: &Instruction, value: Value, to: Type) -> Value {
        let value = self.relu_if_told(instruction, value);
        let format = if to == Type::E4m3x2 {
            Format::E4m3
        } else {
            Format::E5m2
        };
        let double = self.builder.ins().fpromote(types::F64, value);
        self.round_to(double, format, Direction::Nearest, Type::B16)
    }

    /// The number in the lower byte of 16 bits as a `.f16`, which holds every one.
    fn byte_to_half(&mut self, instruction: &Instruction, pair: Value, from: Type) -> Value {
        let half = if from == Type::E5m2x2 {
            // The format is a `.f16` without its lower byte.
            self.builder.ins().ishl_imm_u(pair, 8)
        } else {
            self.e4m3_to_half(pair)
        };
        if !instruction.has(Modifier::Relu) {
            return half;
        }
        let value = self.widen(half, Type::F16);
        let value = self.not_negative(value);
        self.narrow(value, Type::F16)
    }

    fn e4m3_to_half(&mut self, pair: Value) -> Value {
        let magnitude = self.builder.ins().band_imm_u(pair, 0x7f);
        let sign = self.builder.ins().band_imm_u(pair, 0x80);
        let sign = self.builder.ins().ishl_imm_u(sign, 8);
        // In their places, fraction and exponent are a number that is too small by a factor.
        let placed = self.builder.ins().ishl_imm_u(magnitude, 7);
        let placed = self.widen(placed, Type::F16);
        let factor = self.builder.ins().f32const(256.0);
        let number = self.builder.ins().fmul(placed, factor);
        let number = self.narrow(number, Type::F16);
        let is_nan = self.builder.ins().icmp_imm_u(IntCC::Equal, magnitude, 0x7f);
        let nan = self.constant(0x7fff, Type::B16);
        let number = self.builder.ins().select(is_nan, nan, number);
        self.builder.ins().bor(number, sign)
    }

    /// `cvt.pack`: two integers held to a type's range, above them what is left of `c`.
    pub(super) fn convert_saturated(&mut self, instruction: &Instruction, t: Type) -> Value {
        let (high, low) = (
            self.read(instruction, 1, Type::S32),
            self.read(instruction, 2, Type::S32),
        );
        let [low, high] = [low, high].map(|value| {
            let value = self.builder.ins().sextend(types::I64, value);
            let value = self.clamp(value, t, Type::S32);
            let value = self.cut(value, t);
            self.extend(value, types::I32, false)
        });
        let bits = i64::from(t.bits());
        let high = self.builder.ins().ishl_imm_u(high, bits);
        let pair = self.builder.ins().bor(low, high);
        if t.bits() == 16 {
            return pair;
        }
        let rest = self.read(instruction, 3, Type::B32);
        let rest = self.builder.ins().ishl_imm_u(rest, 2 * bits);
        self.builder.ins().bor(pair, rest)
    }
}
