//! `cvt` of one number (PTX ISA, "Data Movement and Conversion Instructions").

use super::super::runtime::{Direction, Format, Runtime, conversion_code};
use super::float::direction;
use super::half::is_half;
use super::translate::{Translator, integer_type, register_type};
use crate::ir::{Instruction, Modifier, Type};
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};

/// Whether numbers of this type have a fraction.
fn is_number(t: Type) -> bool {
    t.is_float() || is_half(t)
}

fn format(t: Type) -> Format {
    match t {
        Type::F16 => Format::F16,
        Type::Bf16 => Format::Bf16,
        Type::F64 => Format::F64,
        _ => Format::F32,
    }
}

impl Translator<'_, '_> {
    pub(super) fn convert(&mut self, instruction: &Instruction, to: Type, from: Type) -> Value {
        let value = self.read(instruction, 1, from);
        if !is_number(from) {
            return if is_number(to) {
                self.integer_to_float(instruction, value, to, from)
            } else {
                self.integer_to_integer(value, to, from, instruction.has(Modifier::Sat))
            };
        }
        // Halves are computed with as the `.f32` that they are.
        let (value, held) = if is_half(from) {
            (self.widen(value, from), Type::F32)
        } else if instruction.has(Modifier::Ftz) {
            (self.flush(value), from)
        } else {
            (value, from)
        };
        let value = self.round(instruction, value);
        if is_number(to) {
            self.float_to_float(instruction, value, to, held)
        } else {
            self.float_to_integer(value, to, held)
        }
    }

    fn integer_to_integer(&mut self, value: Value, to: Type, from: Type, saturates: bool) -> Value {
        let mut value = value;
        if saturates {
            value = self.extend(value, types::I64, from.is_signed());
            value = self.clamp(value, to, from);
        }
        let current = self.builder.func.dfg.value_type(value);
        let wanted = integer_type(to);
        match wanted.bits().cmp(&current.bits()) {
            std::cmp::Ordering::Less => self.builder.ins().ireduce(wanted, value),
            std::cmp::Ordering::Equal => value,
            std::cmp::Ordering::Greater => self.extend(value, wanted, from.is_signed()),
        }
    }

    /// Holds 64 bits, signed unless they come from a `.u64`, to the range of a type.
    pub(super) fn clamp(&mut self, value: Value, to: Type, from: Type) -> Value {
        let unused = 64 - to.bits();
        let (low, high) = match to.is_signed() {
            true => (i64::MIN >> unused, i64::MAX >> unused),
            false => (0, (u64::MAX >> unused) as i64),
        };
        let most = self.builder.ins().iconst(types::I64, high);
        if from == Type::U64 || from == Type::B64 {
            return self.builder.ins().umin(value, most);
        }
        let least = self.builder.ins().iconst(types::I64, low);
        let value = self.builder.ins().smax(value, least);
        // Nothing signed is above the highest `.u64`.
        if to.bits() == 64 {
            value
        } else {
            self.builder.ins().smin(value, most)
        }
    }

    /// Holds a number that is rounded to the type's range. NaN becomes 0, or the highest bit alone where one of the types has
    /// 64 bits.
    fn float_to_integer(&mut self, rounded: Value, to: Type, from: Type) -> Value {
        let wide = if to.bits() == 64 {
            types::I64
        } else {
            types::I32
        };
        let integer = match to.is_signed() {
            true => self.builder.ins().fcvt_to_sint_sat(wide, rounded),
            false => self.builder.ins().fcvt_to_uint_sat(wide, rounded),
        };
        let integer = if to.bits() < 32 {
            let integer = self.extend(integer, types::I64, to.is_signed());
            let held = if to.is_signed() { Type::S32 } else { Type::U32 };
            let clamped = self.clamp(integer, to, held);
            self.builder.ins().ireduce(integer_type(to), clamped)
        } else {
            integer
        };
        if from != Type::F64 && to.bits() != 64 {
            return integer;
        }
        let is_nan = self
            .builder
            .ins()
            .fcmp(FloatCC::Unordered, rounded, rounded);
        let highest = self
            .builder
            .ins()
            .iconst(integer_type(to), i64::MIN >> (64 - to.bits()));
        self.builder.ins().select(is_nan, highest, integer)
    }

