//! Every global access lies in the guest's window, at a multiple of its size.
//!
//! Three steps, each ending in a cold block that records the fault:
//!
//! 1. the address is a multiple of the access size;
//! 2. its offset in the window, taken unsigned, is less than the mapped size. As both the offset and the mapped size
//!    are multiples of the access size, the whole access is then inside; no sum can wrap around;
//! 3. in checked mode, the access ends before the valid part of its 256-byte granule does. A granule never holds parts of two
//!    buffers, and an aligned access never lies in two granules.

use super::editor::{
    add_block, add_fault, add_register, binary, branch, compare, instruction, site,
};
use super::sums::{Pointers, Sum, Sums};
use crate::ir::{
    Address, AddressBase, Block, Effect, FaultCause, Function, Hidden, Instruction, Modifier,
    Opcode, Operand, Register, Terminator, Type,
};
use smallvec::smallvec;

/// log2 of the bytes that one entry of the granule table describes.
const GRANULE_SHIFT: u64 = 8;

/// Registers that each guard uses anew: nothing in them outlives it.
struct Scratch {
    address: Register,
    offset: Register,
    word: Register,
    end: Register,
    valid: Register,
    outside: Register,
}

pub(super) fn run(function: &mut Function, checked: bool) {
    if !function
        .blocks
        .iter()
        .any(|block| block.instructions.iter().any(is_access))
    {
        return;
    }
    let pointers = Pointers::of(function);
    let scratch = Scratch {
        address: add_register(function, Type::B64),
        offset: add_register(function, Type::B64),
        word: add_register(function, Type::B64),
        end: add_register(function, Type::B64),
        valid: add_register(function, Type::B64),
        outside: add_register(function, Type::Pred),
    };
    for index in 0..function.blocks.len() {
        if function.blocks[index].instructions.iter().any(is_access) {
            guard_block(function, index, &scratch, &pointers, checked);
        }
    }
}

/// Whether it is an access that needs a guard: the sandbox's own needs none, nor does one that is proved by rows.
fn is_access(instruction: &Instruction) -> bool {
    instruction.opcode() != Opcode::LdSandbox
        && matches!(instruction.opcode().effect(), Effect::Load | Effect::Store)
        && instruction
            .address()
            .is_some_and(|address| address.row.is_none())
}

fn guard_block(
    function: &mut Function,
    index: usize,
    scratch: &Scratch,
    pointers: &Pointers,
    checked: bool,
) {
    let instructions = std::mem::take(&mut function.blocks[index].instructions);
    let last = std::mem::replace(&mut function.blocks[index].terminator, Terminator::Exit);
    let mut guard = Guard {
        function,
        current: index,
        scratch,
    };
    let mut sums = Sums::default();
    for mut instruction in instructions {
        if is_access(&instruction) {
            guard.access(&mut instruction, &sums, checked);
        }
        sums.after(&instruction, pointers);
        guard.push(instruction);
    }
    let current = guard.current;
    function.blocks[current].terminator = last;
}

/// Writes guards at the end of a block, and goes on in a new one after each.
struct Guard<'a> {
    function: &'a mut Function,
    current: usize,
    scratch: &'a Scratch,
}

