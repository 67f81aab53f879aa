//! Loads and stores.
//!
//! A guest's address has passed its guards when an access runs. It is turned into a place in the host's memory through a mask all the
//! same, so that a mistake in a pass cannot reach beyond the window's reservation.

use super::super::launch::field;
use super::Untranslatable;
use super::rows::RowBase;
use super::threads::launch_field;
use super::translate::{Translator, integer_type, register_type};
use crate::ir::{self, Address, AddressBase, Instruction, Opcode, Operand, Space, SpecialRegister};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};

impl Translator<'_, '_> {
    pub(super) fn load(&mut self, instruction: &Instruction) -> Result<(), Untranslatable> {
        let (Some(t), Some(address)) = (instruction.t, instruction.address().copied()) else {
            let message = "a load has a type and an address".to_owned();
            return Err(Untranslatable {
                too_large: false,
                span: instruction.span,
                message,
            });
        };
        let (base, offset, flags) = match instruction.opcode() {
            Opcode::LdParam => {
                let base = self.launch_pointer(field::PARAMETERS);
                (base, self.parameter_offset(&address), launch_field())
            }
            Opcode::LdSandbox => (self.guest_address(&address), 0, MemFlagsData::trusted()),
            _ => {
                let place = self.place(&address, instruction.space());
                (place, 0, MemFlagsData::trusted())
            }
        };
        let registers: &[Operand] = match &instruction.operands[0] {
            Operand::Vector(elements) => elements,
            single => std::slice::from_ref(single),
        };
        for (index, destination) in registers.iter().enumerate() {
            let place = offset + index as i32 * t.bytes() as i32;
            let value = if self.is_observable(instruction) {
                self.load_atomic(t, base, place)
            } else {
                self.builder
                    .ins()
                    .load(register_type(t), flags, base, place)
            };
            if let Operand::Register(register) = destination {
                self.write_register(instruction, *register, value, t);
            }
        }
        Ok(())
    }

    pub(super) fn store(&mut self, instruction: &Instruction) {
        let (Some(t), Some(address)) = (instruction.t, instruction.address().copied()) else {
            return;
        };
        let base = self.place(&address, instruction.space());
        let elements: &[Operand] = match &instruction.operands[1] {
            Operand::Vector(elements) => elements,
            single => std::slice::from_ref(single),
        };
        for (index, element) in elements.iter().enumerate() {
            let value = self.value(element, t);
            let place = index as i32 * t.bytes() as i32;
            if instruction.is_ordered() {
                let value = self.as_integer(value);
                let place = self.builder.ins().iadd_imm_u(base, i64::from(place));
                self.builder
                    .ins()
                    .atomic_store(MemFlagsData::trusted(), value, place);
            } else {
                self.builder
                    .ins()
                    .store(MemFlagsData::trusted(), value, base, place);
            }
        }
    }

    /// Whether each access must really happen: volatile ones, and looks at what other threads of the host write.
    fn is_observable(&self, instruction: &Instruction) -> bool {
        instruction.is_ordered()
            || (instruction.opcode() == Opcode::LdSandbox && instruction.t == Some(ir::Type::U32))
    }

    fn load_atomic(&mut self, t: ir::Type, base: Value, place: i32) -> Value {
        let place = self.builder.ins().iadd_imm_u(base, i64::from(place));
        let value = self
            .builder
            .ins()
            .atomic_load(integer_type(t), MemFlagsData::trusted(), place);
        if t.is_float() {
            self.builder
                .ins()
                .bitcast(register_type(t), MemFlagsData::new(), value)
        } else {
            value
        }
    }

    /// A field of the launch record that has 64 bits.
    fn launch_pointer(&mut self, offset: i32) -> Value {
        self.scope.threads.field(self.builder, offset)
    }

    fn parameter_offset(&self, address: &Address) -> i32 {
        let AddressBase::Parameter(index) = address.base else {
            return 0;
        };
        let declared = self
            .kernel
            .parameters
            .get(index as usize)
            .map_or(0, |parameter| parameter.offset);
        // The verifier has held the sum against the parameter's size.
        i64::from(declared).saturating_add(address.offset) as i32
    }

    /// The address as the kernel computed it.
    fn guest_address(&mut self, address: &Address) -> Value {
        match address.base {
            AddressBase::Register(register) => {
                let value = self.register(register);
                let value = self.as_integer(value);
                let value = self.extend(value, types::I64, false);
                if address.offset == 0 {
                    value
                } else {
                    self.builder.ins().iadd_imm_s(value, address.offset)
                }
            }
            _ => self.builder.ins().iconst(types::I64, address.offset),
        }
    }

    /// Where an address of a space is in the host's memory.
    pub(super) fn place(&mut self, address: &Address, space: Space) -> Value {
        let (base, mask) = match space {
            Space::Shared => (
                self.context_field(field::SHARED),
                self.context_field(field::SHARED_MASK),
            ),
            Space::Local => {
                let bytes = self.kernel.variable_bytes(Space::Local).max(1);
                let mask = bytes.next_power_of_two() as i64 - 1;
                (
                    self.local_base(),
                    self.builder.ins().iconst(types::I64, mask),
                )
            }
            _ => return self.host_address(address),
        };
        let offset = self.space_offset(address);
        if address.proved {
            return self.builder.ins().iadd(base, offset);
        }
        let inside = self.builder.ins().band(offset, mask);
        self.builder.ins().iadd(base, inside)
    }

    /// An address's offset in its space: the guard's, if one has been over it.
    pub(super) fn space_offset(&mut self, address: &Address) -> Value {
        match address.guarded {
            Some(offset) => self.register(offset),
            None => self.guest_address(address),
        }
    }

    /// An address's offset in the window, likewise.
    pub(super) fn window_offset(&mut self, address: &Address) -> Value {
        match address.guarded {
            Some(offset) => self.register(offset),
            None => {
                let guest = self.guest_address(address);
                let base = self.launch_pointer(field::WINDOW_BASE);
                self.builder.ins().isub(guest, base)
            }
        }
    }

    /// Where the address is in the host's memory.
    fn host_address(&mut self, address: &Address) -> Value {
        if let Some(row) = address
            .row
            .and_then(|row| self.scope.rows.get(row as usize))
        {
            return self.place_in_row(*row);
        }
        let host = self.launch_pointer(field::WINDOW_HOST);
        let mask = self.launch_pointer(field::WINDOW_MASK);
        let offset = self.window_offset(address);
        let inside = self.builder.ins().band(offset, mask);
        self.builder.ins().iadd(host, inside)
    }

    /// The place of an access whose row was held against the window.
    fn place_in_row(&mut self, row: RowBase) -> Value {
        let index = self
            .scope
            .threads
            .special(self.builder, SpecialRegister::TidX);
        let index = self.builder.ins().uextend(types::I64, index);
        let distance = self.builder.ins().imul_imm_u(index, row.step as i64);
        self.builder.ins().iadd(row.first, distance)
    }
}
