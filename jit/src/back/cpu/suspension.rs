//! Where threads wait for each other, and what they keep meanwhile.
//!
//! A kernel is cut at each operation of a warp or block. What lies between two cuts is a segment: a function of its own that runs some
//! threads of a block, one after the other, until each waits or ends. What a thread still wants lies in its frame meanwhile. Frames
//! are stored by slot, not by thread, so that one slot of neighbouring threads is one vector.

use super::at_once::{self, Shuffle};
use super::collective::Operation;
use crate::analysis::order::{Region, reverse_postorder_of};
use crate::analysis::{Lanes, Liveness, for_each_written, lanes};
use crate::diagnostics::Diagnostic;
use crate::ir::{
    Block, BlockId, Effect, FaultCause, FaultSite, Function, Instruction, Operand, Register, Space,
    Terminator, Type,
};
use crate::limits::{
    MAX_BLOCK_LOCAL_BYTES, MAX_FRAMES_BYTES, MAX_SEGMENT_BLOCKS, MAX_THREADS_PER_BLOCK,
};

/// A kernel that was cut.
pub(super) struct Segmented {
    /// Every operation that waits is the last instruction of its block.
    pub(super) function: Function,
    pub(super) suspensions: Vec<Suspension>,
    /// By block, whether it ends in one.
    pub(super) ends: Vec<bool>,
    pub(super) frames: FrameLayout,
    /// What is needed to run threads in step, if they can be.
    pub(super) in_step: Option<InStep>,
}

/// How threads of a kernel run in step.
pub(super) struct InStep {
    /// How many at once.
    pub(super) group: u32,
    /// How each register differs between them.
    pub(super) lanes: Vec<Lanes>,
    /// Where threads may part. Each is a block that branches and does nothing else.
    pub(super) partings: Vec<Parting>,
    /// By block, whether what decides at its end is read behind it, too.
    pub(super) decider_lives: Vec<bool>,
    /// By suspension, what a group does there at once instead of waiting.
    pub(super) at_once: Vec<Option<Shuffle>>,
    /// By block, whether it ends in a suspension where groups wait.
    pub(super) ends: Vec<bool>,
}

/// A branch that the threads of a group may take differently: each then goes on alone, from here.
pub(super) struct Parting {
    pub(super) block: BlockId,
    /// The block that it was split from, the only one that leads to it.
    pub(super) before: BlockId,
    /// What they keep.
    pub(super) kept: Vec<Register>,
}

/// Where a thread goes on.
pub(super) struct EntryPoint<'a> {
    pub(super) start: BlockId,
    pub(super) kept: &'a [Register],
    /// What it waited for.
    pub(super) operation: Option<&'a Operation>,
}

/// One place where threads wait.
#[derive(Debug)]
pub(super) struct Suspension {
    /// The block that ends in it.
    pub(super) block: BlockId,
    /// Where they go on.
    pub(super) resume: BlockId,
    /// What they keep.
    pub(super) kept: Vec<Register>,
    pub(super) operation: Operation,
    /// The fault of whoever waits for ever.
    pub(super) site: u32,
}

/// Where a frame's parts lie, in bytes from the start of all frames.
#[derive(Clone, Debug, Default)]
pub(super) struct FrameLayout {
    /// By register, the slot it is kept in.
    slots: Vec<Option<Slot>>,
    /// Room for eight bytes for each operand of the operation.
    arguments: u32,
    /// Room for eight bytes for each result.
    results: u32,
    /// The bytes of all frames of a block.
    pub(super) bytes: u32,
}

/// One value of each thread, one behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// Where the first thread's is.
    pub(super) start: u32,
    /// Bytes from one thread's to the next's.
    pub(super) size: u32,
}

/// Between slots, so that they do not all fall into the same sets of the cache.
const PADDING: u32 = 64;

/// The bytes of a slot in all threads.
const fn column(size: u32) -> u32 {
    size * MAX_THREADS_PER_BLOCK + PADDING
}

