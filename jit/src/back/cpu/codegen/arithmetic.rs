//! Integer instructions (PTX ISA, "Integer Arithmetic", "Logic and Shift").

use super::translate::{Translator, integer_type};
use crate::ir::{Instruction, Modifier, Opcode, Type};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

impl Translator<'_, '_> {
    /// The value of an integer instruction, in its type's width; none if the opcode is no such instruction.
    pub(super) fn integer(&mut self, instruction: &Instruction, t: Type) -> Option<Value> {
        let a = self.read(instruction, 1, t);
        Some(match instruction.opcode() {
            Opcode::Neg => self.builder.ins().ineg(a),
            Opcode::Abs => self.builder.ins().iabs(a),
            Opcode::Not if t == Type::Pred => self.builder.ins().bxor_imm_u(a, 1),
            Opcode::Not => self.builder.ins().bnot(a),
            Opcode::Cnot => self.is_zero(a),
            Opcode::Brev => self.builder.ins().bitrev(a),
            Opcode::Shl | Opcode::Shr => self.shift(instruction, t, a),
            Opcode::Shf => self.funnel_shift(instruction, a),
            Opcode::Bfe => self.extract_field(instruction, t, a),
            Opcode::Bfi => self.insert_field(instruction, t, a),
            Opcode::Prmt => self.permute_bytes(instruction, a),
            Opcode::Mad => self.multiply_add(instruction, t, a),
            Opcode::Mul => self.multiply(instruction, t, a),
            Opcode::Mul24 | Opcode::Mad24 => self.multiply_24(instruction, t, a),
            Opcode::Sad => self.distance(instruction, t, a),
            Opcode::Szext => self.extend_field(instruction, t, a),
            Opcode::Bmsk => self.mask(instruction, a),
            Opcode::Min | Opcode::Max => {
                let limit = self.binary(instruction, t, a)?;
                self.integer_relu(instruction, t, limit)
            }
            _ => return self.binary(instruction, t, a),
        })
    }

    fn binary(&mut self, instruction: &Instruction, t: Type, a: Value) -> Option<Value> {
        let b = self.read(instruction, 2, t);
        let signed = t.is_signed();
        let saturates = instruction.has(Modifier::Sat);
        let ins = self.builder.ins();
        Some(match instruction.opcode() {
            Opcode::Add if saturates => self.saturating(a, b, true),
            Opcode::Sub if saturates => self.saturating(a, b, false),
            Opcode::Add => ins.iadd(a, b),
            Opcode::Sub => ins.isub(a, b),
            Opcode::And => ins.band(a, b),
            Opcode::Or => ins.bor(a, b),
            Opcode::Xor => ins.bxor(a, b),
            Opcode::Min if signed => ins.smin(a, b),
            Opcode::Min => ins.umin(a, b),
            Opcode::Max if signed => ins.smax(a, b),
            Opcode::Max => ins.umax(a, b),
            Opcode::Div => self.divide(t, a, b),
            Opcode::Rem => self.remainder(t, a, b),
            _ => return None,
        })
    }

    /// `cnot`: 1 where the value is 0, else 0.
    fn is_zero(&mut self, a: Value) -> Value {
        let ty = self.builder.func.dfg.value_type(a);
        let zero = self.builder.ins().iconst(ty, 0);
        let one = self.builder.ins().iconst(ty, 1);
        let condition = self.builder.ins().icmp(IntCC::Equal, a, zero);
        self.builder.ins().select(condition, one, zero)
    }

    /// `add.sat.s32` and `sub.sat.s32`: the exact sum, held to the range of 32 bits.
    pub(super) fn saturating(&mut self, a: Value, b: Value, adds: bool) -> Value {
        let a = self.builder.ins().sextend(types::I64, a);
        let b = self.builder.ins().sextend(types::I64, b);
        let exact = if adds {
            self.builder.ins().iadd(a, b)
        } else {
            self.builder.ins().isub(a, b)
        };
        let low = self.builder.ins().iconst(types::I64, i64::from(i32::MIN));
        let high = self.builder.ins().iconst(types::I64, i64::from(i32::MAX));
        let exact = self.builder.ins().smax(exact, low);
        let exact = self.builder.ins().smin(exact, high);
        self.builder.ins().ireduce(types::I32, exact)
    }

    pub(super) fn multiply(&mut self, instruction: &Instruction, t: Type, a: Value) -> Value {
        let b = self.read(instruction, 2, t);
        if !instruction.has(Modifier::Hi) {
            return self.builder.ins().imul(a, b);
        }
        match (t.bits(), t.is_signed()) {
            (64, true) => self.builder.ins().smulhi(a, b),
            (64, false) => self.builder.ins().umulhi(a, b),
            (bits, signed) => {
                let (a, b) = (
                    self.extend(a, types::I64, signed),
                    self.extend(b, types::I64, signed),
                );
                let product = self.builder.ins().imul(a, b);
                let high = self.builder.ins().ushr_imm_u(product, i64::from(bits));
                self.builder.ins().ireduce(integer_type(t), high)
            }
        }
    }

    /// `mul.wide` and `mad.wide`.
    pub(super) fn multiply_wide(
        &mut self,
        instruction: &Instruction,
        t: Type,
        wide: Type,
    ) -> Value {
        let (a, b) = (self.read(instruction, 1, t), self.read(instruction, 2, t));
        let ty = integer_type(wide);
        let (a, b) = (
            self.extend(a, ty, t.is_signed()),
            self.extend(b, ty, t.is_signed()),
        );
        let product = self.builder.ins().imul(a, b);
        if instruction.opcode() == Opcode::MulWide {
            return product;
        }
        let c = self.read(instruction, 3, wide);
        self.builder.ins().iadd(product, c)
    }

