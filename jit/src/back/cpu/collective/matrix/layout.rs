//! Which lane holds which element of a matrix, in which part of which register (PTX ISA, "Matrix Fragments for mma").
//!
//! All of `mma`'s figures but one are the same picture: a matrix is cut into tiles of eight rows by four registers, and each lane holds one
//! register of each tile: the lane's number in its group of four says which, the group's number which row. The tiles of a column come
//! first. A second factor is laid out like a first one that is turned over. Of a product's tiles of eight by eight each lane
//! holds two neighbouring elements.
//!
//! What a lane holds of `wmma`'s matrices is not specified. Here it is the same picture; where a fragment has more registers than that
//! takes, the others are zero.
//!
//! The one figure that differs is that of `mma.m8n8k4` in `.f16`, which is four products, each of two groups of four lanes.

use crate::ir::MatrixShape;

/// Which matrix of `d = a * b + c` a fragment is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    A,
    B,
    /// The sum that is added, or the result.
    Sum,
}

/// How a matrix is spread over a warp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spread {
    /// The picture above.
    Tiles,
    /// Four products; whether the factor's columns lie together.
    Quads { by_column: bool },
}

/// A part of a register that holds no element.
const NOWHERE: u16 = u16::MAX;

/// A fragment's registers in all lanes.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) registers: usize,
    /// Elements in a register.
    pub(super) packed: usize,
    /// By register, lane, and place in the register: the element's number in the matrix, row by row.
    places: Vec<u16>,
    /// Elements of the matrix, or of all four.
    pub(super) elements: usize,
    pub(super) columns: usize,
}

impl Layout {
    /// Where elements of `bits` lie that a fragment of so many registers holds.
    pub(super) fn of(
        part: Part,
        shape: MatrixShape,
        spread: Spread,
        bits: u32,
        registers: usize,
    ) -> Self {
        let [m, n, k] = [shape.m, shape.n, shape.k].map(|extent| extent as usize);
        let (rows, columns) = match part {
            Part::A => (m, k),
            Part::B => (k, n),
            Part::Sum => (m, n),
        };
        let packed = (32 / bits as usize).max(1);
        let mut places = Vec::with_capacity(registers * 32 * packed);
        for register in 0..registers {
            for lane in 0..32 {
                for place in 0..packed {
                    let (product, row, column) = match spread {
                        Spread::Quads { by_column } => {
                            let index = register * packed + place;
                            quad_element(part, by_column, bits, lane, index)
                        }
                        Spread::Tiles => {
                            let (row, column) = match part {
                                Part::A => factor_element(rows, packed, register, lane, place),
                                Part::B => {
                                    let (column, row) =
                                        factor_element(columns, packed, register, lane, place);
                                    (row, column)
                                }
                                Part::Sum => sum_element(rows, lane, register * packed + place),
                            };
                            (0, row, column)
                        }
                    };
                    let is_element = row < rows && column < columns;
                    let number = (product * rows + row) * columns + column;
                    places.push(if is_element { number as u16 } else { NOWHERE });
                }
            }
        }
        let products = match spread {
            Spread::Tiles => 1,
            Spread::Quads { .. } => 4,
        };
        Self {
            registers,
            packed,
            places,
            elements: rows * columns * products,
            columns,
        }
    }

    /// The element at a place of a lane's register.
    pub(super) fn element(&self, register: usize, lane: usize, place: usize) -> Option<usize> {
        let index = (register * 32 + lane) * self.packed + place;
        let number = *self.places.get(index)?;
        (number != NOWHERE).then_some(usize::from(number))
    }
}

/// Row and column of an element of a first factor.
fn factor_element(
    rows: usize,
    packed: usize,
    register: usize,
    lane: usize,
    place: usize,
) -> (usize, usize) {
    let tiles = (rows / 8).max(1);
    let row = register % tiles * 8 + lane / 4;
    let column = (register / tiles * 4 + lane % 4) * packed + place;
    (row, column)
}

/// Row and column of an element of a sum.
fn sum_element(rows: usize, lane: usize, index: usize) -> (usize, usize) {
    let tiles = (rows / 8).max(1);
    let tile = index / 2;
    let row = tile % tiles * 8 + lane / 4;
    let column = tile / tiles * 8 + lane % 4 * 2 + index % 2;
    (row, column)
}

/// The product, and row and column of an element there (PTX ISA, "Matrix Fragments for mma.m8n8k4 with .f16 floating point type").
fn quad_element(
    part: Part,
    by_column: bool,
    bits: u32,
    lane: usize,
    index: usize,
) -> (usize, usize, usize) {
    let product = lane / 4 % 4;
    let upper = lane / 16 * 4;
    let (row, column) = match part {
        Part::A if by_column => (index % 4 + upper, lane % 4),
        Part::A => (lane % 4 + upper, index),
        Part::B if by_column => (index, lane % 4 + upper),
        Part::B => (lane % 4, index % 4 + upper),
        Part::Sum if bits == 16 => (lane % 4 + upper, index),
        Part::Sum => (
            (lane & 1) + (index & 2) + upper,
            (index & 4) + (lane & 2) + (index & 1),
        ),
    };
    (product, row, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(m: u32, n: u32, k: u32) -> MatrixShape {
        MatrixShape { m, n, k }
    }

    /// How often each element of a fragment is held.
    fn held(layout: &Layout) -> Vec<usize> {
        let mut held = vec![0; layout.elements];
        for register in 0..layout.registers {
            for lane in 0..32 {
                for place in 0..layout.packed {
                    if let Some(element) = layout.element(register, lane, place) {
                        held[element] += 1;
                    }
                }
            }
        }
        held
    }

    #[test]
    fn every_element_of_every_shape_is_held_once() {
        use Part::{A, B, Sum};
        let cases = [
            (A, shape(16, 8, 16), 16, 4),
            (B, shape(16, 8, 16), 16, 2),
            (Sum, shape(16, 8, 16), 32, 4),
            (Sum, shape(16, 8, 16), 16, 2),
            (A, shape(16, 8, 256), 1, 4),
            (B, shape(16, 8, 256), 1, 2),
            (A, shape(16, 8, 16), 64, 8),
            (B, shape(16, 8, 16), 64, 4),
            (A, shape(8, 8, 32), 4, 1),
            (A, shape(32, 8, 16), 16, 8),
            (B, shape(32, 8, 16), 16, 8),
            (B, shape(8, 32, 16), 8, 4),
            (Sum, shape(8, 32, 16), 32, 8),
            (Sum, shape(32, 8, 16), 16, 4),
            (A, shape(16, 16, 8), 32, 4),
            (B, shape(16, 16, 8), 32, 4),
        ];
        for (part, shape, bits, registers) in cases {
            let layout = Layout::of(part, shape, Spread::Tiles, bits, registers);
            assert!(
                held(&layout).iter().all(|times| *times == 1),
                "{part:?} of {shape:?} in {bits} bits"
            );
        }
    }

    #[test]
    fn the_four_products_of_quads_are_held_once() {
        let factors = [(Part::A, 16, 2), (Part::B, 16, 2)];
        let sums = [(Part::Sum, 16, 4), (Part::Sum, 32, 8)];
        for by_column in [false, true] {
            for (part, bits, registers) in factors.into_iter().chain(sums) {
                let spread = Spread::Quads { by_column };
                let layout = Layout::of(part, shape(8, 8, 4), spread, bits, registers);
                assert!(
                    held(&layout).iter().all(|times| *times == 1),
                    "{part:?} in {bits} bits"
                );
            }
        }
    }
}
