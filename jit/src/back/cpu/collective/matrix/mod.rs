//! Operations on matrices that a warp holds (PTX ISA, "Warp Level Matrix Multiply-Accumulate Instructions").
//!
//! | file | what it does |
//! | --- | --- |
//! | `layout` | which lane holds which element |
//! | `element` | bits of a register to numbers and back |
//! | `product` | `mma` and `wmma.mma`: fragments to matrices, their product, and back |
//! | `sum` | the arithmetic of a product, and its rounding |
//! | `double` | `fma` of doubles in every rounding |
//! | `rows` | `ldmatrix`, `stmatrix` and `movmatrix` |
//! | `fragment` | `wmma.load` and `wmma.store` |

mod double;
mod element;
mod fragment;
mod layout;
mod product;
mod rows;
mod sum;

use super::Warp;
use crate::ir::{Instruction, Opcode};

#[derive(Debug)]
pub(super) enum Matrix {
    Product(Box<product::Product>),
    Rows(rows::Rows),
    Fragment(Box<fragment::Transfer>),
}

impl Matrix {
    /// What an instruction does; none if it is none of these.
    pub(super) fn of(instruction: &Instruction) -> Option<Self> {
        Some(match instruction.opcode() {
            Opcode::Mma | Opcode::WmmaMma => {
                Self::Product(Box::new(product::Product::of(instruction)?))
            }
            Opcode::LdMatrix | Opcode::StMatrix | Opcode::MovMatrix => {
                Self::Rows(rows::Rows::of(instruction))
            }
            Opcode::WmmaLoad | Opcode::WmmaStore => {
                Self::Fragment(Box::new(fragment::Transfer::of(instruction)?))
            }
            _ => return None,
        })
    }

    pub(super) fn perform(&self, warp: &mut Warp<'_>) {
        match self {
            Self::Product(product) => product.perform(warp),
            Self::Rows(rows) => rows.perform(warp),
            Self::Fragment(transfer) => transfer.perform(warp),
        }
    }
}
