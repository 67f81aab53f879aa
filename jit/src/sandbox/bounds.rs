//! Every access lies in the memory of its space, at a multiple of its size; this file is about the guest's window, `small` about a
//! block's and a thread's memory, `extent` about accesses whose size is computed.
//!
//! Three steps, each ending in a cold block that records the fault:
//!
//! 1. the address is a multiple of the access size;
//! 2. its offset in the window, taken unsigned, is less than the mapped size. As both the offset and the mapped size
//!    are multiples of the access size, the whole access is then inside; no sum can wrap around;
//! 3. in checked mode, the access ends before the valid part of its 256-byte granule does. A granule never holds parts of two
//!    buffers, and an aligned access never lies in two granules.

use super::editor::{
    add_block, add_fault, add_register, binary, branch, compare, convert,
    instruction as new_instruction, select, site,
};
use super::extent::Access;
use super::small::small_base;
use super::sums::{Pointers, Sum, Sums};
use crate::ir::{
    Address, AddressBase, Block, FaultCause, Function, Hidden, Instruction, Modifier, Opcode,
    Operand, Register, Space, SpecialRegister, Terminator, Type,
};
use smallvec::smallvec;

/// log2 of the bytes that one entry of the granule table describes.
const GRANULE_SHIFT: u64 = 8;

/// Instructions that a guard adds to the block that it begins in, at most.
const INSTRUCTIONS_OF_A_GUARD: usize = 12;

/// Registers of one guard. Each has its own: what later passes find out of a register holds wherever it is written.
#[derive(Clone, Copy)]
pub(super) struct Scratch {
    pub(super) address: Register,
    pub(super) offset: Register,
    pub(super) word: Register,
    pub(super) end: Register,
    last: Register,
    valid: Register,
    narrow: Register,
    low: Register,
    pub(super) outside: Register,
}

impl Scratch {
    fn add(function: &mut Function) -> Self {
        Self {
            address: add_register(function, Type::B64),
            offset: add_register(function, Type::B64),
            word: add_register(function, Type::B64),
            end: add_register(function, Type::B64),
            last: add_register(function, Type::B64),
            valid: add_register(function, Type::B64),
            narrow: add_register(function, Type::B32),
            low: add_register(function, Type::B32),
            outside: add_register(function, Type::Pred),
        }
    }
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
    for index in 0..function.blocks.len() {
        if function.blocks[index].instructions.iter().any(is_access) {
            guard_block(function, index, &pointers, checked);
        }
    }
}

/// Whether it is an access that needs a guard: the sandbox's own needs none, nor does one that is proved.
fn is_access(instruction: &Instruction) -> bool {
    instruction.opcode() != Opcode::LdSandbox
        && instruction.is_access()
        && instruction
            .operands
            .iter()
            .any(|operand| needs_guard(instruction, operand))
}

fn needs_guard(instruction: &Instruction, operand: &Operand) -> bool {
    let Operand::Address(address) = operand else {
        return false;
    };
    // A copy has two addresses, which are not told apart by a plan of rows.
    let is_copy = instruction.opcode() == Opcode::CpAsync;
    address.covered.is_none() && (is_copy || (address.row.is_none() && !address.proved))
}

fn guard_block(function: &mut Function, index: usize, pointers: &Pointers, checked: bool) {
    let instructions = std::mem::take(&mut function.blocks[index].instructions);
    let last = std::mem::replace(&mut function.blocks[index].terminator, Terminator::Exit);
    let scratch = Scratch::add(function);
    let mut guard = Guard {
        function,
        current: index,
        scratch,
    };
    let mut sums = Sums::default();
    let mut instructions = instructions.into_iter();
    guard.reserve(run_length(instructions.as_slice()));
    while let Some(mut instruction) = instructions.next() {
        if is_access(&instruction) {
            guard.instruction(&mut instruction, &sums, checked);
            guard.reserve(1 + run_length(instructions.as_slice()));
        }
        sums.after(&instruction, pointers);
        guard.push(instruction);
    }
    let current = guard.current;
    function.blocks[current].terminator = last;
}

/// How many instructions there are before the next access.
fn run_length(instructions: &[Instruction]) -> usize {
    let next = instructions.iter().position(is_access);
    next.unwrap_or(instructions.len())
}

/// Writes guards at the end of a block, and goes on in a new one after each.
pub(super) struct Guard<'a> {
    pub(super) function: &'a mut Function,
    current: usize,
    pub(super) scratch: Scratch,
}