impl FrameLayout {
    pub(super) fn slot(&self, register: Register) -> Option<Slot> {
        self.slots.get(register.index()).copied().flatten()
    }

    /// Where an operation's argument of so many bytes is.
    pub(super) fn argument(&self, index: usize, size: u32) -> Slot {
        Slot {
            start: self.arguments + index as u32 * column(8),
            size,
        }
    }

    /// Where an operation's result of so many bytes is.
    pub(super) fn result(&self, index: usize, size: u32) -> Slot {
        Slot {
            start: self.results + index as u32 * column(8),
            size,
        }
    }
}

/// Whether threads wait for each other anywhere in a kernel.
pub(super) fn waits(function: &Function) -> bool {
    let mut instructions = function.instructions();
    instructions.any(|instruction| instruction.effect() == Effect::Collective)
}

/// Whether a kernel does little but operations of a warp, between which there is nothing to run in step.
pub(super) fn exchanges_much(function: &Function) -> bool {
    let operations = function.instructions();
    let operations = operations.filter(|instruction| instruction.effect() == Effect::Collective);
    operations.count() * 16 > function.instruction_count()
}

impl Segmented {
    /// Cuts a kernel, for groups of so many threads that run in step if a number is given.
    pub(super) fn of(function: &Function, group: Option<u32>) -> Result<Self, Diagnostic> {
        let mut function = function.clone();
        let cuts = cut(&mut function);
        let in_step = group.map(|group| {
            let lanes = lanes(&function, group);
            let blocks = split_partings(&mut function, &lanes);
            (group, lanes, blocks)
        });
        let liveness = Liveness::of(&function);
        let mut ends = vec![false; function.blocks.len()];
        let mut suspensions = Vec::with_capacity(cuts.len());
        for (block, resume) in cuts {
            ends[block.index()] = true;
            let Some(instruction) = function.blocks[block.index()].instructions.last().cloned()
            else {
                continue;
            };
            // What the operation writes comes from its results.
            let mut written = Vec::new();
            for_each_written(&instruction, &mut |register| written.push(register));
            let live = liveness.at_start(resume);
            let kept = live
                .filter(|register| !written.contains(register))
                .collect();
            let site = function.sites.len() as u32;
            function.sites.push(FaultSite {
                cause: FaultCause::Divergence,
                size: 0,
                span: instruction.span,
            });
            suspensions.push(Suspension {
                block,
                resume,
                kept,
                operation: Operation::of(&instruction)
                    .ok_or_else(|| untranslatable(&instruction))?,
                site,
            });
        }
        check_local(&function)?;
        let at_once = at_once::shuffles(&function, &suspensions, group.unwrap_or(1));
        let in_step = in_step.map(|(group, lanes, blocks)| InStep {
            group,
            lanes,
            partings: blocks
                .into_iter()
                .map(|(before, block)| Parting {
                    block,
                    before,
                    kept: liveness.at_start(block).collect(),
                })
                .collect(),
            decider_lives: (0..function.blocks.len())
                .map(|index| decider_lives(&function, &liveness, BlockId(index as u32)))
                .collect(),
            ends: ends_in_step(&ends, &suspensions, &at_once),
            at_once,
        });
        let frames = lay_out(&function, &suspensions, in_step.as_ref())?;
        let segmented = Self {
            function,
            suspensions,
            ends,
            frames,
            in_step,
        };
        segmented.check_blocks()?;
        Ok(segmented)
    }

    /// How many places there are to go on from: the start, behind each suspension, and each parting.
    pub(super) fn entries(&self) -> usize {
        let partings = self.in_step.as_ref();
        self.suspensions.len() + 1 + partings.map_or(0, |in_step| in_step.partings.len())
    }

