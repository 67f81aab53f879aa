//! `wmma.load` and `wmma.store`: matrices in memory, row by row or column by column.
//!
//! Each lane reads and writes what it holds, at its own address: a warp that passes different ones gets a mixture, as on a GPU, and each
//! lane's was guarded by itself.

use super::super::super::arena::Place;
use super::super::{Warp, values};
use super::layout::{Layout, Part, Spread};
use crate::ir::{Instruction, MatrixShape, Modifier, Opcode, Operand, Space, Type};

#[derive(Debug)]
pub(in super::super) struct Transfer {
    stores: bool,
    place: Place,
    ty: Type,
    layout: Layout,
    by_column: bool,
    stride: Stride,
}

/// Elements from one row to the next, or from one column.
#[derive(Clone, Copy, Debug)]
enum Stride {
    Always(u64),
    Argument(usize),
}

impl Transfer {
    pub(super) fn of(instruction: &Instruction) -> Option<Self> {
        let shape = MatrixShape::of(instruction);
        let stores = instruction.opcode() == Opcode::WmmaStore;
        let part = match () {
            () if !stores && instruction.has(Modifier::A) => Part::A,
            () if !stores && instruction.has(Modifier::B) => Part::B,
            () => Part::Sum,
        };
        let (rows, columns) = shape.extents(instruction);
        let by_column = instruction.has(Modifier::Col);
        let arguments = values(instruction, false).len();
        let has_stride = instruction.operands.last() != Some(&Operand::Absent);
        let registers = if stores {
            arguments - 1 - usize::from(has_stride)
        } else {
            values(instruction, true).len()
        };
        let ty = instruction.t?;
        Some(Self {
            stores,
            place: match instruction.space() {
                Space::Shared => Place::Shared,
                _ => Place::Window,
            },
            ty,
            layout: Layout::of(part, shape, Spread::Tiles, ty.element_bits(), registers),
            by_column,
            stride: match has_stride {
                true => Stride::Argument(arguments - 1),
                false => Stride::Always(u64::from(if by_column { rows } else { columns })),
            },
        })
    }

    pub(super) fn perform(&self, warp: &mut Warp<'_>) {
        for lane in warp.lanes() {
            let start = warp.argument(0, lane);
            let stride = match self.stride {
                Stride::Always(stride) => stride,
                Stride::Argument(index) => warp.argument(index, lane) & 0xffff_ffff,
            };
            for register in 0..self.layout.registers {
                if self.stores {
                    self.store(warp, lane, register, start, stride);
                } else {
                    self.load(warp, lane, register, start, stride);
                }
            }
        }
    }

    fn load(&self, warp: &mut Warp<'_>, lane: usize, register: usize, start: u64, stride: u64) {
        let mut bits = 0;
        let width = self.ty.element_bits();
        for place in 0..self.layout.packed {
            let Some(index) = self.layout.element(register, lane, place) else {
                continue;
            };
            let first_bit = self.distance(index, stride) * u64::from(width);
            let mut value = [0; 8];
            let bytes = &mut value[..width.div_ceil(8) as usize];
            warp.memory.read(self.place, start + first_bit / 8, bytes);
            // Several small elements share a byte, the first in the lowest bits.
            let value = u64::from_le_bytes(value) >> (first_bit % 8);
            let value = value & (u64::MAX >> (64 - width));
            bits |= value << (place as u32 * width);
        }
        warp.set_result(register, lane, bits);
    }

    fn store(&self, warp: &mut Warp<'_>, lane: usize, register: usize, start: u64, stride: u64) {
        let bits = warp.argument(1 + register, lane);
        let width = self.ty.element_bits();
        for place in 0..self.layout.packed {
            let Some(index) = self.layout.element(register, lane, place) else {
                continue;
            };
            let address = start + self.distance(index, stride) * u64::from(width / 8);
            let value = (bits >> (place as u32 * width)).to_le_bytes();
            warp.memory
                .write(self.place, address, &value[..width as usize / 8]);
        }
    }

    /// Elements from the matrix's first to this one.
    fn distance(&self, index: usize, stride: u64) -> u64 {
        let (row, column) = (index / self.layout.columns, index % self.layout.columns);
        let (line, place) = if self.by_column {
            (column, row)
        } else {
            (row, column)
        };
        line as u64 * stride + place as u64
    }
}