    pub(super) fn extend(
        &mut self,
        value: Value,
        ty: cranelift_codegen::ir::Type,
        signed: bool,
    ) -> Value {
        match self.builder.func.dfg.value_type(value) {
            current if current.bits() >= ty.bits() => value,
            _ if signed => self.builder.ins().sextend(ty, value),
            _ => self.builder.ins().uextend(ty, value),
        }
    }

    /// A quotient; by zero it has all bits set, as on GPUs, and a GPU does not fault where this processor would.
    fn divide(&mut self, t: Type, a: Value, b: Value) -> Value {
        let (by_zero, by_minus_one, divisor) = self.safe_divisor(t, b);
        let ones = self.builder.ins().iconst(integer_type(t), -1);
        let ones = self.cut(ones, t);
        if !t.is_signed() {
            let quotient = self.builder.ins().udiv(a, divisor);
            return self.builder.ins().select(by_zero, ones, quotient);
        }
        let quotient = self.builder.ins().sdiv(a, divisor);
        let negated = self.builder.ins().ineg(a);
        let quotient = self.builder.ins().select(by_minus_one, negated, quotient);
        self.builder.ins().select(by_zero, ones, quotient)
    }

    /// A remainder; by zero all bits are set, as on GPUs, where 16-bit ones give the dividend.
    fn remainder(&mut self, t: Type, a: Value, b: Value) -> Value {
        let (by_zero, by_minus_one, divisor) = self.safe_divisor(t, b);
        let zero = self.builder.ins().iconst(integer_type(t), 0);
        let ones = self.builder.ins().bnot(zero);
        let undefined = if t.bits() == 16 { a } else { ones };
        if !t.is_signed() {
            let remainder = self.builder.ins().urem(a, divisor);
            return self.builder.ins().select(by_zero, undefined, remainder);
        }
        let remainder = self.builder.ins().srem(a, divisor);
        let remainder = self.builder.ins().select(by_minus_one, zero, remainder);
        self.builder.ins().select(by_zero, undefined, remainder)
    }

    /// Whether a divisor is 0 or -1, at which this processor traps, and a divisor that is neither.
    fn safe_divisor(&mut self, t: Type, b: Value) -> (Value, Value, Value) {
        let zero = self.builder.ins().iconst(integer_type(t), 0);
        let one = self.builder.ins().iconst(integer_type(t), 1);
        let minus_one = self.builder.ins().bnot(zero);
        let by_zero = self.builder.ins().icmp(IntCC::Equal, b, zero);
        let by_minus_one = self.builder.ins().icmp(IntCC::Equal, b, minus_one);
        let divisor = self.builder.ins().select(by_zero, one, b);
        let divisor = if t.is_signed() {
            self.builder.ins().select(by_minus_one, one, divisor)
        } else {
            divisor
        };
        (by_zero, by_minus_one, divisor)
    }

    pub(super) fn cut(&mut self, value: Value, t: Type) -> Value {
        let current = self.builder.func.dfg.value_type(value);
        let wanted = integer_type(t);
        if current == wanted {
            value
        } else {
            self.builder.ins().ireduce(wanted, value)
        }
    }

    /// Amounts of the width and more shift everything out: PTX clamps them, this processor would take them modulo the width.
    fn shift(&mut self, instruction: &Instruction, t: Type, a: Value) -> Value {
        let amount = self.read(instruction, 2, Type::U32);
        match instruction.opcode() {
            Opcode::Shl => self.shift_left(t, a, amount),
            _ if t.is_signed() => {
                let most = self
                    .builder
                    .ins()
                    .iconst(types::I32, i64::from(t.bits()) - 1);
                let amount = self.builder.ins().umin(amount, most);
                self.builder.ins().sshr(a, amount)
            }
            _ => self.shift_right(t, a, amount),
        }
    }

    pub(super) fn shift_left(&mut self, t: Type, a: Value, amount: Value) -> Value {
        let shifted = self.builder.ins().ishl(a, amount);
        self.unless_shifted_out(t, shifted, amount)
    }

    pub(super) fn shift_right(&mut self, t: Type, a: Value, amount: Value) -> Value {
        let shifted = self.builder.ins().ushr(a, amount);
        self.unless_shifted_out(t, shifted, amount)
    }

    fn unless_shifted_out(&mut self, t: Type, shifted: Value, amount: Value) -> Value {
        let zero = self.builder.ins().iconst(integer_type(t), 0);
        let width = self.builder.ins().iconst(types::I32, i64::from(t.bits()));
        let inside = self
            .builder
            .ins()
            .icmp(IntCC::UnsignedLessThan, amount, width);
        self.builder.ins().select(inside, shifted, zero)
    }

    /// `popc` and `clz`, whose result has 32 bits whatever they count in.
    pub(super) fn count_bits(&mut self, instruction: &Instruction, t: Type) -> Value {
        let a = self.read(instruction, 1, t);
        let count = match instruction.opcode() {
            Opcode::Popc => self.builder.ins().popcnt(a),
            _ => self.builder.ins().clz(a),
        };
        self.cut(count, Type::U32)
    }
}