    pub(super) fn entry(&self, entry: usize) -> EntryPoint<'_> {
        let start = EntryPoint {
            start: BlockId(0),
            kept: &[],
            operation: None,
        };
        let Some(suspension) = entry.checked_sub(1) else {
            return start;
        };
        if let Some(suspension) = self.suspensions.get(suspension) {
            return EntryPoint {
                start: suspension.resume,
                kept: &suspension.kept,
                operation: Some(&suspension.operation),
            };
        }
        let parting = suspension - self.suspensions.len();
        let partings = self.in_step.as_ref().map(|in_step| &in_step.partings);
        match partings.and_then(|partings| partings.get(parting)) {
            Some(parting) => EntryPoint {
                start: parting.block,
                kept: &parting.kept,
                operation: None,
            },
            None => start,
        }
    }

    /// The number of the suspension behind which a block goes on.
    pub(super) fn place(&self, resume: BlockId) -> Option<usize> {
        let mut suspensions = self.suspensions.iter();
        suspensions.position(|suspension| suspension.resume == resume)
    }

    /// The number of the entry at a parting, and what threads keep there; none if the block is none.
    pub(super) fn parting(&self, block: BlockId) -> Option<(usize, &Parting)> {
        let partings = &self.in_step.as_ref()?.partings;
        let place = partings
            .binary_search_by_key(&block, |parting| parting.block)
            .ok()?;
        Some((self.suspensions.len() + 1 + place, &partings[place]))
    }

    /// For each segment whether its threads shall run in step: it has a loop, or one that may follow has; all if none has. What
    /// comes behind the last loop is not worth more code.
    pub(super) fn worth_in_step(&self) -> Vec<bool> {
        let segments = 0..self.suspensions.len() + 1;
        let mut followers = Vec::with_capacity(segments.len());
        let mut worth = Vec::with_capacity(segments.len());
        let ends = self.in_step.as_ref().map_or(&self.ends, |it| &it.ends);
        for segment in segments {
            let starts = [self.entry(segment).start];
            let region = Region {
                starts: &starts,
                ends: Some(ends),
            };
            let order = reverse_postorder_of(&self.function, &region);
            worth.push(has_loop(&self.function, &order, &region));
            let ends = order.iter().filter(|block| region.ends_at(**block));
            let resumes =
                ends.flat_map(|block| self.function.blocks[block.index()].terminator.successors());
            let next = resumes.filter_map(|resume| Some(self.place(resume)? + 1));
            followers.push(next.collect::<Vec<usize>>());
        }
        if worth.iter().all(|worth| !worth) {
            worth.fill(true);
        }
        let mut changed = true;
        while changed {
            changed = false;
            for (segment, followers) in followers.iter().enumerate().rev() {
                if !worth[segment] && followers.iter().any(|next| worth[*next]) {
                    worth[segment] = true;
                    changed = true;
                }
            }
        }
        // No group in step goes on where it has not waited.
        for (place, at_once) in self
            .in_step
            .iter()
            .flat_map(|it| it.at_once.iter().enumerate())
        {
            worth[place + 1] &= at_once.is_none();
        }
        worth
    }

    /// The blocks that the segments have in all are not too many.
    fn check_blocks(&self) -> Result<(), Diagnostic> {
        let mut blocks = 0;
        for entry in 0..=self.suspensions.len() {
            let starts = [self.entry(entry).start];
            let region = Region {
                starts: &starts,
                ends: Some(&self.ends),
            };
            blocks += reverse_postorder_of(&self.function, &region).len();
            if blocks > MAX_SEGMENT_BLOCKS {
                let message = format!(
                    "what lies between the barriers and operations of a warp of the kernel `{}` is more than \
                     {MAX_SEGMENT_BLOCKS} basic blocks in all, those behind several of them counted more than once: split it",
                    self.function.name
                );
                return Err(Diagnostic::error(self.function.span, message));
            }
        }
        Ok(())
    }
}

/// Whether a region goes back to one of its blocks.
fn has_loop(function: &Function, order: &[BlockId], region: &Region<'_>) -> bool {
    let mut places = vec![usize::MAX; function.blocks.len()];
    for (place, block) in order.iter().enumerate() {
        places[block.index()] = place;
    }
    order.iter().enumerate().any(|(place, block)| {
        let mut successors = region.successors(function, *block).into_iter();
        successors.any(|successor| places[successor.index()] <= place)
    })
}

