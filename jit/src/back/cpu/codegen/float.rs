//! Floating-point instructions (PTX ISA, "Floating Point Instructions").

use super::super::runtime::{Direction, Operation, Runtime};
use super::translate::Translator;
use crate::ir::{Instruction, Modifier, Opcode, Type};
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};

impl Translator<'_, '_> {
    /// The value of a floating-point instruction; none if the opcode is no such instruction.
    pub(super) fn float(&mut self, instruction: &Instruction, t: Type) -> Option<Value> {
        if t == Type::F64 && instruction.has(Modifier::Approx) {
            return self.approximate_double(instruction);
        }
        let flushes = instruction.has(Modifier::Ftz);
        let mut operand = |index| {
            let value = self.read(instruction, index, t);
            if flushes { self.flush(value) } else { value }
        };
        let arity = instruction.form.form().roles.len() - 1;
        let a = operand(1);
        let b = if arity > 1 { operand(2) } else { a };
        let c = if arity > 2 { operand(3) } else { a };
        let value = match direction(instruction) {
            Direction::Nearest => self.float_result(instruction, t, a, b, c)?,
            direction => self.rounded(instruction.opcode(), direction, t, [a, b, c])?,
        };
        let value = if flushes { self.flush(value) } else { value };
        Some(if instruction.has(Modifier::Sat) {
            self.saturate(value)
        } else {
            value
        })
    }

    fn float_result(
        &mut self,
        instruction: &Instruction,
        t: Type,
        a: Value,
        b: Value,
        c: Value,
    ) -> Option<Value> {
        Some(match instruction.opcode() {
            Opcode::Add => self.builder.ins().fadd(a, b),
            Opcode::Sub => self.builder.ins().fsub(a, b),
            Opcode::Mul => self.builder.ins().fmul(a, b),
            Opcode::Div => self.builder.ins().fdiv(a, b),
            Opcode::Fma => self.builder.ins().fma(a, b, c),
            Opcode::Neg => self.builder.ins().fneg(a),
            Opcode::Abs => self.builder.ins().fabs(a),
            Opcode::Sqrt => self.builder.ins().sqrt(a),
            // `copysign d, a, b` gives the magnitude of `b` the sign of `a`.
            Opcode::CopySign => self.builder.ins().fcopysign(b, a),
            Opcode::Rcp => {
                let one = self.float_constant(t, 1.0);
                self.builder.ins().fdiv(one, a)
            }
            Opcode::Min | Opcode::Max => self.limit(instruction, a, b),
            Opcode::Sin => self.call_runtime(Runtime::Sin, &[a]),
            Opcode::Cos => self.call_runtime(Runtime::Cos, &[a]),
            Opcode::Ex2 => self.call_runtime(Runtime::Ex2, &[a]),
            Opcode::Lg2 => self.call_runtime(Runtime::Lg2, &[a]),
            Opcode::Tanh => self.call_runtime(Runtime::Tanh, &[a]),
            Opcode::Rsqrt => self.call_runtime(Runtime::Rsqrt, &[a]),
            _ => return None,
        })
    }

    /// The functions of `.f64` that are approximated.
    fn approximate_double(&mut self, instruction: &Instruction) -> Option<Value> {
        let a = self.read(instruction, 1, Type::F64);
        match instruction.opcode() {
            Opcode::Rcp => Some(self.call_runtime(Runtime::RcpGross, &[a])),
            Opcode::Rsqrt if instruction.has(Modifier::Ftz) => {
                Some(self.call_runtime(Runtime::RsqrtGross, &[a]))
            }
            Opcode::Rsqrt => {
                let one = self.float_constant(Type::F64, 1.0);
                let root = self.builder.ins().sqrt(a);
                Some(self.builder.ins().fdiv(one, root))
            }
            _ => None,
        }
    }

    /// A result that is rounded in another direction than to nearest.
    fn rounded(
        &mut self,
        opcode: Opcode,
        direction: Direction,
        t: Type,
        [a, b, c]: [Value; 3],
    ) -> Option<Value> {
        let operation = match opcode {
            Opcode::Add => Operation::Add,
            Opcode::Sub => Operation::Sub,
            Opcode::Mul => Operation::Mul,
            Opcode::Fma => Operation::Fma,
            Opcode::Div => Operation::Div,
            Opcode::Rcp => Operation::Rcp,
            Opcode::Sqrt => Operation::Sqrt,
            _ => return None,
        };
        let code = self.constant(u64::from(operation.code(direction)), Type::U32);
        let function = if t == Type::F64 {
            Runtime::RoundedF64
        } else {
            Runtime::RoundedF32
        };
        Some(self.call_runtime(function, &[code, a, b, c]))
    }

