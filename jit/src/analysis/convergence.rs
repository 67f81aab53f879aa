//! Which blocks all lanes of a warp come to together, whatever the launch's shape and whatever memory holds.
//!
//! Lanes that have left the kernel are counted as having come: the hardware does not wait for them. Nothing that is loaded is
//! taken to be the same for all lanes, since another thread may write in between.

use crate::ir::{
    AddressBase, BlockId, Effect, Function, Instruction, Modifier, Opcode, Operand, Register,
    SpecialRegister, Terminator, Type,
};
use std::collections::HashMap;

/// Blocks of a function beyond which nothing is looked for: the regions of its branches may be as many as the square of this.
const MOST_BLOCKS: usize = 8192;

/// What was found.
pub(crate) struct Convergence {
    together: Vec<bool>,
    uniform: Vec<bool>,
    numbers: HashMap<Register, u64>,
    /// By register whether it is nothing but a thread's index in its row, where no warp has threads of two rows; else none is.
    indices: Vec<bool>,
    whole_rows: bool,
}

impl Convergence {
    /// As [`Convergence::of`], and no lane has left either, but for one that ends the launch with a fault.
    pub(crate) fn of_all(function: &Function, whole_rows: bool) -> Self {
        let ends_well = |block: usize| {
            let terminator = &function.blocks[block].terminator;
            !matches!(terminator, Terminator::Trap(_) | Terminator::Fault { .. })
        };
        Self::within(function, ends_well, whole_rows)
    }

    /// Looks at a function whose operations of a warp are told by `waits`. With `whole_rows` it is only launched in blocks in which no
    /// warp has threads of two rows.
    pub(crate) fn of(
        function: &Function,
        waits: impl Fn(&Instruction) -> bool,
        whole_rows: bool,
    ) -> Self {
        let has = |block: usize| function.blocks[block].instructions.iter().any(&waits);
        Self::within(function, has, whole_rows)
    }

    /// What holds as long as lanes may yet come to one of these blocks.
    fn within(function: &Function, counts: impl Fn(usize) -> bool, whole_rows: bool) -> Self {
        let count = function.blocks.len();
        let mut found = Self {
            together: vec![false; count],
            uniform: vec![false; function.registers.len()],
            numbers: super::numbers(function),
            indices: match whole_rows {
                true => indices(function),
                false => vec![false; function.registers.len()],
            },
            whole_rows,
        };
        if count > MOST_BLOCKS {
            return found;
        }
        let graph = Graph::of(function, counts);
        let after = graph.nearest_common();
        found.together.fill(true);
        found.uniform.fill(true);
        while found.narrow(function, &graph, &after) {}
        found
    }

    /// Whether all lanes that have not left come to a block together.
    pub(crate) fn is_together(&self, block: BlockId) -> bool {
        self.together.get(block.index()).copied().unwrap_or(false)
    }

    /// An operand, as a number if it is a register that holds one number wherever it is read.
    pub(crate) fn named(&self, operand: &Operand) -> Operand {
        match operand {
            Operand::Register(register) => match self.numbers.get(register) {
                Some(number) => Operand::Immediate(*number),
                None => operand.clone(),
            },
            _ => operand.clone(),
        }
    }

    /// Whether an operand is the same for all lanes of a warp.
    pub(crate) fn is_uniform(&self, operand: &Operand) -> bool {
        let register = |register: &Register| self.uniform.get(register.index()) == Some(&true);
        match operand {
            Operand::Register(it) | Operand::Negated(it) => register(it),
            Operand::Address(address) => match address.base {
                AddressBase::Register(it) => register(&it),
                _ => true,
            },
            Operand::Vector(elements) => elements.iter().all(|element| self.is_uniform(element)),
            Operand::Special(SpecialRegister::TidY | SpecialRegister::TidZ) => self.whole_rows,
            Operand::Special(special) => is_one_for_a_warp(*special),
            Operand::Immediate(_) | Operand::Hidden(_) | Operand::Absent | Operand::Sink => true,
            Operand::Symbol(..) | Operand::Tensor(_) => false,
        }
    }

