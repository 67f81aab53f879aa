//! `.f16` and `.bf16` (PTX ISA, "Half Precision Floating Point Instructions"): computed in a wider format from which one
//! rounding gives what rounding the exact result would, alone or in pairs.

use super::super::runtime::Runtime;
use super::translate::Translator;
use crate::ir::{Instruction, Modifier, Opcode, Type};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};

/// The bits of infinity, as the format's exponent.
fn infinity(t: Type) -> i64 {
    if t == Type::F16 { 0x7c00 } else { 0x7f80 }
}

/// The format of each half of a packed type.
pub(super) fn half_of(t: Type) -> Option<Type> {
    match t {
        Type::F16x2 => Some(Type::F16),
        Type::Bf16x2 => Some(Type::Bf16),
        Type::U16x2 => Some(Type::U16),
        Type::S16x2 => Some(Type::S16),
        _ => None,
    }
}

/// Whether numbers of this type are held as 16 bits.
pub(super) fn is_half(t: Type) -> bool {
    matches!(t, Type::F16 | Type::Bf16)
}

impl Translator<'_, '_> {
    /// The value of an instruction whose operands are one half each; none if the opcode is no such instruction.
    pub(super) fn half_value(
        &mut self,
        instruction: &Instruction,
        t: Type,
        operands: &[Value],
    ) -> Option<Value> {
        let flushes = instruction.has(Modifier::Ftz);
        let mut operands = operands.to_vec();
        if flushes {
            for operand in &mut operands {
                *operand = self.flush_half(*operand, t);
            }
        }
        let value = match (instruction.opcode(), operands.as_slice()) {
            (Opcode::Neg, [a]) => self.builder.ins().bxor_imm_u(*a, 0x8000),
            (Opcode::Abs, [a]) => self.builder.ins().band_imm_u(*a, 0x7fff),
            (_, operands) => {
                let wide = self.half_result(instruction, t, operands)?;
                let wide = if instruction.has(Modifier::Sat) {
                    self.saturate(wide)
                } else if instruction.has(Modifier::Relu) {
                    self.not_negative(wide)
                } else {
                    wide
                };
                self.narrow(wide, t)
            }
        };
        Some(if flushes {
            self.flush_half(value, t)
        } else {
            value
        })
    }

    /// The result before it is rounded, as a `.f32` or `.f64`.
    ///
    /// Sums of two halves may be rounded to `.f32` before, which has more than twice their bits, and their products are numbers
    /// of it, but for those of `.bf16` that are too small for the smallest half anyway. A fused sum may lie next to a number at
    /// which the half's rounding turns, and is kept apart from it.
    fn half_result(
        &mut self,
        instruction: &Instruction,
        t: Type,
        operands: &[Value],
    ) -> Option<Value> {
        let operands: Vec<_> = operands
            .iter()
            .map(|operand| self.widen(*operand, t))
            .collect();
        Some(match (instruction.opcode(), operands.as_slice()) {
            (Opcode::Add, [a, b]) => self.builder.ins().fadd(*a, *b),
            (Opcode::Sub, [a, b]) => self.builder.ins().fsub(*a, *b),
            (Opcode::Mul, [a, b]) => self.builder.ins().fmul(*a, *b),
            (Opcode::Fma, [a, b, c]) => {
                let product = self.exact_product(*a, *b);
                let addend = self.builder.ins().fpromote(types::F64, *c);
                self.odd_sum(product, addend)
            }
            (Opcode::Min | Opcode::Max, [a, b]) => self.limit(instruction, *a, *b),
            (Opcode::Ex2, [a]) => self.of_double(Runtime::Ex2Double, *a),
            (Opcode::Tanh, [a]) => self.of_double(Runtime::TanhDouble, *a),
            _ => return None,
        })
    }

    fn of_double(&mut self, function: Runtime, a: Value) -> Value {
        let a = self.builder.ins().fpromote(types::F64, a);
        self.call_runtime(function, &[a])
    }

