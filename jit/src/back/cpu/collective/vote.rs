//! Operations that tell a warp or a block something of all its threads (PTX ISA, `vote`, `match`, `redux`, `activemask`, `elect`,
//! `barrier.red`).

use super::{BlockFrames, Warp, chosen, cut};
use crate::ir::{Instruction, Modifier, Opcode, Type};

#[derive(Debug)]
pub(super) enum Vote {
    All,
    Any,
    Uniform,
    Ballot,
    MatchAny(Option<Type>),
    MatchAll(Option<Type>),
    ActiveMask,
    Elect,
    Reduce { how: Reduction, signed: bool },
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Reduction {
    Add,
    Min,
    Max,
    And,
    Or,
    Xor,
}

impl Vote {
    pub(super) fn of(instruction: &Instruction) -> Option<Self> {
        let has = |modifier| instruction.has(modifier);
        Some(match instruction.opcode() {
            Opcode::Vote if has(Modifier::All) => Self::All,
            Opcode::Vote if has(Modifier::Any) => Self::Any,
            Opcode::Vote if has(Modifier::Uni) => Self::Uniform,
            Opcode::Vote => Self::Ballot,
            Opcode::Match if has(Modifier::All) => Self::MatchAll(instruction.t),
            Opcode::Match => Self::MatchAny(instruction.t),
            Opcode::Elect => Self::Elect,
            Opcode::Redux => {
                let reductions = [
                    (Modifier::Add, Reduction::Add),
                    (Modifier::Min, Reduction::Min),
                    (Modifier::Max, Reduction::Max),
                    (Modifier::And, Reduction::And),
                    (Modifier::Or, Reduction::Or),
                    (Modifier::Xor, Reduction::Xor),
                ];
                Self::Reduce {
                    how: chosen(instruction, &reductions)?,
                    signed: instruction.t.is_some_and(Type::is_signed),
                }
            }
            _ => return None,
        })
    }

    pub(super) fn perform(&self, warp: &mut Warp<'_>) {
        match self {
            Self::All | Self::Any | Self::Uniform | Self::Ballot => self.poll(warp),
            Self::MatchAny(ty) => match_any(warp, *ty),
            Self::MatchAll(ty) => match_all(warp, *ty),
            Self::ActiveMask => {
                let lanes = u64::from(warp.lanes);
                warp.lanes()
                    .for_each(|lane| warp.set_result(0, lane, lanes));
            }
            Self::Elect => {
                let leader = warp.lanes.trailing_zeros() as usize;
                for lane in warp.lanes() {
                    warp.set_result(0, lane, leader as u64);
                    warp.set_result(1, lane, u64::from(lane == leader));
                }
            }
            Self::Reduce { how, signed } => {
                let values = warp.lanes().map(|lane| warp.argument(0, lane) as u32);
                let reduced = values.reduce(|left, right| how.of(left, right, *signed));
                for lane in warp.lanes() {
                    warp.set_result(0, lane, u64::from(reduced.unwrap_or(0)));
                }
            }
        }
    }

    fn poll(&self, warp: &mut Warp<'_>) {
        let ballot = warp
            .lanes()
            .filter(|lane| warp.argument(0, *lane) & 1 != 0)
            .fold(0u32, |ballot, lane| ballot | 1 << lane);
        let result = match self {
            Self::All => u64::from(ballot == warp.lanes),
            Self::Any => u64::from(ballot != 0),
            Self::Uniform => u64::from(ballot == warp.lanes || ballot == 0),
            _ => u64::from(ballot),
        };
        warp.lanes()
            .for_each(|lane| warp.set_result(0, lane, result));
    }
}

impl Reduction {
    fn of(self, left: u32, right: u32, signed: bool) -> u32 {
        match self {
            Self::Add => left.wrapping_add(right),
            Self::Min if signed => (left as i32).min(right as i32) as u32,
            Self::Min => left.min(right),
            Self::Max if signed => (left as i32).max(right as i32) as u32,
            Self::Max => left.max(right),
            Self::And => left & right,
            Self::Or => left | right,
            Self::Xor => left ^ right,
        }
    }
}

fn match_any(warp: &mut Warp<'_>, ty: Option<Type>) {
    let values: Vec<(usize, u64)> = warp
        .lanes()
        .map(|lane| (lane, cut(warp.argument(0, lane), ty)))
        .collect();
    for (lane, value) in &values {
        let same = values.iter().filter(|(_, other)| other == value);
        let mask = same.fold(0u32, |mask, (other, _)| mask | 1 << other);
        warp.set_result(0, *lane, u64::from(mask));
    }
}

fn match_all(warp: &mut Warp<'_>, ty: Option<Type>) {
    let mut values = warp.lanes().map(|lane| cut(warp.argument(0, lane), ty));
    let first = values.next();
    let all = values.all(|value| Some(value) == first);
    let mask = if all { u64::from(warp.lanes) } else { 0 };
    for lane in warp.lanes() {
        warp.set_result(0, lane, mask);
        warp.set_result(1, lane, u64::from(all));
    }
}

/// `barrier.red`
#[derive(Debug)]
pub(super) enum BlockVote {
    Count,
    And,
    Or,
}

impl BlockVote {
    pub(super) fn of(instruction: &Instruction) -> Self {
        match () {
            () if instruction.has(Modifier::And) => Self::And,
            () if instruction.has(Modifier::Or) => Self::Or,
            () => Self::Count,
        }
    }

    pub(super) fn perform(&self, block: &mut BlockFrames<'_>) {
        // The barrier's number is the first argument.
        let slot = block.layout.argument(1, block.operation.argument_size(1));
        let threads = block.threads.iter();
        let holds = threads
            .filter(|thread| block.frames.read(slot, **thread) & 1 != 0)
            .count();
        let result = match self {
            Self::Count => holds as u64,
            Self::And => u64::from(holds == block.threads.len()),
            Self::Or => u64::from(holds > 0),
        };
        for thread in block.threads {
            let slot = block.layout.result(0, block.operation.result_size(0));
            block.frames.write(slot, *thread, result);
        }
    }
}