    /// Takes back what does not hold given what is left; says whether there was anything.
    fn narrow(&mut self, function: &Function, graph: &Graph, after: &[Option<usize>]) -> bool {
        let mut changed = false;
        for (index, block) in function.blocks.iter().enumerate() {
            for instruction in &block.instructions {
                if self.together[index] && self.gives_one_value(instruction) {
                    continue;
                }
                for register in instruction.destinations() {
                    changed |= std::mem::replace(&mut self.uniform[register.index()], false);
                }
            }
            let decides = block.terminator.reads().map(Operand::Register);
            let parts = matches!(
                block.terminator,
                Terminator::Branch { .. } | Terminator::Switch { .. }
            );
            if parts && !decides.is_some_and(|it| self.is_uniform(&it) && self.together[index]) {
                changed |= self.mark_region(graph, index, after[index]);
            }
        }
        changed
    }

    /// Takes back that lanes are together between a branch and where its ways meet.
    fn mark_region(&mut self, graph: &Graph, from: usize, end: Option<usize>) -> bool {
        let mut changed = false;
        let mut seen = vec![false; self.together.len()];
        let mut walk = graph.successors[from].clone();
        while let Some(block) = walk.pop() {
            if Some(block) == end || std::mem::replace(&mut seen[block], true) {
                continue;
            }
            changed |= std::mem::replace(&mut self.together[block], false);
            walk.extend(&graph.successors[block]);
        }
        changed
    }

    fn gives_one_value(&self, instruction: &Instruction) -> bool {
        let is_predicate_uniform = instruction
            .predicate
            .is_none_or(|it| self.is_uniform(&Operand::Register(it.register)));
        let whole = Operand::Immediate(u64::from(u32::MAX));
        let mask = instruction.operands.last().map(|mask| self.named(mask));
        let is_vote = instruction.opcode() == Opcode::Vote && mask == Some(whole);
        let roles = instruction.form.form().roles.iter();
        let mut read = roles
            .zip(&instruction.operands)
            .filter(|(role, _)| !role.destination);
        is_predicate_uniform
            && (is_vote
                || self.tells_warps_apart(instruction)
                || instruction.effect() == Effect::Pure
                    // A parameter may be a copy in local memory, which lanes write.
                    && (instruction.opcode() != Opcode::LdParam
                        || !instruction.has(Modifier::ParamFunc))
                    && read.all(|(_, operand)| self.is_uniform(operand)))
    }
}

impl Convergence {
    /// Whether it finds out of a thread's index in its row nothing but which warp it is in: indices from a multiple of 32 on to the next
    /// are one warp's.
    fn tells_warps_apart(&self, instruction: &Instruction) -> bool {
        let operands = instruction.operands.as_slice();
        let is_index = |operand: &Operand| match operand {
            Operand::Register(register) => self.indices.get(register.index()) == Some(&true),
            _ => false,
        };
        let is_whole = |number: u64| number <= u64::from(u16::MAX) && number.is_multiple_of(WARP);
        match (instruction.opcode(), operands) {
            (Opcode::Shr, [_, of, Operand::Immediate(by)]) => is_index(of) && (5..32).contains(by),
            (Opcode::Setp, [_, _, of, Operand::Immediate(bound), Operand::Absent]) => {
                let has = |word| instruction.has(word);
                let from_bound = [Modifier::Lt, Modifier::Ge, Modifier::Lo, Modifier::Hs];
                let behind_bound = [Modifier::Gt, Modifier::Le, Modifier::Hi, Modifier::Ls];
                let is_integer = instruction.t.is_some_and(Type::is_integer);
                let cuts = (from_bound.into_iter().any(has) && is_whole(*bound))
                    || (behind_bound.into_iter().any(has) && is_whole(bound.wrapping_add(1)));
                is_index(of) && is_integer && cuts
            }
            _ => false,
        }
    }
}

/// Lanes of a warp.
const WARP: u64 = 32;

/// Registers into which a thread's index in its row is moved and nothing else is written.
fn indices(function: &Function) -> Vec<bool> {
    let mut written = vec![false; function.registers.len()];
    let mut indices = vec![true; function.registers.len()];
    let index = Operand::Special(SpecialRegister::TidX);
    for instruction in function.instructions() {
        let is_index = instruction.opcode() == Opcode::Mov
            && instruction.predicate.is_none()
            && instruction.operands.get(1) == Some(&index);
        for register in instruction.destinations() {
            written[register.index()] = true;
            indices[register.index()] &= is_index;
        }
    }
    let all = written.into_iter().zip(indices);
    all.map(|(written, index)| written && index).collect()
}

/// Whether a register has one value in all lanes of a warp. A row of threads may end within a warp.
fn is_one_for_a_warp(special: SpecialRegister) -> bool {
    use SpecialRegister as S;
    matches!(
        special,
        S::NtidX
            | S::NtidY
            | S::NtidZ
            | S::CtaidX
            | S::CtaidY
            | S::CtaidZ
            | S::NctaidX
            | S::NctaidY
            | S::NctaidZ
            | S::DynamicSmemSize
            | S::TotalSmemSize
    )
}