    /// The product of two `.f32` that come from halves, as a `.f64`, which holds all of its bits.
    fn exact_product(&mut self, a: Value, b: Value) -> Value {
        let a = self.builder.ins().fpromote(types::F64, a);
        let b = self.builder.ins().fpromote(types::F64, b);
        self.builder.ins().fmul(a, b)
    }

    /// A sum rounded to odd: to the neighbour whose last bit is set, if it is not exact. Rounded again to fewer bits it gives
    /// what the exact sum would.
    fn odd_sum(&mut self, a: Value, b: Value) -> Value {
        let sum = self.builder.ins().fadd(a, b);
        let b_part = self.builder.ins().fsub(sum, a);
        let a_part = self.builder.ins().fsub(sum, b_part);
        let a_rest = self.builder.ins().fsub(a, a_part);
        let b_rest = self.builder.ins().fsub(b, b_part);
        let rest = self.builder.ins().fadd(a_rest, b_rest);
        let zero = self.builder.ins().f64const(0.0);
        let inexact = self
            .builder
            .ins()
            .fcmp(FloatCC::OrderedNotEqual, rest, zero);
        let bits = self.as_integer(sum);
        let rest = self.as_integer(rest);
        // One step away from zero if what is missing has the sum's sign, else one towards it.
        let signs = self.builder.ins().bxor(bits, rest);
        let step = self.builder.ins().sshr_imm_s(signs, 63);
        let step = self.builder.ins().bor_imm_u(step, 1);
        let moved = self.builder.ins().iadd(bits, step);
        let is_odd = self.builder.ins().band_imm_u(bits, 1);
        let odd = self.builder.ins().select(is_odd, bits, moved);
        let bits = self.builder.ins().select(inexact, odd, bits);
        self.as_double(bits)
    }

    fn as_double(&mut self, bits: Value) -> Value {
        self.builder
            .ins()
            .bitcast(types::F64, MemFlagsData::new(), bits)
    }

    fn as_single(&mut self, bits: Value) -> Value {
        self.builder
            .ins()
            .bitcast(types::F32, MemFlagsData::new(), bits)
    }

    /// `.relu`: zero instead of what is negative; NaN stays.
    pub(super) fn not_negative(&mut self, value: Value) -> Value {
        let ty = self.builder.func.dfg.value_type(value);
        let t = if ty == types::F64 {
            Type::F64
        } else {
            Type::F32
        };
        let zero = self.float_constant(t, 0.0);
        let negative = self
            .builder
            .ins()
            .fcmp(FloatCC::LessThanOrEqual, value, zero);
        self.builder.ins().select(negative, zero, value)
    }

    /// `.ftz` on a half: a subnormal becomes zero of the same sign.
    pub(super) fn flush_half(&mut self, half: Value, t: Type) -> Value {
        let exponent = self.builder.ins().band_imm_u(half, infinity(t));
        let sign = self.builder.ins().band_imm_u(half, 0x8000);
        self.builder.ins().select(exponent, half, sign)
    }

    /// A half as a `.f32`, which holds every one.
    pub(super) fn widen(&mut self, half: Value, t: Type) -> Value {
        let bits = self.builder.ins().uextend(types::I32, half);
        if t == Type::Bf16 {
            let bits = self.builder.ins().ishl_imm_u(bits, 16);
            return self.as_single(bits);
        }
        let magnitude = self.builder.ins().band_imm_u(bits, 0x7fff);
        let sign = self.builder.ins().bxor(bits, magnitude);
        let sign = self.builder.ins().ishl_imm_u(sign, 16);
        // The fraction and the exponent in their places; the exponent counts from another number, which the factor mends,
        // and makes subnormal numbers normal.
        let placed = self.builder.ins().ishl_imm_u(magnitude, 13);
        let placed = self.as_single(placed);
        let factor = self.builder.ins().f32const(2f32.powi(112));
        let scaled = self.builder.ins().fmul(placed, factor);
        let scaled = self.as_integer(scaled);
        let special = self.builder.ins().bor_imm_u(scaled, 0x7f80_0000);
        let limit = self.builder.ins().iconst(types::I32, infinity(t));
        let is_special =
            self.builder
                .ins()
                .icmp(IntCC::UnsignedGreaterThanOrEqual, magnitude, limit);
        let magnitude = self.builder.ins().select(is_special, special, scaled);
        let bits = self.builder.ins().bor(magnitude, sign);
        self.as_single(bits)
    }

