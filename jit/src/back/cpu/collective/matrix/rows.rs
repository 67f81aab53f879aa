//! `ldmatrix`, `stmatrix` and `movmatrix`: matrices of eight rows of eight halves.
//!
//! A row lies in four lanes, two neighbouring elements in each; row 0 in the first four. Addresses of rows come from eight lanes each: the
//! first eight give those of the first matrix.

use super::super::super::arena::Place;
use super::super::Warp;
use crate::ir::{Instruction, Modifier, Opcode};

#[derive(Debug)]
pub(in super::super) struct Rows {
    way: Way,
    /// How many matrices.
    count: usize,
    transposes: bool,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Load,
    Store,
    Move,
}

/// Eight rows of eight elements.
type Square = [[u16; 8]; 8];

impl Rows {
    pub(super) fn of(instruction: &Instruction) -> Self {
        let counts = [(Modifier::X2, 2), (Modifier::X4, 4)];
        Self {
            way: match instruction.opcode() {
                Opcode::LdMatrix => Way::Load,
                Opcode::StMatrix => Way::Store,
                _ => Way::Move,
            },
            count: super::super::chosen(instruction, &counts).unwrap_or(1),
            transposes: instruction.has(Modifier::Trans),
        }
    }

    pub(super) fn perform(&self, warp: &mut Warp<'_>) {
        for number in 0..self.count {
            match self.way {
                Way::Load => {
                    let square = load(warp, number);
                    self.give(warp, number, square);
                }
                Way::Store => {
                    let square = self.turned(held(warp, 1 + number));
                    store(warp, number, &square);
                }
                Way::Move => {
                    let square = held(warp, 0);
                    self.give(warp, 0, square);
                }
            }
        }
    }

    fn turned(&self, square: Square) -> Square {
        if !self.transposes {
            return square;
        }
        std::array::from_fn(|row| std::array::from_fn(|column| square[column][row]))
    }

    /// Gives each lane its two elements.
    fn give(&self, warp: &mut Warp<'_>, result: usize, square: Square) {
        let square = self.turned(square);
        for lane in warp.lanes() {
            let row = square[lane / 4];
            let (low, high) = (row[lane % 4 * 2], row[lane % 4 * 2 + 1]);
            warp.set_result(result, lane, u64::from(high) << 16 | u64::from(low));
        }
    }
}

/// The matrix that an argument's lanes hold. What lanes hold that do not take part is zero.
fn held(warp: &Warp<'_>, argument: usize) -> Square {
    let mut square = Square::default();
    for lane in warp.lanes() {
        let bits = warp.argument(argument, lane);
        square[lane / 4][lane % 4 * 2] = bits as u16;
        square[lane / 4][lane % 4 * 2 + 1] = (bits >> 16) as u16;
    }
    square
}

fn load(warp: &Warp<'_>, number: usize) -> Square {
    let mut square = Square::default();
    for (index, row) in square.iter_mut().enumerate() {
        let lane = number * 8 + index;
        if warp.takes_part(lane) {
            let address = warp.argument(0, lane);
            warp.memory
                .read(Place::Shared, address, bytemuck::bytes_of_mut(row));
        }
    }
    square
}

fn store(warp: &mut Warp<'_>, number: usize, square: &Square) {
    for (index, row) in square.iter().enumerate() {
        let lane = number * 8 + index;
        if warp.takes_part(lane) {
            let address = warp.argument(0, lane);
            warp.memory
                .write(Place::Shared, address, bytemuck::bytes_of(row));
        }
    }
}