    fn integer_to_float(
        &mut self,
        instruction: &Instruction,
        value: Value,
        to: Type,
        from: Type,
    ) -> Value {
        let direction = direction(instruction);
        let (signed, long) = (from.is_signed(), from.bits() == 64);
        let wide = if long { types::I64 } else { types::I32 };
        let mut value = self.extend(value, wide, signed);
        if instruction.has(Modifier::Sat) {
            value = self.zero_or_one(value, signed);
        }
        if direction != Direction::Nearest || (is_half(to) && long) {
            let value = self.extend(value, types::I64, signed);
            return self.rounded_integer(value, signed, to, direction);
        }
        // An integer of 32 bits is a `.f64` before it is rounded to a half.
        let held = register_type(if is_half(to) { Type::F64 } else { to });
        let value = if signed {
            self.builder.ins().fcvt_from_sint(held, value)
        } else {
            self.builder.ins().fcvt_from_uint(held, value)
        };
        if is_half(to) {
            self.narrow(value, to)
        } else {
            value
        }
    }

    /// `.sat`: an integer held to 0 to 1.
    fn zero_or_one(&mut self, value: Value, signed: bool) -> Value {
        let ty = self.builder.func.dfg.value_type(value);
        let one = self.builder.ins().iconst(ty, 1);
        if !signed {
            return self.builder.ins().umin(value, one);
        }
        let zero = self.builder.ins().iconst(ty, 0);
        let value = self.builder.ins().smax(value, zero);
        self.builder.ins().smin(value, one)
    }

    fn rounded_integer(
        &mut self,
        value: Value,
        signed: bool,
        to: Type,
        direction: Direction,
    ) -> Value {
        let function = if signed {
            Runtime::RoundSigned
        } else {
            Runtime::RoundUnsigned
        };
        let code = conversion_code(format(to), direction);
        let code = self.constant(u64::from(code), Type::U32);
        let bits = self.call_runtime(function, &[code, value]);
        self.number(bits, to)
    }

    /// The bits that the runtime gives, as a value of their type.
    fn number(&mut self, bits: Value, t: Type) -> Value {
        let bits = self.cut(bits, t);
        if is_half(t) {
            return bits;
        }
        self.builder
            .ins()
            .bitcast(register_type(t), MemFlagsData::new(), bits)
    }

    /// Limits come before the rounding: it keeps the order of numbers, and the limits themselves.
    fn float_to_float(
        &mut self,
        instruction: &Instruction,
        value: Value,
        to: Type,
        held: Type,
    ) -> Value {
        let value = if instruction.has(Modifier::Sat) {
            self.saturate(value)
        } else if instruction.has(Modifier::Relu) {
            self.not_negative(value)
        } else {
            value
        };
        let value = match direction(instruction) {
            Direction::Nearest if is_half(to) => return self.narrow(value, to),
            Direction::Nearest => self.resized(value, to, held),
            direction => {
                let double = self.resized(value, Type::F64, held);
                self.round_to(double, format(to), direction, to)
            }
        };
        if instruction.has(Modifier::Ftz) && to == Type::F32 {
            self.flush(value)
        } else {
            value
        }
    }

    fn resized(&mut self, value: Value, to: Type, held: Type) -> Value {
        let ty = register_type(to);
        match to.bits().cmp(&held.bits()) {
            std::cmp::Ordering::Less => self.builder.ins().fdemote(ty, value),
            std::cmp::Ordering::Equal => value,
            std::cmp::Ordering::Greater => self.builder.ins().fpromote(ty, value),
        }
    }

    /// A `.f64` rounded to a format, held as bits of type `t` or as its number.
    pub(super) fn round_to(
        &mut self,
        value: Value,
        format: Format,
        direction: Direction,
        t: Type,
    ) -> Value {
        let code = self.constant(u64::from(conversion_code(format, direction)), Type::U32);
        let bits = self.call_runtime(Runtime::RoundFloat, &[code, value]);
        if t.is_float() {
            self.number(bits, t)
        } else {
            self.cut(bits, t)
        }
    }

    /// To an integer in the way that the instruction says, if it does.
    fn round(&mut self, instruction: &Instruction, value: Value) -> Value {
        match () {
            () if instruction.has(Modifier::Rni) => self.builder.ins().nearest(value),
            () if instruction.has(Modifier::Rzi) => self.builder.ins().trunc(value),
            () if instruction.has(Modifier::Rmi) => self.builder.ins().floor(value),
            () if instruction.has(Modifier::Rpi) => self.builder.ins().ceil(value),
            () => value,
        }
    }
}