impl Guard<'_> {
    fn instruction(&mut self, instruction: &mut Instruction, sums: &Sums, checked: bool) {
        let space = instruction.space();
        let is_copy = instruction.opcode() == Opcode::CpAsync;
        let places = instruction.operands.iter().enumerate();
        let places: Vec<usize> = places
            .filter(|(_, operand)| matches!(operand, Operand::Address(_)))
            .map(|(place, _)| place)
            .collect();
        for (number, place) in places.into_iter().take(2).enumerate() {
            self.scratch = Scratch::add(self.function);
            // The first address of a copy is in shared memory, the second in the window.
            let space = match (is_copy, number) {
                (true, 0) => Space::Shared,
                (true, _) => Space::Global,
                (false, _) => space,
            };
            if needs_guard(instruction, &instruction.operands[place]) {
                self.access(instruction, place, space, sums, checked);
            }
        }
    }

    fn access(
        &mut self,
        instruction: &mut Instruction,
        place: usize,
        space: Space,
        sums: &Sums,
        checked: bool,
    ) {
        let access = Access::of(instruction);
        let Operand::Address(address) = instruction.operands[place] else {
            return;
        };
        let is_narrow = self.is_narrow(address);
        let is_small = matches!(space, Space::Shared | Space::Local);
        if is_small {
            self.resolve_small(address, space);
        } else {
            self.resolve_in_window(address, sums);
        }
        if let Some(used) = self.is_used(instruction, place) {
            // What is not accessed may lie anywhere; the first byte stands in for it.
            let offset = self.scratch.offset;
            let zero = Operand::Immediate(0);
            self.push(select(
                Type::B64,
                offset,
                Operand::Register(offset),
                zero,
                used,
            ));
        }
        let base = if is_small {
            Operand::Hidden(small_base(space))
        } else {
            Operand::Hidden(Hidden::WindowBase)
        };
        let Scratch {
            address, offset, ..
        } = self.scratch;
        self.push(binary(
            Opcode::Add,
            Type::U64,
            address,
            Operand::Register(offset),
            base,
        ));
        instruction.operands[place] = Operand::Address(Address {
            guarded: Some(offset),
            ..Address::new(AddressBase::Register(address), 0)
        });
        if access.align > 1 {
            self.require_alignment(instruction, &access, is_small);
        }
        self.require_stride(instruction, &access);
        if is_small {
            self.require_small(instruction, &access, space, is_narrow);
        } else {
            self.require_window(instruction, access.size);
            self.require_extent(instruction, &access);
            if checked {
                self.require_buffer(instruction, self.scratch.offset, access.piece());
                self.require_last_in_buffer(instruction, &access);
            }
        }
    }

    /// A register that says whether this thread's address is used at all; none if it always is.
    fn is_used(&mut self, instruction: &Instruction, place: usize) -> Option<Register> {
        let outside = self.scratch.outside;
        match instruction.opcode() {
            // Each eight lanes give the rows of one matrix.
            Opcode::LdMatrix | Opcode::StMatrix if !instruction.has(Modifier::X4) => {
                let lanes = if instruction.has(Modifier::X2) { 16 } else { 8 };
                // Special registers are read by moves alone.
                let lane = Operand::Register(self.narrow());
                let special = Operand::Special(SpecialRegister::LaneId);
                let operands = smallvec![lane.clone(), special];
                self.push(new_instruction(Opcode::Mov, Type::U32, operands));
                let lanes = Operand::Immediate(lanes);
                self.push(compare(Modifier::Lt, Type::U32, outside, lane, lanes));
                Some(outside)
            }
            // A copy of no bytes fills with zeros.
            Opcode::CpAsync if place == 1 => {
                let read = instruction.operands.get(3)?;
                if matches!(read, Operand::Absent) || !instruction.reads_size() {
                    return None;
                }
                let zero = Operand::Immediate(0);
                self.push(compare(
                    Modifier::Ne,
                    Type::U32,
                    outside,
                    read.clone(),
                    zero,
                ));
                Some(outside)
            }
            _ => None,
        }
    }

    /// Puts the access's offset in the window into a register.
    fn resolve_in_window(&mut self, place: Address, sums: &Sums) {
        let offset = self.scratch.offset;
        let window = Operand::Hidden(Hidden::WindowBase);
        let register = Operand::Register;
        let base = match place.base {
            // Addresses of constants may have 32 bits.
            AddressBase::Register(base) => register(self.widened(base)),
            _ => Operand::Immediate(0),
        };
        let sum = match place.base {
            AddressBase::Register(base) => sums.find(base),
            _ => None,
        };
        if let Some(Sum { pointer, index, .. }) = sum {
            // A register of its own: the difference is the same for all threads, the sum is not.
            let start = add_register(self.function, Type::B64);
            self.push(binary(
                Opcode::Sub,
                Type::U64,
                start,
                register(pointer),
                window,
            ));
            self.push(binary(
                Opcode::Add,
                Type::U64,
                offset,
                register(start),
                register(index),
            ));
        } else {
            self.push(binary(Opcode::Sub, Type::U64, offset, base, window));
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
    }

    /// The register, or another one with the same number in 64 bits.
    fn widened(&mut self, base: Register) -> Register {
        let is_narrow = self
            .function
            .registers
            .get(base.index())
            .is_some_and(|ty| ty.bits() == 32);
        if !is_narrow {
            return base;
        }
        let wide = self.scratch.end;
        self.push(convert(Type::U64, Type::U32, wide, base));
        wide
    }

    /// All spaces begin at a multiple of any access's size, so that offset and address are aligned alike.
    fn require_alignment(&mut self, instruction: &Instruction, access: &Access, is_small: bool) {
        let Scratch {
            offset,
            word,
            outside,
            ..
        } = self.scratch;
        let low_bits = Operand::Immediate(u64::from(access.align) - 1);
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
        let cause = if is_small {
            FaultCause::MisalignedSmall
        } else {
            FaultCause::Misaligned
        };
        self.fault_if_outside(cause, instruction, access.size);
    }

    fn require_window(&mut self, instruction: &Instruction, size: u32) {
        let Scratch {
            offset, outside, ..
        } = self.scratch;
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

    /// Of a matrix's rows, the first piece of the first and the last piece of the last are held against the buffers.
    fn require_last_in_buffer(&mut self, instruction: &Instruction, access: &Access) {
        if !access.is_matrix() {
            return;
        }
        let Scratch { offset, last, .. } = self.scratch;
        let (start, zero) = (Operand::Register(offset), Operand::Immediate(0));
        self.push(binary(Opcode::Add, Type::U64, last, start, zero));
        self.add_extent(access, last);
        let (end, piece) = (
            Operand::Register(last),
            Operand::Immediate(u64::from(access.piece())),
        );
        self.push(binary(Opcode::Sub, Type::U64, last, end, piece));
        self.require_buffer(instruction, last, access.piece());
    }

    /// Holds an access of so many bytes at an offset in the window against the table of granules.
    fn require_buffer(&mut self, instruction: &Instruction, offset: Register, size: u32) {
        let Scratch {
            word,
            end,
            valid,
            outside,
            ..
        } = self.scratch;
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
        let length = self.bytes_read(instruction, size);
        self.push(binary(Opcode::Add, Type::U64, end, register(end), length));
        self.push(compare(
            Modifier::Gt,
            Type::U64,
            outside,
            register(end),
            register(valid),
        ));
        self.fault_if_outside(FaultCause::GlobalOutOfBounds, instruction, size);
    }

    /// How many bytes of the window an access of this size reads or writes: a copy may read fewer than it writes, none even.
    fn bytes_read(&mut self, instruction: &Instruction, size: u32) -> Operand {
        let all = u64::from(size);
        let is_copy = instruction.opcode() == Opcode::CpAsync && instruction.reads_size();
        match instruction.operands.get(3) {
            Some(Operand::Immediate(read)) if is_copy => Operand::Immediate((*read).min(all)),
            Some(Operand::Register(read)) if is_copy => {
                let length = self.scratch.last;
                self.push(convert(Type::U64, Type::U32, length, *read));
                let (read, all) = (Operand::Register(length), Operand::Immediate(all));
                self.push(binary(Opcode::Min, Type::U64, length, read, all));
                Operand::Register(length)
            }
            _ => Operand::Immediate(all),
        }
    }

    pub(super) fn fault_if_outside(
        &mut self,
        cause: FaultCause,
        instruction: &Instruction,
        size: u32,
    ) {
        let fault = add_fault(
            self.function,
            site(cause, size, instruction.span),
            Some(self.scratch.offset),
        );
        let next = add_block(self.function, Block::ending(Terminator::Exit));
        self.function.blocks[self.current].terminator = branch(self.scratch.outside, fault, next);
        // Each check decides by a register of its own.
        self.scratch.outside = add_register(self.function, Type::Pred);
        self.current = next.index();
    }

    /// Makes room for so many instructions and the guard behind them, so that the list need not be copied while it grows.
    fn reserve(&mut self, count: usize) {
        let instructions = &mut self.function.blocks[self.current].instructions;
        instructions.reserve_exact(count + INSTRUCTIONS_OF_A_GUARD);
    }

    /// A register of 32 bits that is the offset's lower half.
    pub(super) fn narrow(&self) -> Register {
        self.scratch.narrow
    }

    /// A register of 32 bits for the lower half of where the space begins.
    pub(super) fn low(&self) -> Register {
        self.scratch.low
    }

    pub(super) fn push(&mut self, instruction: Instruction) {
        self.function.blocks[self.current]
            .instructions
            .push(instruction);
    }
}

fn load(t: Type, d: Register, address: Register) -> Instruction {
    let address = Address::new(AddressBase::Register(address), 0);
    new_instruction(
        Opcode::LdSandbox,
        t,
        smallvec![Operand::Register(d), Operand::Address(address)],
    )
}