/// The blocks from which one that counts can be reached: lanes elsewhere only leave.
struct Graph {
    /// By block, what may follow it among them.
    successors: Vec<Vec<usize>>,
    /// By block, whether something else may follow it, too.
    leaves: Vec<bool>,
}

impl Graph {
    fn of(function: &Function, counts: impl Fn(usize) -> bool) -> Self {
        let count = function.blocks.len();
        let mut predecessors = vec![Vec::new(); count];
        for (index, block) in function.blocks.iter().enumerate() {
            for successor in block.terminator.successors() {
                if let Some(list) = predecessors.get_mut(successor.index()) {
                    list.push(index);
                }
            }
        }
        let mut reaches = vec![false; count];
        let mut walk: Vec<usize> = (0..count).filter(|block| counts(*block)).collect();
        while let Some(block) = walk.pop() {
            if !std::mem::replace(&mut reaches[block], true) {
                walk.extend(&predecessors[block]);
            }
        }
        let successors = function.blocks.iter().enumerate().map(|(index, block)| {
            let follow = block.terminator.successors();
            let follow = follow.iter().map(|it| it.index());
            follow
                .filter(|to| reaches[index] && reaches.get(*to) == Some(&true))
                .collect()
        });
        let leaves = function.blocks.iter().map(|block| {
            let follow = block.terminator.successors();
            follow
                .iter()
                .any(|to| reaches.get(to.index()) != Some(&true))
        });
        Self {
            successors: successors.collect(),
            leaves: leaves.collect(),
        }
    }

    /// By block the nearest one that every way from it passes, if there is one.
    fn nearest_common(&self) -> Vec<Option<usize>> {
        let count = self.successors.len();
        // The end of all ways is one block more. Where a way has none, it is a loop, which ends where it is left; one that is never left may
        // end anywhere: that makes none nearer.
        let end = count;
        let mut ends: Vec<bool> = self.successors.iter().map(Vec::is_empty).collect();
        let mut order = reverse_postorder(&self.backward(&ends), end);
        let mut places = places(&order, count + 1);
        for is_left in [true, false] {
            if !places.contains(&None) {
                break;
            }
            for block in 0..count {
                ends[block] |= places[block].is_none() && (self.leaves[block] || !is_left);
            }
            order = reverse_postorder(&self.backward(&ends), end);
            places = self::places(&order, count + 1);
        }
        let mut before = vec![Vec::new(); order.len()];
        for (from, successors) in self.successors.iter().enumerate() {
            let Some(place) = places[from] else { continue };
            let ends = ends[from].then_some(end);
            before[place] = successors
                .iter()
                .copied()
                .chain(ends)
                .filter_map(|to| places[to])
                .collect();
        }
        let parents = super::dominators::parents(&before);
        let nearest = (0..count).map(|block| {
            let parent = parents[places[block]?];
            (order[parent] != end).then_some(order[parent])
        });
        nearest.collect()
    }

    /// By block what it may follow, the end being one block more.
    fn backward(&self, ends: &[bool]) -> Vec<Vec<usize>> {
        let mut backward = vec![Vec::new(); self.successors.len() + 1];
        for (from, successors) in self.successors.iter().enumerate() {
            for to in successors {
                backward[*to].push(from);
            }
        }
        let ends = ends.iter().enumerate().filter(|(_, ends)| **ends);
        backward[self.successors.len()] = ends.map(|(block, _)| block).collect();
        backward
    }
}

/// Where each block is in an order.
fn places(order: &[usize], count: usize) -> Vec<Option<usize>> {
    let mut places = vec![None; count];
    for (place, block) in order.iter().enumerate() {
        places[*block] = Some(place);
    }
    places
}

fn reverse_postorder(edges: &[Vec<usize>], start: usize) -> Vec<usize> {
    let mut seen = vec![false; edges.len()];
    let mut order = Vec::new();
    let mut walk = vec![(start, 0)];
    seen[start] = true;
    while let Some((block, next)) = walk.last_mut() {
        let Some(to) = edges[*block].get(*next).copied() else {
            order.push(*block);
            walk.pop();
            continue;
        };
        *next += 1;
        if !std::mem::replace(&mut seen[to], true) {
            walk.push((to, 0));
        }
    }
    order.reverse();
    order
}