    /// The half that is nearest to a `.f32` or `.f64`.
    pub(super) fn narrow(&mut self, value: Value, t: Type) -> Value {
        let single = if self.builder.func.dfg.value_type(value) == types::F64 {
            self.odd_single(value)
        } else {
            value
        };
        let bits = self.as_integer(single);
        let magnitude = self.builder.ins().band_imm_u(bits, 0x7fff_ffff);
        let half = if t == Type::F16 {
            self.nearest_f16(magnitude)
        } else {
            self.nearest_multiple(magnitude, 16)
        };
        let is_nan = self.builder.ins().fcmp(FloatCC::Unordered, single, single);
        let nan = self.builder.ins().iconst(types::I32, 0x7fff);
        let sign = self.builder.ins().bxor(bits, magnitude);
        let sign = self.builder.ins().ushr_imm_u(sign, 16);
        let half = self.builder.ins().bor(half, sign);
        let half = self.builder.ins().select(is_nan, nan, half);
        self.builder.ins().ireduce(types::I16, half)
    }

    /// A `.f64` as a `.f32`, rounded to odd.
    fn odd_single(&mut self, value: Value) -> Value {
        let single = self.builder.ins().fdemote(types::F32, value);
        let back = self.builder.ins().fpromote(types::F64, single);
        let inexact = self
            .builder
            .ins()
            .fcmp(FloatCC::OrderedNotEqual, back, value);
        let (size, wanted) = (
            self.builder.ins().fabs(back),
            self.builder.ins().fabs(value),
        );
        let too_large = self.builder.ins().fcmp(FloatCC::GreaterThan, size, wanted);
        let too_large = self.builder.ins().uextend(types::I32, too_large);
        let bits = self.as_integer(single);
        let cut = self.builder.ins().isub(bits, too_large);
        let odd = self.builder.ins().bor_imm_u(cut, 1);
        let bits = self.builder.ins().select(inexact, odd, bits);
        self.as_single(bits)
    }

    /// Bits without the `count` lowest ones, rounded to nearest, ties to even: a number's, and infinity's.
    pub(super) fn nearest_multiple(&mut self, bits: Value, count: i64) -> Value {
        let above = self.builder.ins().ushr_imm_u(bits, count);
        let odd = self.builder.ins().band_imm_u(above, 1);
        let below_half = (1 << (count - 1)) - 1;
        let rounded = self.builder.ins().iadd_imm_u(bits, below_half);
        let rounded = self.builder.ins().iadd(rounded, odd);
        self.builder.ins().ushr_imm_u(rounded, count)
    }

    /// The `.f16` nearest to a `.f32` that is not negative, both as 32 bits.
    fn nearest_f16(&mut self, magnitude: Value) -> Value {
        let rebased = self.builder.ins().iadd_imm_s(magnitude, -(112i64 << 23));
        let normal = self.nearest_multiple(rebased, 13);
        // Added to this number, one that becomes subnormal is rounded at its place.
        let shift = self.builder.ins().f32const(0.5);
        let single = self.as_single(magnitude);
        let sum = self.builder.ins().fadd(single, shift);
        let sum = self.as_integer(sum);
        let subnormal = self
            .builder
            .ins()
            .iadd_imm_s(sum, -i64::from(0.5f32.to_bits()));
        let mut below = |limit: f32| {
            let limit = self
                .builder
                .ins()
                .iconst(types::I32, i64::from(limit.to_bits()));
            self.builder
                .ins()
                .icmp(IntCC::UnsignedLessThan, magnitude, limit)
        };
        let (is_small, is_finite) = (below(2f32.powi(-14)), below(65536.0));
        let most = self.builder.ins().iconst(types::I32, infinity(Type::F16));
        let half = self.builder.ins().select(is_small, subnormal, normal);
        self.builder.ins().select(is_finite, half, most)
    }
}