/// All threads' local memory exists at once.
fn check_local(function: &Function) -> Result<(), Diagnostic> {
    let threads = function.max_threads.unwrap_or(MAX_THREADS_PER_BLOCK);
    let threads = u64::from(threads.min(MAX_THREADS_PER_BLOCK));
    let bytes = function.variable_bytes(Space::Local);
    if bytes * threads > MAX_BLOCK_LOCAL_BYTES {
        let message = format!(
            "the threads of a block of the kernel `{}`, {threads} at most, have {bytes} bytes of local memory each; at most \
             {MAX_BLOCK_LOCAL_BYTES} in all are accepted: pass a buffer instead",
            function.name
        );
        return Err(Diagnostic::error(function.span, message));
    }
    Ok(())
}

fn untranslatable(instruction: &Instruction) -> Diagnostic {
    let name = instruction.form.form().name;
    Diagnostic::error(
        instruction.span,
        format!("`{name}` has no translation for this processor"),
    )
}

/// Ends blocks behind each operation that waits; gives those blocks and the ones that follow.
fn cut(function: &mut Function) -> Vec<(BlockId, BlockId)> {
    let mut cuts = Vec::new();
    let mut index = 0;
    while index < function.blocks.len() {
        let block = &mut function.blocks[index];
        let waits = |instruction: &Instruction| instruction.effect() == Effect::Collective;
        if let Some(place) = block.instructions.iter().position(waits) {
            let rest = Block {
                instructions: block.instructions.split_off(place + 1),
                terminator: std::mem::replace(&mut block.terminator, Terminator::Exit),
                cold: block.cold,
            };
            let resume = BlockId(function.blocks.len() as u32);
            function.blocks[index].terminator = Terminator::Jump(resume);
            function.blocks.push(rest);
            cuts.push((BlockId(index as u32), resume));
        }
        index += 1;
    }
    cuts
}

/// The block that records a fault, and the one that goes on, if a block ends in a guard: where one thread of a group faults, the
/// launch ends, and no thread goes on alone.
pub(super) fn guarded_by(function: &Function, block: usize) -> Option<(BlockId, BlockId)> {
    let Terminator::Branch {
        predicate,
        then,
        otherwise,
    } = &function.blocks[block].terminator
    else {
        return None;
    };
    let fault = &function.blocks[then.index()];
    let faults =
        fault.instructions.is_empty() && matches!(fault.terminator, Terminator::Fault { .. });
    (faults && !predicate.negated).then_some((*then, *otherwise))
}

/// Puts the branches that the threads of a group may take differently into blocks of their own; gives both, in their
/// order.
fn split_partings(function: &mut Function, lanes: &[Lanes]) -> Vec<(BlockId, BlockId)> {
    let mut partings = Vec::new();
    for index in 0..function.blocks.len() {
        let decider = match &function.blocks[index].terminator {
            Terminator::Branch { predicate, .. } => predicate.register,
            Terminator::Switch { index, .. } => *index,
            _ => continue,
        };
        if lanes[decider.index()] == Lanes::Uniform || guarded_by(function, index).is_some() {
            continue;
        }
        let parting = BlockId(function.blocks.len() as u32);
        let block = &mut function.blocks[index];
        let cold = block.cold;
        let terminator = std::mem::replace(&mut block.terminator, Terminator::Jump(parting));
        function.blocks.push(Block {
            cold,
            ..Block::ending(terminator)
        });
        partings.push((BlockId(index as u32), parting));
    }
    partings
}

/// Whether what decides at a block's end is wanted behind it.
fn decider_lives(function: &Function, liveness: &Liveness, block: BlockId) -> bool {
    let terminator = &function.blocks[block.index()].terminator;
    let decider = terminator.reads();
    let mut successors = terminator.successors().into_iter();
    successors.any(|successor| {
        liveness
            .at_start(successor)
            .any(|live| Some(live) == decider)
    })
}

