//! Accesses to a block's shared memory and a thread's local memory.
//!
//! Offsets there have 32 bits. A longer one is cut to 2^32, which lies outside all the same, so that the sum of it and the access's size
//! cannot wrap around.

use super::bounds::{Guard, Scratch};
use super::editor::{binary, compare, convert};
use super::extent::Access;
use crate::ir::{
    Address, AddressBase, FaultCause, Hidden, Instruction, Modifier, Opcode, Operand, Space, Type,
};

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
        let is_narrow = self
            .function
            .registers
            .get(base.index())
            .is_some_and(|ty| ty.bits() == 32);
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
            self.push(convert(Type::U64, Type::U32, offset, narrow));
            self.push(binary(
                Opcode::Sub,
                Type::U64,
                offset,
                Operand::Register(offset),
                start,
            ));
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

    pub(super) fn require_small(
        &mut self,
        instruction: &Instruction,
        access: &Access,
        space: Space,
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
        let most = Operand::Immediate(1 << 32);
        self.push(binary(
            Opcode::Min,
            Type::U64,
            end,
            Operand::Register(offset),
            most,
        ));
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
