//! The shapes of matrix instructions (PTX ISA, "Matrix Shape").

use super::modifier::Modifier;
use super::module::Instruction;
use super::opcode::Opcode;

/// The extents of a product: `m` by `k` times `k` by `n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatrixShape {
    /// Rows of the first factor and of the product.
    pub m: u32,
    /// Columns of the second factor and of the product.
    pub n: u32,
    /// Columns of the first factor and rows of the second.
    pub k: u32,
}

impl MatrixShape {
    /// The shape that an instruction names; a product of nothing if it names none.
    pub fn of(instruction: &Instruction) -> Self {
        let named = instruction
            .modifiers
            .iter()
            .find_map(|modifier| read(modifier.name()));
        named.unwrap_or(Self { m: 0, n: 0, k: 0 })
    }

    /// Rows and columns of the matrix that a load or a store moves.
    pub fn extents(self, instruction: &Instruction) -> (u32, u32) {
        let names = |modifier| instruction.has(modifier);
        match instruction.opcode() {
            Opcode::WmmaLoad if names(Modifier::A) => (self.m, self.k),
            Opcode::WmmaLoad if names(Modifier::B) => (self.k, self.n),
            _ => (self.m, self.n),
        }
    }
}

/// Reads a word such as `m16n8k4`.
fn read(word: &str) -> Option<MatrixShape> {
    let (m, rest) = word.strip_prefix('m')?.split_once('n')?;
    let (n, k) = rest.split_once('k')?;
    Some(MatrixShape {
        m: m.parse().ok()?,
        n: n.parse().ok()?,
        k: k.parse().ok()?,
    })
}
