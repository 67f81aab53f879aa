//! Operations that threads of a warp or a block do together.
//!
//! When all that take part have come, each with its operands in its frame, the operation is done here, in plain Rust, and each finds its
//! results in its frame.

mod exchange;
mod matrix;
mod vote;

use super::arena::{Frames, Memory};
use super::suspension::{FrameLayout, size_of_value, values};
use crate::ir::{FaultCause, Instruction, Modifier, Opcode, Operand, Space, Type};

/// Who must have come before an operation is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// Every thread of the block that has not ended.
    Block,
    /// Every thread of the warp that has not ended.
    Warp,
    /// The lanes that this argument names, as far as they have not ended.
    Mask(usize),
    /// Nobody else.
    Nobody,
}

/// An operation, ready to be done.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) wait: Wait,
    kind: Kind,
    /// What it reads from each thread, with the types of the values.
    pub(super) sources: Vec<(Operand, Option<Type>)>,
    /// Whether the address among them, if there is one, is in the window.
    pub(super) in_window: bool,
    /// What it writes in each thread.
    pub(super) destinations: Vec<(Operand, Option<Type>)>,
}

#[derive(Debug)]
enum Kind {
    /// Nothing but waiting.
    Barrier,
    BlockVote(vote::BlockVote),
    Exchange(exchange::Exchange),
    Matrix(matrix::Matrix),
    Vote(vote::Vote),
}

impl Operation {
    /// What an instruction does; none if it has no translation.
    pub(super) fn of(instruction: &Instruction) -> Option<Self> {
        let sources = values(instruction, false);
        let last = sources.len().checked_sub(1);
        let (wait, kind) = match instruction.opcode() {
            Opcode::Bar => (Wait::Block, Kind::Barrier),
            Opcode::BarRed => (
                Wait::Block,
                Kind::BlockVote(vote::BlockVote::of(instruction)),
            ),
            Opcode::BarWarp => (Wait::Mask(0), Kind::Barrier),
            Opcode::Shfl => (
                Wait::Mask(last?),
                Kind::Exchange(exchange::Exchange::of(instruction)?),
            ),
            Opcode::ActiveMask => (Wait::Nobody, Kind::Vote(vote::Vote::ActiveMask)),
            Opcode::Vote | Opcode::Match | Opcode::Redux | Opcode::Elect => {
                (Wait::Mask(last?), Kind::Vote(vote::Vote::of(instruction)?))
            }
            _ => (Wait::Warp, Kind::Matrix(matrix::Matrix::of(instruction)?)),
        };
        Some(Self {
            wait,
            kind,
            sources,
            in_window: !matches!(instruction.space(), Space::Shared | Space::Local),
            destinations: values(instruction, true),
        })
    }

    /// Of a shuffle, for each lane of a whole warp the lane that it reads, and whether that lies in the segment, if all lanes give the same
    /// numbers.
    pub(super) fn lanes_read(&self, b: u32, c: u32) -> Option<[(u32, bool); 32]> {
        match &self.kind {
            Kind::Exchange(exchange) => Some(exchange.sources(b, c)),
            _ => None,
        }
    }

    /// Bytes of an argument in a thread's frame.
    pub(super) fn argument_size(&self, index: usize) -> u32 {
        self.sources
            .get(index)
            .map_or(8, |(_, ty)| size_of_value(*ty))
    }

    /// Bytes of a result in a thread's frame.
    pub(super) fn result_size(&self, index: usize) -> u32 {
        self.destinations
            .get(index)
            .map_or(8, |(_, ty)| size_of_value(*ty))
    }

    /// How many values it reads from each thread.
    pub(super) fn arguments(&self) -> usize {
        self.sources.len()
    }

    /// How many values it gives each thread.
    pub(super) fn results(&self) -> usize {
        self.destinations.len()
    }

    /// Does it for the threads of a warp that take part.
    pub(super) fn perform(&self, warp: &mut Warp<'_>) -> Result<(), FaultCause> {
        match &self.kind {
            Kind::Barrier | Kind::BlockVote(_) => {}
            Kind::Exchange(exchange) => exchange.perform(warp),
            Kind::Matrix(matrix) => matrix.perform(warp),
            Kind::Vote(vote) => vote.perform(warp),
        }
        Ok(())
    }

    /// Does it for all warps of a block, if it is one of the block's.
    pub(super) fn perform_for_block(&self, warps: &mut BlockFrames<'_>) {
        if let Kind::BlockVote(vote) = &self.kind {
            vote.perform(warps);
        }
    }
}

/// The threads of a warp that take part, and their frames.
pub(super) struct Warp<'a> {
    pub(super) operation: &'a Operation,
    pub(super) frames: &'a mut Frames,
    pub(super) layout: &'a FrameLayout,
    /// Number in the block of the first lane's thread.
    pub(super) first: usize,
    /// The lanes that take part.
    pub(super) lanes: u32,
    /// What matrices are loaded from and stored to.
    pub(super) memory: &'a mut Memory,
}

impl Warp<'_> {
    /// The lanes that take part, the lowest first.
    pub(super) fn lanes(&self) -> impl Iterator<Item = usize> + use<> {
        let lanes = self.lanes;
        (0..32).filter(move |lane| lanes >> lane & 1 != 0)
    }

    pub(super) fn takes_part(&self, lane: usize) -> bool {
        self.lanes >> lane & 1 != 0
    }

    /// An operand of a lane, in the width of its type.
    pub(super) fn argument(&self, index: usize, lane: usize) -> u64 {
        let slot = self
            .layout
            .argument(index, self.operation.argument_size(index));
        self.frames.read(slot, self.first + lane)
    }

    /// An operand of 32 bits of all lanes; none if some do not take part or it is wider.
    pub(super) fn whole_argument(&self, index: usize) -> Option<[u32; 32]> {
        let size = self.operation.argument_size(index);
        let slot = self.layout.argument(index, size);
        (self.lanes == u32::MAX).then(|| self.frames.read_warp(slot, self.first))?
    }

    /// Gives all lanes a result of 32 bits.
    pub(super) fn set_whole_result(&mut self, index: usize, values: &[u32; 32]) {
        let slot = self.layout.result(index, self.operation.result_size(index));
        self.frames.write_warp(slot, self.first, values);
    }

    pub(super) fn set_result(&mut self, index: usize, lane: usize, value: u64) {
        let slot = self.layout.result(index, self.operation.result_size(index));
        self.frames.write(slot, self.first + lane, value);
    }
}

/// The threads of a block that take part, and their frames.
pub(super) struct BlockFrames<'a> {
    pub(super) operation: &'a Operation,
    pub(super) frames: &'a mut Frames,
    pub(super) layout: &'a FrameLayout,
    pub(super) threads: &'a [usize],
}

/// The part of an operand that its type has.
fn cut(value: u64, ty: Option<Type>) -> u64 {
    match ty.map_or(64, Type::bits) {
        64.. => value,
        bits => value & ((1 << bits) - 1),
    }
}

/// The first of these words that an instruction has.
fn chosen<T: Copy>(instruction: &Instruction, words: &[(Modifier, T)]) -> Option<T> {
    let chosen = words.iter().find(|(word, _)| instruction.has(*word));
    chosen.map(|(_, meaning)| *meaning)
}
