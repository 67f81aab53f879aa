//! How much an access touches: a number, or for matrices in rows something that a register decides.

use super::bounds::{Guard, Scratch};
use super::editor::{binary, compare, instruction as new_instruction};
use crate::ir::{FaultCause, Hidden, Instruction, MatrixShape, Modifier, Opcode, Operand, Type};
use smallvec::smallvec;

/// What an access touches.
pub(super) struct Access {
    /// Bytes from its address on, or of one row of a matrix.
    pub(super) size: u32,
    /// What its address is a multiple of.
    pub(super) align: u32,
    /// The rows of a matrix, if it is one.
    rows: Option<Rows>,
}

/// Rows of a matrix, as they lie in memory.
struct Rows {
    /// How many.
    count: u32,
    /// Elements from one to the next.
    stride: Operand,
    /// Bytes of an element.
    element: u32,
}

impl Access {
    pub(super) fn of(instruction: &Instruction) -> Self {
        let plain = |size| Self {
            size,
            align: size,
            rows: None,
        };
        match instruction.opcode() {
            Opcode::LdMatrix | Opcode::StMatrix => plain(16),
            Opcode::CpAsync => match instruction.operands.get(2) {
                Some(Operand::Immediate(size)) => plain((*size).min(16) as u32),
                _ => plain(16),
            },
            Opcode::WmmaLoad | Opcode::WmmaStore => Self::of_matrix(instruction),
            _ => plain(instruction.access_bytes()),
        }
    }

    fn of_matrix(instruction: &Instruction) -> Self {
        let element = instruction.t.map_or(4, Type::bytes);
        let (mut rows, mut columns) = MatrixShape::of(instruction).extents(instruction);
        if instruction.has(Modifier::Col) {
            std::mem::swap(&mut rows, &mut columns);
        }
        let stride = match instruction.operands.last() {
            Some(Operand::Absent) | None => Operand::Immediate(u64::from(columns)),
            Some(stride) => stride.clone(),
        };
        Self {
            size: columns * element,
            // PTX ISA, `wmma.load`: the address and each row's are aligned to 256 and to 128 bits.
            align: 32.min(columns * element),
            rows: Some(Rows {
                count: rows,
                stride,
                element,
            }),
        }
    }
}

impl Guard<'_> {
    /// Adds to the offset in `end` what the access touches behind it. Rows are at most 31 strides of 2^35 bytes apart.
    pub(super) fn add_extent(
        &mut self,
        _instruction: &Instruction,
        access: &Access,
        end: crate::ir::Register,
    ) {
        let sum = Operand::Register(end);
        let size = Operand::Immediate(u64::from(access.size));
        self.push(binary(Opcode::Add, Type::U64, end, sum.clone(), size));
        let Some(rows) = &access.rows else {
            return;
        };
        let word = self.scratch.word;
        let factor = Operand::Immediate(u64::from(rows.element * (rows.count - 1)));
        let operands = smallvec![Operand::Register(word), rows.stride.clone(), factor];
        self.push(new_instruction(Opcode::MulWide, Type::U32, operands));
        self.push(binary(
            Opcode::Add,
            Type::U64,
            end,
            sum,
            Operand::Register(word),
        ));
    }

    /// Holds the last row of a matrix against the window, whose guard has passed its first byte.
    pub(super) fn require_extent(&mut self, instruction: &Instruction, access: &Access) {
        let Some(rows) = &access.rows else {
            return;
        };
        let Scratch {
            offset,
            word,
            end,
            outside,
            ..
        } = self.scratch;
        let stride_bytes = Operand::Immediate(u64::from(rows.element));
        let operands = smallvec![Operand::Register(word), rows.stride.clone(), stride_bytes];
        self.push(new_instruction(Opcode::MulWide, Type::U32, operands));
        let low_bits = Operand::Immediate(u64::from(access.align.min(16)) - 1);
        self.push(binary(
            Opcode::And,
            Type::B64,
            word,
            Operand::Register(word),
            low_bits,
        ));
        let zero = Operand::Immediate(0);
        self.push(compare(
            Modifier::Ne,
            Type::U64,
            outside,
            Operand::Register(word),
            zero.clone(),
        ));
        self.fault_if_outside(FaultCause::Misaligned, instruction, access.size);
        self.push(binary(
            Opcode::Add,
            Type::U64,
            end,
            Operand::Register(offset),
            zero,
        ));
        self.add_extent(instruction, access, end);
        let mapped = Operand::Hidden(Hidden::WindowMapped);
        self.push(compare(
            Modifier::Gt,
            Type::U64,
            outside,
            Operand::Register(end),
            mapped,
        ));
        self.fault_if_outside(FaultCause::GlobalOutOfBounds, instruction, access.size);
    }
}
