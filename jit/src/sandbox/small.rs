//! Accesses to a block's shared memory and a thread's local memory.
//!
//! Offsets there have 32 bits, and addresses of 32 bits wrap around there. A longer one is cut to 2^32, which lies outside all the same, so that the sum of it and the access's size
//! cannot wrap around.

use super::bounds::{Guard, Scratch};
use super::editor::{binary, compare, convert, instruction as new_instruction};
use super::extent::Access;
use crate::ir::{
    Address, AddressBase, FaultCause, Hidden, Instruction, Modifier, Opcode, Operand, Space, Type,
};

use smallvec::smallvec;

/// Where a small space begins, in its own addresses.
pub(super) fn small_base(space: Space) -> Hidden {
    match space {
        Space::Shared => Hidden::SharedBase,
        _ => Hidden::LocalBase,
    }
}

impl Guard<'_> {
    /// Puts the access's offset in its space into a register.
    pub(super) fn resolve_small(&mut self, place: Address, space: Space) {
        let offset = self.scratch.offset;
        let AddressBase::Register(base) = place.base else {
            let address = Operand::Immediate(place.offset as u64);
            let start = Operand::Hidden(small_base(space));
            self.push(binary(Opcode::Sub, Type::U64, offset, address, start));
            return;
        };
        let is_narrow = self.is_narrow(place);
        let start = Operand::Hidden(small_base(space));
        if is_narrow {
            // Addresses of 32 bits wrap around in 32 bits.
            let narrow = self.narrow();
            let constant = Operand::Immediate(u64::from(place.offset as u32));
            self.push(binary(
                Opcode::Add,
                Type::U32,
                narrow,
                Operand::Register(base),
                constant,
            ));
            let start_low = self.low();
            let operands = smallvec![Operand::Register(start_low), start];
            self.push(Instruction {
                u: Some(Type::U64),
                ..new_instruction(Opcode::Cvt, Type::U32, operands)
            });
            let (sum, start_low) = (Operand::Register(narrow), Operand::Register(start_low));
            self.push(binary(Opcode::Sub, Type::U32, narrow, sum, start_low));
            self.push(convert(Type::U64, Type::U32, offset, narrow));
        } else {
            self.push(binary(
                Opcode::Sub,
                Type::U64,
                offset,
                Operand::Register(base),
                start,
            ));
            if place.offset != 0 {
                let constant = Operand::Immediate(place.offset as u64);
                self.push(binary(
                    Opcode::Add,
                    Type::U64,
                    offset,
                    Operand::Register(offset),
                    constant,
                ));
            }
        }
    }

    /// Whether an address has 32 bits.
    pub(super) fn is_narrow(&self, place: Address) -> bool {
        match place.base {
            AddressBase::Register(base) => (self.function.registers)
                .get(base.index())
                .is_some_and(|ty| ty.bits() == 32),
            _ => false,
        }
    }

    pub(super) fn require_small(
        &mut self,
        instruction: &Instruction,
        access: &Access,
        space: Space,
        is_narrow: bool,
    ) {
        let Scratch {
            offset,
            end,
            outside,
            ..
        } = self.scratch;
        let (size, cause) = match space {
            Space::Shared => (
                Operand::Hidden(Hidden::SharedSize),
                FaultCause::SharedOutOfBounds,
            ),
            _ => (
                Operand::Immediate(self.function.variable_bytes(Space::Local)),
                FaultCause::LocalOutOfBounds,
            ),
        };
        // An offset that comes from 32 bits is below 2^32 already.
        let most = Operand::Immediate(1 << 32);
        let cut = if is_narrow { Opcode::Mov } else { Opcode::Min };
        let mut operands = smallvec![Operand::Register(end), Operand::Register(offset)];
        if !is_narrow {
            operands.push(most);
        }
        self.push(new_instruction(cut, Type::U64, operands));
        self.add_extent(access, end);
        self.push(compare(
            Modifier::Gt,
            Type::U64,
            outside,
            Operand::Register(end),
            size,
        ));
        self.fault_if_outside(cause, instruction, access.size);
    }
}
