//! `cvt` (PTX ISA, "Data Movement and Conversion Instructions").

use super::translate::{Translator, integer_type, register_type};
use crate::ir::{Instruction, Modifier, Type};
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

impl Translator<'_, '_> {
    pub(super) fn convert(&mut self, instruction: &Instruction, to: Type, from: Type) -> Value {
        let mut value = self.read(instruction, 1, from);
        if instruction.has(Modifier::Ftz) && from == Type::F32 {
            value = self.flush(value);
        }
        let saturates = instruction.has(Modifier::Sat);
        match (from.is_float(), to.is_float()) {
            (false, false) => self.integer_to_integer(value, to, from, saturates),
            (true, false) => self.float_to_integer(instruction, value, to, from),
            (false, true) => {
                let value = self.integer_to_float(value, to, from);
                if saturates {
                    self.saturate(value)
                } else {
                    value
                }
            }
            (true, true) => {
                let value = self.float_to_float(instruction, value, to, from);
                let flushes = instruction.has(Modifier::Ftz) && to == Type::F32;
                let value = if flushes { self.flush(value) } else { value };
                if saturates {
                    self.saturate(value)
                } else {
                    value
                }
            }
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
    fn clamp(&mut self, value: Value, to: Type, from: Type) -> Value {
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

    /// Rounds, then holds the number to the type's range. NaN becomes 0, or the highest bit alone where one of
    /// the types has 64 bits.
    fn float_to_integer(
        &mut self,
        instruction: &Instruction,
        value: Value,
        to: Type,
        from: Type,
    ) -> Value {
        let rounded = self.round(instruction, value);
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
        let is_nan = self.builder.ins().fcmp(FloatCC::Unordered, value, value);
        let highest = self
            .builder
            .ins()
            .iconst(integer_type(to), i64::MIN >> (64 - to.bits()));
        self.builder.ins().select(is_nan, highest, integer)
    }

    fn integer_to_float(&mut self, value: Value, to: Type, from: Type) -> Value {
        let wide = if from.bits() == 64 {
            types::I64
        } else {
            types::I32
        };
        let value = self.extend(value, wide, from.is_signed());
        match from.is_signed() {
            true => self.builder.ins().fcvt_from_sint(register_type(to), value),
            false => self.builder.ins().fcvt_from_uint(register_type(to), value),
        }
    }

    fn float_to_float(
        &mut self,
        instruction: &Instruction,
        value: Value,
        to: Type,
        from: Type,
    ) -> Value {
        match to.bits().cmp(&from.bits()) {
            std::cmp::Ordering::Less => self.builder.ins().fdemote(register_type(to), value),
            std::cmp::Ordering::Equal => self.round(instruction, value),
            std::cmp::Ordering::Greater => self.builder.ins().fpromote(register_type(to), value),
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
