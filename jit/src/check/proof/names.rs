//! Where ways with different values of a register meet; that no register is read before it is written comes with it.
//!
//! This is static single assignment as usual: a register gets a new value at the start of a block that two of its definitions reach
//! on different ways, if it is read from there on.

use super::super::graph::Graph;
use super::super::recorder;
use super::super::refusal::{Found, Reason};
use super::super::text::{Base, Block, BlockId, End, Instruction, Kernel, Operand, RegisterId};
use super::super::work::{KEPT, Work};

/// Registers that get a new value at a block's start, by block.
pub(super) struct Names {
    pub(super) new_at: Vec<Vec<RegisterId>>,
}

/// Where a register is written, and where it is read before a write of the same block.
#[derive(Clone, Default)]
struct Uses {
    /// Blocks that write it, for certain or under a predicate.
    written: Vec<BlockId>,
    /// Blocks that write it for certain.
    certain: Vec<BlockId>,
    /// Blocks that read what comes in, with the line of the first one.
    read: Vec<(BlockId, u32)>,
}

impl Names {
    pub(super) fn of(kernel: &Kernel<'_>, graph: &Graph, work: &mut Work) -> Found<Self> {
        let uses = Uses::of(kernel, graph);
        let mut placer = Placer {
            graph,
            kernel,
            frontiers: frontiers(graph, work).map_err(|reason| (kernel.line, reason))?,
            new_at: vec![Vec::new(); kernel.blocks.len()],
            stamps: vec![[0; 3]; kernel.blocks.len()],
        };
        for (register, uses) in uses.iter().enumerate() {
            if !uses.read.is_empty() {
                placer.place(register as RegisterId, uses, work)?;
            }
        }
        Ok(Self {
            new_at: placer.new_at,
        })
    }
}

impl Uses {
    /// By register.
    fn of(kernel: &Kernel<'_>, graph: &Graph) -> Vec<Self> {
        let mut all = vec![Self::default(); kernel.registers.len()];
        for &index in &graph.order {
            let block = &kernel.blocks[index as usize];
            for instruction in &block.instructions {
                each_read(instruction, &mut |register| {
                    all[register as usize].reads(index, instruction.line);
                });
                each_write(instruction, &mut |register| {
                    all[register as usize].writes(index, instruction.guard.is_none());
                });
            }
            each_read_of_end(kernel, block, &mut |register| {
                all[register as usize].reads(index, block.line);
            });
        }
        all
    }

    fn reads(&mut self, block: BlockId, line: u32) {
        let is_first = self.read.last().is_none_or(|(last, _)| *last != block);
        if is_first && self.certain.last() != Some(&block) {
            self.read.push((block, line));
        }
    }

    fn writes(&mut self, block: BlockId, certain: bool) {
        if self.written.last() != Some(&block) {
            self.written.push(block);
        }
        if certain && self.certain.last() != Some(&block) {
            self.certain.push(block);
        }
    }
}

/// Calls back for each register that an instruction reads.
fn each_read(instruction: &Instruction<'_>, call: &mut impl FnMut(RegisterId)) {
    if let Some((register, _)) = instruction.guard {
        call(register);
    }
    for (place, operand) in instruction.operands.iter().enumerate() {
        if !instruction.is_written(place) {
            each_register(operand, call);
        }
    }
}

/// Calls back for each register that an instruction writes.
pub(super) fn each_write(instruction: &Instruction<'_>, call: &mut impl FnMut(RegisterId)) {
    for (place, operand) in instruction.operands.iter().enumerate() {
        if instruction.is_written(place) {
            each_register(operand, call);
        }
    }
}

fn each_register(operand: &Operand<'_>, call: &mut impl FnMut(RegisterId)) {
    match operand {
        Operand::Register(register)
        | Operand::Not(register)
        | Operand::Address(Base::Register(register), _) => call(*register),
        Operand::Vector(elements) => {
            for element in elements {
                each_register(element, call);
            }
        }
        _ => {}
    }
}

