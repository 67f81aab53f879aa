//! Operands to values, and values to registers.

use super::super::launch::field;
use super::super::runtime::Runtime;
use super::threads::launch_field;
use super::translate::{Translator, integer_type, register_type};
use crate::ir::{self, Hidden, Instruction, Operand, Register};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};

impl Translator<'_, '_> {
    /// A register as it is held.
    pub(super) fn register(&mut self, register: Register) -> Value {
        match &self.group {
            Some(_) => self.register_of_lane(register),
            None => self.cell(register, 0),
        }
    }

    /// Gives a register a value, held as [`register_type`] says.
    pub(super) fn define(&mut self, register: Register, value: Value) {
        match &mut self.group {
            Some(group) => group.written.push((register, value)),
            None => self.set_cell(register, 0, value),
        }
    }

    /// A value that a register is held in.
    pub(super) fn cell(&mut self, register: Register, cell: usize) -> Value {
        let value = self.cells.read(self.builder, register, cell);
        // What was never written is read where nothing comes to: verified code zeroes it first.
        value.unwrap_or_else(|| self.constant(0, self.kernel.registers[register.index()]))
    }

    pub(super) fn set_cell(&mut self, register: Register, cell: usize, value: Value) {
        self.cells.write(self.builder, register, cell, value);
    }

    /// The operand at `index` as a value of type `ty`: held as [`register_type`] says.
    pub(super) fn read(&mut self, instruction: &Instruction, index: usize, ty: ir::Type) -> Value {
        match instruction.operands.get(index) {
            Some(operand) => self.value(operand, ty),
            None => self.constant(0, ty),
        }
    }

    pub(super) fn value(&mut self, operand: &Operand, ty: ir::Type) -> Value {
        match operand {
            Operand::Register(register) => {
                let value = self.register(*register);
                let held = self.kernel.registers[register.index()];
                self.reinterpret(value, held, ty)
            }
            Operand::Negated(register) => {
                let value = self.register(*register);
                self.builder.ins().bxor_imm_u(value, 1)
            }
            Operand::Immediate(bits) => self.constant(*bits, ty),
            Operand::Special(special) => {
                let value = self.special(*special);
                self.reinterpret(value, special.ty(), ty)
            }
            Operand::Hidden(hidden) => {
                let offset = match hidden {
                    // The small spaces begin at zero.
                    Hidden::SharedBase | Hidden::LocalBase => return self.constant(0, ty),
                    // So that the look is taken where no driver is.
                    Hidden::Look => return self.constant(1, ty),
                    Hidden::SharedSize => return self.context_field(field::SHARED_SIZE),
                    Hidden::Variables => field::VARIABLES,
                    Hidden::WindowBase => field::WINDOW_BASE,
                    Hidden::WindowMapped => field::WINDOW_MAPPED,
                    Hidden::Granules => field::GRANULES,
                    Hidden::Stop => field::STOP,
                };
                self.scope.threads.field(self.builder, offset)
            }
            // Relocation has left no symbol, and the verifier no coordinates.
            Operand::Symbol(..)
            | Operand::Tensor(..)
            | Operand::Address(_)
            | Operand::Vector(_)
            | Operand::Sink
            | Operand::Absent => self.constant(0, ty),
        }
    }

    /// A field of the block's context that has 64 bits.
    pub(super) fn context_field(&mut self, offset: i32) -> Value {
        let context = self.scope.threads.context;
        self.builder
            .ins()
            .load(types::I64, launch_field(), context, offset)
    }

    /// The result of a function of the runtime.
    pub(super) fn call_runtime(&mut self, function: Runtime, arguments: &[Value]) -> Value {
        let function = self.scope.externals.get(function);
        let call = self.builder.ins().call(function, arguments);
        self.builder.inst_results(call)[0]
    }

    pub(super) fn constant(&mut self, bits: u64, ty: ir::Type) -> Value {
        match ty {
            ir::Type::F32 => self.builder.ins().f32const(f32::from_bits(bits as u32)),
            ir::Type::F64 => self.builder.ins().f64const(f64::from_bits(bits)),
            _ => {
                let unused = 64 - ty.bits();
                let bits = (bits << unused >> unused) as i64;
                self.builder.ins().iconst(integer_type(ty), bits)
            }
        }
    }

    /// Takes a register's bits for another type of the same width, or the low bits for a narrower one.
    pub(super) fn reinterpret(&mut self, value: Value, held: ir::Type, ty: ir::Type) -> Value {
        let mut value = value;
        let (from, to) = (register_type(held), register_type(ty));
        if from.bits() > to.bits() {
            value = self.as_integer(value);
            value = self.builder.ins().ireduce(integer_type(ty), value);
        }
        let current = self.builder.func.dfg.value_type(value);
        if current.bits() == to.bits() && current != to {
            value = self.builder.ins().bitcast(to, MemFlagsData::new(), value);
        }
        value
    }

    /// A value of type `ty` as its register holds it: extended where the register is wider
    /// (PTX ISA, "Operand Size Exceeding Instruction-Type Size").
    pub(super) fn fit_register(&mut self, register: Register, value: Value, ty: ir::Type) -> Value {
        let held = self.kernel.registers[register.index()];
        let mut value = value;
        if held.bits() > ty.bits() && ty != ir::Type::Pred {
            value = self.as_integer(value);
            let wide = integer_type(held);
            value = match ty.is_signed() {
                true => self.builder.ins().sextend(wide, value),
                false => self.builder.ins().uextend(wide, value),
            };
        }
        let wanted = register_type(held);
        let current = self.builder.func.dfg.value_type(value);
        if current != wanted && current.bits() == wanted.bits() {
            value = self
                .builder
                .ins()
                .bitcast(wanted, MemFlagsData::new(), value);
        }
        value
    }

    pub(super) fn as_integer(&mut self, value: Value) -> Value {
        let ty = self.builder.func.dfg.value_type(value);
        match ty {
            types::F32 => self
                .builder
                .ins()
                .bitcast(types::I32, MemFlagsData::new(), value),
            types::F64 => self
                .builder
                .ins()
                .bitcast(types::I64, MemFlagsData::new(), value),
            _ => value,
        }
    }
}
