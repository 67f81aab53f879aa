//! The printed text, read line by line into what the proofs are about.
//!
//! It knows only what our printer writes: one statement a line, generated names, decimal numbers. Everything else is refused, so that
//! there is no second way to read an accepted text.

mod instruction;
mod kernel;
mod line;
mod operand;

pub(super) use kernel::kernels;
pub(super) use line::Lines;

use super::table::Row;
use std::collections::HashMap;

/// Index of a register of a kernel.
pub(super) type RegisterId = u32;
/// Index of a block of a kernel.
pub(super) type BlockId = u32;

/// A register's declaration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Register<'a> {
    pub(super) name: &'a str,
    /// Bits; 1 for a predicate.
    pub(super) width: u32,
}

/// A parameter's declaration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    /// Where it lies behind the others.
    pub(super) offset: u32,
    pub(super) bytes: u32,
}

/// An instruction's name, looked up in the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mnemonic<'a> {
    /// As it is spelt.
    pub(super) text: &'a str,
    pub(super) row: &'static Row,
}

impl<'a> Mnemonic<'a> {
    /// The words behind the row's name.
    pub(super) fn words(&self) -> impl Iterator<Item = &'a str> {
        let words = self.text.get(self.row.name.len()..).unwrap_or("");
        words.split('.').filter(|word| !word.is_empty())
    }

    pub(super) fn has(&self, wanted: &str) -> bool {
        self.words().any(|word| word == wanted)
    }
}

/// Where an address begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    Register(RegisterId),
    /// A parameter by its number.
    Parameter(u32),
    /// The launch record.
    Record,
}

/// An operand.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand<'a> {
    Register(RegisterId),
    /// A predicate, negated.
    Not(RegisterId),
    /// A number, modulo 2^64.
    Number(u64),
    Float,
    Special(&'a str),
    /// The name of an array that holds a whole space.
    Space(&'a str),
    Vector(Box<[Operand<'a>]>),
    Sink,
    Address(Base, i64),
    Label(&'a str),
}

/// One instruction.
#[derive(Clone, Debug)]
pub(super) struct Instruction<'a> {
    pub(super) line: u32,
    /// The predicate that it is done under, and whether that is negated.
    pub(super) guard: Option<(RegisterId, bool)>,
    pub(super) name: Mnemonic<'a>,
    pub(super) operands: Box<[Operand<'a>]>,
}

impl Instruction<'_> {
    /// Whether it writes the operand at a place.
    pub(super) fn is_written(&self, place: usize) -> bool {
        let mut kinds = self.name.row.operands.bytes().filter(|kind| *kind != b'?');
        matches!(kinds.nth(place), Some(b'd' | b'D'))
    }
}

/// How a block ends.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// To one block.
    Jump(BlockId),
    /// To `then` if the register has the value, else to the next block.
    Branch {
        register: RegisterId,
        negated: bool,
        then: BlockId,
        otherwise: BlockId,
    },
    /// To one of several blocks, which a register counts.
    Switch(RegisterId, Vec<BlockId>),
    /// It leaves the kernel.
    Leave,
    /// Into the fault recorder.
    Fault,
}

/// A block.
#[derive(Clone, Debug)]
pub(super) struct Block<'a> {
    pub(super) instructions: Vec<Instruction<'a>>,
    pub(super) end: End,
    /// The line of its end.
    pub(super) line: u32,
}

impl Block<'_> {
    /// Where it may go on.
    pub(super) fn successors(&self) -> impl Iterator<Item = BlockId> + '_ {
        let (pair, list): ([Option<BlockId>; 2], &[BlockId]) = match &self.end {
            End::Jump(target) => ([Some(*target), None], &[]),
            End::Branch {
                then, otherwise, ..
            } => ([Some(*then), Some(*otherwise)], &[]),
            End::Switch(_, targets) => ([None, None], targets),
            End::Leave | End::Fault => ([None, None], &[]),
        };
        pair.into_iter().flatten().chain(list.iter().copied())
    }
}

/// The local memory that a kernel declares.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local {
    pub(super) align: u32,
    pub(super) bytes: u64,
}

/// A kernel.
#[derive(Debug)]
pub(super) struct Kernel<'a> {
    pub(super) line: u32,
    pub(super) parameters: Vec<Parameter>,
    pub(super) registers: Vec<Register<'a>>,
    pub(super) names: HashMap<&'a str, RegisterId>,
    pub(super) local: Option<Local>,
    /// Its blocks; it starts with the first.
    pub(super) blocks: Vec<Block<'a>>,
    /// By the line of its label the block that begins there.
    pub(super) labelled: HashMap<u32, BlockId>,
}