fn each_read_of_end(kernel: &Kernel<'_>, block: &Block<'_>, call: &mut impl FnMut(RegisterId)) {
    match &block.end {
        End::Branch { register, .. } | End::Switch(register, _) => call(*register),
        End::Fault => {
            let handed = recorder::HANDED.iter();
            handed
                .filter_map(|name| kernel.names.get(name))
                .for_each(|register| call(*register));
        }
        End::Jump(_) | End::Leave => {}
    }
}

/// For each block, the blocks where ways from it meet ways that do not pass it.
fn frontiers(graph: &Graph, work: &mut Work) -> Result<Vec<Vec<BlockId>>, Reason> {
    let mut frontiers = vec![Vec::new(); graph.successors.len()];
    for &block in &graph.order {
        let predecessors = &graph.predecessors[block as usize];
        // The first block has one more way to it: the kernel's start.
        if predecessors.len() + usize::from(block == 0) < 2 {
            continue;
        }
        for &from in predecessors {
            let mut above = Some(from);
            while let Some(current) = above.filter(|it| Some(*it) != graph.dominator(block)) {
                work.spend(1)?;
                let frontier: &mut Vec<BlockId> = &mut frontiers[current as usize];
                if frontier.last() == Some(&block) {
                    break;
                }
                work.spend(KEPT)?;
                frontier.push(block);
                above = graph.dominator(current);
            }
        }
    }
    Ok(frontiers)
}

/// What was done for a register at a block already.
#[derive(Clone, Copy)]
enum Stamp {
    Live,
    Certain,
    New,
}

struct Placer<'k, 'a> {
    graph: &'k Graph,
    kernel: &'k Kernel<'a>,
    frontiers: Vec<Vec<BlockId>>,
    new_at: Vec<Vec<RegisterId>>,
    /// By block, for each stamp the register that it was last done for, plus 1.
    stamps: Vec<[u32; 3]>,
}

impl Placer<'_, '_> {
    fn place(&mut self, register: RegisterId, uses: &Uses, work: &mut Work) -> Found<()> {
        let line = uses
            .read
            .first()
            .map_or(self.kernel.line, |(_, line)| *line);
        let at_read = |reason| (line, reason);
        for &block in &uses.certain {
            self.stamp(block, Stamp::Certain, register);
        }
        // Backwards from each read, to where it is written.
        let mut open: Vec<(BlockId, u32)> = uses.read.iter().rev().copied().collect();
        while let Some((block, line)) = open.pop() {
            work.spend(1).map_err(at_read)?;
            if !self.stamp(block, Stamp::Live, register) {
                continue;
            }
            if block == 0 {
                let name = self.kernel.registers[register as usize].name;
                return Err((line, Reason::Unwritten(name.to_owned())));
            }
            for &from in &self.graph.predecessors[block as usize] {
                if !self.has(from, Stamp::Certain, register) {
                    open.push((from, line));
                }
            }
        }
        // Onwards from each write, to where another value comes in.
        let mut open = uses.written.clone();
        while let Some(block) = open.pop() {
            let mut reached = Vec::new();
            for &meeting in &self.frontiers[block as usize] {
                work.spend(1).map_err(at_read)?;
                if self.has(meeting, Stamp::Live, register) {
                    reached.push(meeting);
                }
            }
            for meeting in reached {
                if self.stamp(meeting, Stamp::New, register) {
                    work.spend(KEPT).map_err(at_read)?;
                    self.new_at[meeting as usize].push(register);
                    open.push(meeting);
                }
            }
        }
        Ok(())
    }

    fn has(&self, block: BlockId, stamp: Stamp, register: RegisterId) -> bool {
        self.stamps[block as usize][stamp as usize] == register + 1
    }

    /// Whether it was not done yet.
    fn stamp(&mut self, block: BlockId, stamp: Stamp, register: RegisterId) -> bool {
        let place = &mut self.stamps[block as usize][stamp as usize];
        let is_new = *place != register + 1;
        *place = register + 1;
        is_new
    }
}