/// By block, whether it ends in a suspension where groups wait.
fn ends_in_step(
    ends: &[bool],
    suspensions: &[Suspension],
    at_once: &[Option<Shuffle>],
) -> Vec<bool> {
    let mut ends = ends.to_vec();
    for (suspension, at_once) in suspensions.iter().zip(at_once) {
        ends[suspension.block.index()] &= at_once.is_none();
    }
    ends
}

/// Gives registers slots. Two that are never kept at once may share one.
fn lay_out(
    function: &Function,
    suspensions: &[Suspension],
    in_step: Option<&InStep>,
) -> Result<FrameLayout, Diagnostic> {
    let mut waiting: Vec<Vec<u32>> = vec![Vec::new(); function.registers.len()];
    let partings = in_step.map_or(&[][..], |in_step| &in_step.partings);
    let kept = suspensions.iter().map(|suspension| &suspension.kept);
    let kept: Vec<&Vec<Register>> = kept
        .chain(partings.iter().map(|parting| &parting.kept))
        .collect();
    for (number, kept) in kept.iter().enumerate() {
        for register in *kept {
            waiting[register.index()].push(number as u32);
        }
    }
    // For each slot, at which suspensions it is taken.
    let mut columns: Vec<(u32, Vec<bool>)> = Vec::new();
    let mut chosen: Vec<Option<usize>> = vec![None; function.registers.len()];
    for (index, kept_at) in waiting.iter().enumerate() {
        if kept_at.is_empty() {
            continue;
        }
        let size = size_of(function.registers[index]);
        let is_free = |(width, taken): &(u32, Vec<bool>)| {
            *width == size && kept_at.iter().all(|at| !taken[*at as usize])
        };
        let column = match columns.iter().position(is_free) {
            Some(column) => column,
            None => {
                columns.push((size, vec![false; kept.len()]));
                columns.len() - 1
            }
        };
        for at in kept_at {
            columns[column].1[*at as usize] = true;
        }
        chosen[index] = Some(column);
    }
    let mut end = 0u32;
    let mut starts = Vec::with_capacity(columns.len());
    for (size, _) in &columns {
        starts.push(end);
        end = end.saturating_add(column(*size));
    }
    let most = |count: fn(&Operation) -> usize| {
        let counts = suspensions
            .iter()
            .map(|suspension| count(&suspension.operation));
        counts.max().unwrap_or(0) as u32
    };
    let arguments = end;
    let results = arguments.saturating_add(most(Operation::arguments) * column(8));
    let bytes = results.saturating_add(most(Operation::results) * column(8));
    if bytes > MAX_FRAMES_BYTES {
        let message = format!(
            "the threads of a block keep {bytes} bytes in all while they wait for each other in the kernel `{}`; at most \
             {MAX_FRAMES_BYTES} are accepted: split it",
            function.name
        );
        return Err(Diagnostic::error(function.span, message));
    }
    let slot = |column: usize| Slot {
        start: starts[column],
        size: columns[column].0,
    };
    Ok(FrameLayout {
        slots: chosen.into_iter().map(|column| column.map(slot)).collect(),
        arguments,
        results,
        bytes,
    })
}

/// The bytes that an operation's argument or result takes; an address has no type.
pub(super) fn size_of_value(ty: Option<Type>) -> u32 {
    ty.map_or(8, size_of)
}

/// The bytes that a register takes in a frame.
fn size_of(ty: Type) -> u32 {
    if ty.bits() > 32 { 8 } else { 4 }
}

/// The values among an operation's operands, in their order: those it reads, or those it writes.
pub(super) fn values(
    instruction: &Instruction,
    destinations: bool,
) -> Vec<(Operand, Option<Type>)> {
    let mut values = Vec::new();
    let roles = &instruction.form.form().roles;
    for (role, operand) in roles.iter().zip(&instruction.operands) {
        if role.destination != destinations || *operand == Operand::Absent && !destinations {
            continue;
        }
        let ty = role.value_type(instruction);
        match operand {
            Operand::Vector(elements) => {
                values.extend(elements.iter().map(|element| (element.clone(), ty)));
            }
            operand => values.push((operand.clone(), ty)),
        }
    }
    values
}
