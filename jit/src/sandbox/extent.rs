//! How much an access touches: a number, or for matrices in rows something that a register decides.

use super::bounds::{Guard, Scratch};
use super::editor::{binary, compare, instruction as new_instruction};
use crate::ir::{
    FaultCause, Hidden, Instruction, MatrixShape, Modifier, Opcode, Operand, Register, Type,
};
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

/// What an access touches, for proofs.
pub(crate) struct Extent {
    /// Bytes from its address on, or of one row of a matrix.
    pub(crate) size: u32,
    /// What its address is a multiple of.
    pub(crate) align: u32,
    /// The rows of a matrix, if it is one.
    pub(crate) rows: Option<ExtentRows>,
}

/// Rows of a matrix, whose elements are bytes.
pub(crate) struct ExtentRows {
    /// Elements from one row to the next.
    pub(crate) stride: Operand,
    /// Bytes of an element.
    pub(crate) element: u32,
    /// How many rows come behind the first.
    pub(crate) behind: u32,
    /// What the bytes from one row to the next are a multiple of.
    pub(crate) align: u32,
}

impl Extent {
    /// None where elements are parts of bytes.
    pub(crate) fn of(instruction: &Instruction) -> Option<Self> {
        let access = Access::of(instruction);
        let rows = access.rows.map(|rows| {
            let is_bytes = rows.bits.is_multiple_of(8) && rows.count > 0;
            is_bytes.then_some(ExtentRows {
                stride: rows.stride,
                element: rows.bits / 8,
                behind: rows.count.saturating_sub(1),
                align: rows.align,
            })
        });
        let rows = match rows {
            Some(None) => return None,
            Some(rows) => rows,
            None => None,
        };
        (access.size > 0).then_some(Self {
            size: access.size,
            align: access.align,
            rows,
        })
    }
}

/// Rows of a matrix, as they lie in memory.
struct Rows {
    /// How many.
    count: u32,
    /// Elements from one to the next.
    stride: Operand,
    /// Bits of an element.
    bits: u32,
    /// What the bytes from one row to the next are a multiple of.
    align: u32,
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
        let bits = instruction.t.map_or(32, Type::element_bits);
        let (mut rows, mut columns) = MatrixShape::of(instruction).extents(instruction);
        if instruction.has(Modifier::Col) {
            std::mem::swap(&mut rows, &mut columns);
        }
        let stride = match instruction.operands.last() {
            Some(Operand::Absent) | None => Operand::Immediate(u64::from(columns)),
            Some(stride) => stride.clone(),
        };
        let size = columns * bits / 8;
        // PTX ISA, "Matrix Storage for WMMA": each row begins at a multiple of what a lane holds, but the CUDA C++ programming guide
        // lets rows be 16 bytes apart.
        let align = fragment_bytes(instruction).min(size).min(32);
        Self {
            size,
            align,
            rows: Some(Rows {
                count: rows,
                stride,
                bits,
                align: align.min(16),
            }),
        }
    }

    /// Bytes of a piece that lies in one granule: of a matrix's row, or all.
    pub(super) fn piece(&self) -> u32 {
        self.rows.as_ref().map_or(self.size, |rows| rows.align)
    }

    pub(super) fn is_matrix(&self) -> bool {
        self.rows.is_some()
    }
}

/// Bytes of a matrix that one lane holds: a power of two.
fn fragment_bytes(instruction: &Instruction) -> u32 {
    let roles = instruction.form.form().roles.iter();
    let mut fragments =
        roles
            .zip(&instruction.operands)
            .filter_map(|(role, operand)| match operand {
                Operand::Vector(elements) => {
                    let bytes = role.value_type(instruction).map_or(4, Type::bytes);
                    Some(elements.len() as u32 * bytes)
                }
                _ => None,
            });
    fragments.next().unwrap_or(32)
}

impl Guard<'_> {
    /// Adds to the offset in `end` what the access touches behind it. A stride has 32 bits, and a row at most 128 of elements: no sum wraps around.
    pub(super) fn add_extent(&mut self, access: &Access, end: Register) {
        let sum = Operand::Register(end);
        let size = Operand::Immediate(u64::from(access.size));
        self.push(binary(Opcode::Add, Type::U64, end, sum.clone(), size));
        let Some(rows) = &access.rows else {
            return;
        };
        let word = self.scratch.word;
        self.scale_stride(rows, rows.bits * (rows.count - 1));
        self.shift_to_bytes();
        self.push(binary(
            Opcode::Add,
            Type::U64,
            end,
            sum,
            Operand::Register(word),
        ));
    }

    /// Holds what lies between a matrix's rows against their alignment.
    pub(super) fn require_stride(&mut self, instruction: &Instruction, access: &Access) {
        let Some(rows) = &access.rows else {
            return;
        };
        let Scratch { word, outside, .. } = self.scratch;
        self.scale_stride(rows, rows.bits);
        let low_bits = Operand::Immediate(u64::from(rows.align) * 8 - 1);
        let sum = Operand::Register(word);
        self.push(binary(Opcode::And, Type::B64, word, sum.clone(), low_bits));
        let zero = Operand::Immediate(0);
        self.push(compare(Modifier::Ne, Type::U64, outside, sum, zero));
        self.fault_if_outside(FaultCause::Misaligned, instruction, access.size);
    }

    /// Holds the last row of a matrix against the window, whose guard has passed its first byte.
    pub(super) fn require_extent(&mut self, instruction: &Instruction, access: &Access) {
        if access.rows.is_none() {
            return;
        }
        let Scratch {
            offset,
            end,
            outside,
            ..
        } = self.scratch;
        let zero = Operand::Immediate(0);
        let start = Operand::Register(offset);
        self.push(binary(Opcode::Add, Type::U64, end, start, zero));
        self.add_extent(access, end);
        let mapped = Operand::Hidden(Hidden::WindowMapped);
        let sum = Operand::Register(end);
        self.push(compare(Modifier::Gt, Type::U64, outside, sum, mapped));
        self.fault_if_outside(FaultCause::GlobalOutOfBounds, instruction, access.size);
    }

    /// Puts the stride times a constant into a register.
    fn scale_stride(&mut self, rows: &Rows, factor: u32) {
        let word = Operand::Register(self.scratch.word);
        let factor = Operand::Immediate(u64::from(factor));
        let operands = smallvec![word, rows.stride.clone(), factor];
        let product = new_instruction(Opcode::MulWide, Type::U32, operands);
        self.push(product.with_modifiers(&[Modifier::Wide]));
    }

    fn shift_to_bytes(&mut self) {
        let word = self.scratch.word;
        let (bits, three) = (Operand::Register(word), Operand::Immediate(3));
        self.push(binary(Opcode::Shr, Type::U64, word, bits, three));
    }
}