    /// `min` and `max`, of `.f32` or `.f64`.
    pub(super) fn limit(&mut self, instruction: &Instruction, a: Value, b: Value) -> Value {
        if !instruction.has(Modifier::XorSign) {
            return self.limit_of(instruction, a, b);
        }
        let (left, right) = (self.builder.ins().fabs(a), self.builder.ins().fabs(b));
        let limit = self.limit_of(instruction, left, right);
        // The magnitude's limit, negative if one of the operands is.
        let (limit, a, b) = (
            self.as_integer(limit),
            self.as_integer(a),
            self.as_integer(b),
        );
        let signs = self.builder.ins().bxor(a, b);
        let sign = self.builder.ins().band_imm_u(signs, 0x8000_0000);
        let bits = self.builder.ins().bor(limit, sign);
        self.builder
            .ins()
            .bitcast(types::F32, MemFlagsData::new(), bits)
    }

    fn limit_of(&mut self, instruction: &Instruction, a: Value, b: Value) -> Value {
        let limit = match instruction.opcode() {
            Opcode::Min => self.builder.ins().fmin(a, b),
            _ => self.builder.ins().fmax(a, b),
        };
        self.other_if_nan(instruction, limit, a, b)
    }

    /// `min` and `max` give the number where one operand is NaN, unless they say `.NaN`.
    fn other_if_nan(
        &mut self,
        instruction: &Instruction,
        result: Value,
        a: Value,
        b: Value,
    ) -> Value {
        if instruction.has(Modifier::NaN) {
            return result;
        }
        let b_is_nan = self.builder.ins().fcmp(FloatCC::Unordered, b, b);
        let result = self.builder.ins().select(b_is_nan, a, result);
        let a_is_nan = self.builder.ins().fcmp(FloatCC::Unordered, a, a);
        self.builder.ins().select(a_is_nan, b, result)
    }

    /// `.ftz`: a subnormal becomes zero of the same sign.
    pub(super) fn flush(&mut self, value: Value) -> Value {
        if self.builder.func.dfg.value_type(value) != types::F32 {
            return value;
        }
        let magnitude = self.builder.ins().fabs(value);
        let smallest = self.builder.ins().f32const(f32::MIN_POSITIVE);
        let subnormal = self
            .builder
            .ins()
            .fcmp(FloatCC::LessThan, magnitude, smallest);
        let bits = self
            .builder
            .ins()
            .bitcast(types::I32, MemFlagsData::new(), value);
        let sign = self.builder.ins().band_imm_u(bits, 0x8000_0000);
        let zero = self
            .builder
            .ins()
            .bitcast(types::F32, MemFlagsData::new(), sign);
        self.builder.ins().select(subnormal, zero, value)
    }

    /// `.sat`: held to 0 to 1; NaN becomes 0.
    pub(super) fn saturate(&mut self, value: Value) -> Value {
        let double = self.builder.func.dfg.value_type(value) == types::F64;
        let t = if double { Type::F64 } else { Type::F32 };
        let (zero, one) = (self.float_constant(t, 0.0), self.float_constant(t, 1.0));
        let positive = self.builder.ins().fcmp(FloatCC::GreaterThan, value, zero);
        let value = self.builder.ins().select(positive, value, zero);
        let small = self.builder.ins().fcmp(FloatCC::LessThan, value, one);
        self.builder.ins().select(small, value, one)
    }

    pub(super) fn float_constant(&mut self, t: Type, value: f32) -> Value {
        match t {
            Type::F64 => self.builder.ins().f64const(f64::from(value)),
            _ => self.builder.ins().f32const(value),
        }
    }
}

/// In which direction an instruction rounds.
pub(super) fn direction(instruction: &Instruction) -> Direction {
    match () {
        () if instruction.has(Modifier::Rz) => Direction::Zero,
        () if instruction.has(Modifier::Rm) => Direction::Down,
        () if instruction.has(Modifier::Rp) => Direction::Up,
        () => Direction::Nearest,
    }
}