impl Guard<'_> {
    fn access(&mut self, instruction: &mut Instruction, sums: &Sums, checked: bool) {
        let size = instruction.access_bytes();
        self.resolve_address(instruction, sums);
        if size > 1 {
            self.require_alignment(instruction, size);
        }
        self.require_window(instruction, size);
        if checked {
            self.require_buffer(instruction, size);
        }
    }

    /// Puts the access's offset in the window and its address into registers; the access then uses the latter alone.
    fn resolve_address(&mut self, instruction: &mut Instruction, sums: &Sums) {
        let Scratch {
            address, offset, ..
        } = *self.scratch;
        let window = Operand::Hidden(Hidden::WindowBase);
        let register = Operand::Register;
        for operand in &mut instruction.operands {
            let Operand::Address(place) = operand else {
                continue;
            };
            let sum = match place.base {
                AddressBase::Register(base) => sums.find(base),
                _ => None,
            };
            let base = match place.base {
                AddressBase::Register(base) => register(base),
                _ => Operand::Immediate(0),
            };
            if let Some(Sum { pointer, index, .. }) = sum {
                self.push(binary(
                    Opcode::Sub,
                    Type::U64,
                    offset,
                    register(pointer),
                    window.clone(),
                ));
                self.push(binary(
                    Opcode::Add,
                    Type::U64,
                    offset,
                    register(offset),
                    register(index),
                ));
            } else {
                self.push(binary(Opcode::Sub, Type::U64, offset, base, window.clone()));
            }
            if place.offset != 0 {
                let constant = Operand::Immediate(place.offset as u64);
                self.push(binary(
                    Opcode::Add,
                    Type::U64,
                    offset,
                    register(offset),
                    constant,
                ));
            }
            self.push(binary(
                Opcode::Add,
                Type::U64,
                address,
                register(offset),
                window.clone(),
            ));
            *place = Address {
                base: AddressBase::Register(address),
                offset: 0,
                guarded: Some(offset),
                row: None,
            };
        }
    }

    /// The window begins at a multiple of any access's size, so that offset and address are aligned alike.
    fn require_alignment(&mut self, instruction: &Instruction, size: u32) {
        let Scratch {
            offset,
            word,
            outside,
            ..
        } = *self.scratch;
        let low_bits = Operand::Immediate(u64::from(size) - 1);
        let zero = Operand::Immediate(0);
        self.push(binary(
            Opcode::And,
            Type::B64,
            word,
            Operand::Register(offset),
            low_bits,
        ));
        self.push(compare(
            Modifier::Ne,
            Type::U64,
            outside,
            Operand::Register(word),
            zero,
        ));
        self.fault_if_outside(FaultCause::Misaligned, instruction, size);
    }

    fn require_window(&mut self, instruction: &Instruction, size: u32) {
        let Scratch {
            offset, outside, ..
        } = *self.scratch;
        let mapped = Operand::Hidden(Hidden::WindowMapped);
        self.push(compare(
            Modifier::Ge,
            Type::U64,
            outside,
            Operand::Register(offset),
            mapped,
        ));
        self.fault_if_outside(FaultCause::GlobalOutOfBounds, instruction, size);
    }

    fn require_buffer(&mut self, instruction: &Instruction, size: u32) {
        let Scratch {
            offset,
            word,
            end,
            valid,
            outside,
            ..
        } = *self.scratch;
        let register = Operand::Register;
        let in_granule = Operand::Immediate((1 << GRANULE_SHIFT) - 1);
        self.push(binary(
            Opcode::Shr,
            Type::U64,
            word,
            register(offset),
            Operand::Immediate(GRANULE_SHIFT),
        ));
        self.push(binary(
            Opcode::Shl,
            Type::B64,
            word,
            register(word),
            Operand::Immediate(1),
        ));
        self.push(binary(
            Opcode::Add,
            Type::U64,
            word,
            register(word),
            Operand::Hidden(Hidden::Granules),
        ));
        self.push(load(Type::U16, valid, word));
        self.push(binary(
            Opcode::And,
            Type::B64,
            end,
            register(offset),
            in_granule,
        ));
        self.push(binary(
            Opcode::Add,
            Type::U64,
            end,
            register(end),
            Operand::Immediate(u64::from(size)),
        ));
        self.push(compare(
            Modifier::Gt,
            Type::U64,
            outside,
            register(end),
            register(valid),
        ));
        self.fault_if_outside(FaultCause::GlobalOutOfBounds, instruction, size);
    }

    fn fault_if_outside(&mut self, cause: FaultCause, instruction: &Instruction, size: u32) {
        let fault = add_fault(
            self.function,
            site(cause, size, instruction.span),
            Some(self.scratch.offset),
        );
        let next = add_block(self.function, Block::ending(Terminator::Exit));
        self.function.blocks[self.current].terminator = branch(self.scratch.outside, fault, next);
        self.current = next.index();
    }

    fn push(&mut self, instruction: Instruction) {
        self.function.blocks[self.current]
            .instructions
            .push(instruction);
    }
}

fn load(t: Type, d: Register, address: Register) -> Instruction {
    let address = Address {
        base: AddressBase::Register(address),
        offset: 0,
        guarded: None,
        row: None,
    };
    instruction(
        Opcode::LdSandbox,
        t,
        smallvec![Operand::Register(d), Operand::Address(address)],
    )
}
