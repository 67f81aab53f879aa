//! Accesses that step evenly along a row of threads.
//!
//! Most addresses are a value that all threads with the same `%tid.y` and `%tid.z` share, plus `%tid.x` times a constant. For such an
//! access both ends of a row tell everything: where both lie in the window, all between do. A back end may hold the ends against
//! the window once a row, instead of each address once a thread.
//!
//! A plan says how to compute the address of a row's first thread. It is made from registers that have one definition, which
//! comes before the access on every way; sums, products and shifts are exact modulo the register's width, and where 32
//! bits are widened to 64 the back end checks that no thread of the row wraps around.

use super::dominators::Dominators;
use crate::ir::{
    Address, AddressBase, BlockId, Effect, Function, Instruction, Modifier, Opcode, Operand,
    Register, SpecialRegister,
};
use std::collections::HashMap;

/// The longest step from thread to thread, in bytes: products of it with a row's length stay far below 2^63.
const MAX_STEP: u64 = 1 << 20;

/// How deep an address's computation is followed.
const MAX_DEPTH: u32 = 32;

/// Index in [`Plan::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(u32);

/// How a value of a row's first thread is computed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    Constant(u64),
    /// Bytes of the parameter block, as many as the value is wide.
    Parameter {
        offset: u32,
    },
    Special(SpecialRegister),
    Add(NodeId, NodeId),
    Subtract(NodeId, NodeId),
    Multiply(NodeId, NodeId),
    ShiftLeft(NodeId, u32),
    /// 32 bits to 64. No thread of the row may wrap around, read as signed or not.
    Widen {
        of: NodeId,
        signed: bool,
    },
}

/// A value in a plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) operation: Operation,
    /// Whether it has 64 bits, not 32.
    pub(crate) wide: bool,
    /// By how much it grows from thread to thread, modulo its width.
    pub(crate) step: u64,
}

/// An access that steps evenly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowAccess {
    /// The first thread's address.
    pub(crate) address: NodeId,
    /// What is added to it, in bytes.
    pub(crate) offset: i64,
    /// Bytes from thread to thread, a multiple of the access's size.
    pub(crate) step: u64,
    /// Bytes that are accessed.
    pub(crate) size: u32,
}

/// The accesses of a function that step evenly; [`Address::row`] is an index here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) nodes: Vec<Node>,
    pub(crate) accesses: Vec<RowAccess>,
}

/// Finds a function's even accesses and marks them in it; none when there are none.
pub(crate) fn mark_rows(function: &mut Function) -> Option<Plan> {
    let planner = Planner::of(function);
    let mut marks = Vec::new();
    let mut plan = Plan::default();
    let mut known = HashMap::new();
    for (block, index, instruction) in located(function) {
        let is_access = matches!(instruction.opcode().effect(), Effect::Load | Effect::Store);
        if !is_access || instruction.has(Modifier::Volatile) {
            continue;
        }
        let here = (block, index);
        if let Some(access) = planner.access(instruction, here, &mut plan.nodes, &mut known) {
            marks.push((here, plan.accesses.len() as u32));
            plan.accesses.push(access);
        }
    }
    for ((block, index), row) in marks {
        for operand in &mut function.blocks[block.index()].instructions[index].operands {
            if let Operand::Address(address) = operand {
                address.row = Some(row);
            }
        }
    }
    (!plan.accesses.is_empty()).then_some(plan)
}

/// A block, and the place of an instruction in it.
type Location = (BlockId, usize);

fn located(function: &Function) -> impl Iterator<Item = (BlockId, usize, &Instruction)> {
    function
        .blocks
        .iter()
        .enumerate()
        .flat_map(|(number, block)| {
            let block_id = BlockId(number as u32);
            block
                .instructions
                .iter()
                .enumerate()
                .map(move |(index, instruction)| (block_id, index, instruction))
        })
}

/// Where a register is written.
#[derive(Clone, Copy)]
enum Definition {
    Never,
    Once(Location),
    Several,
}

struct Planner<'a> {
    function: &'a Function,
    definitions: Vec<Definition>,
    dominators: Dominators,
}

impl<'a> Planner<'a> {
    fn of(function: &'a Function) -> Self {
        let mut definitions = vec![Definition::Never; function.registers.len()];
        for (block, index, instruction) in located(function) {
            let roles = &instruction.form.form().roles;
            for (_, operand) in roles
                .iter()
                .zip(&instruction.operands)
                .filter(|(role, _)| role.destination)
            {
                let written: &[Operand] = match operand {
                    Operand::Vector(elements) => elements,
                    single => std::slice::from_ref(single),
                };
                for operand in written {
                    if let Operand::Register(register) = operand {
                        let definition = &mut definitions[register.index()];
                        *definition = match definition {
                            Definition::Never if instruction.predicate.is_none() => {
                                Definition::Once((block, index))
                            }
                            _ => Definition::Several,
                        };
                    }
                }
            }
        }
        Self {
            function,
            definitions,
            dominators: Dominators::of(function),
        }
    }

    fn access(
        &self,
        instruction: &Instruction,
        here: Location,
        nodes: &mut Vec<Node>,
        known: &mut HashMap<Register, Option<NodeId>>,
    ) -> Option<RowAccess> {
        let Address {
            base: AddressBase::Register(base),
            offset,
            ..
        } = *instruction.address()?
        else {
            return None;
        };
        let address = self.register(base, true, here, nodes, known, 0)?;
        let (step, size) = (nodes[address.0 as usize].step, instruction.access_bytes());
        let even = step <= MAX_STEP && size > 0 && step.is_multiple_of(u64::from(size));
        even.then_some(RowAccess {
            address,
            offset,
            step,
            size,
        })
    }

    fn register(
        &self,
        register: Register,
        wide: bool,
        here: Location,
        nodes: &mut Vec<Node>,
        known: &mut HashMap<Register, Option<NodeId>>,
        depth: u32,
    ) -> Option<NodeId> {
        let ty = *self.function.registers.get(register.index())?;
        if !ty.is_integer() || ty.bits() != if wide { 64 } else { 32 } {
            return None;
        }
        let Definition::Once(at) = self.definitions[register.index()] else {
            return None;
        };
        let comes_before = if at.0 == here.0 {
            at.1 < here.1
        } else {
            self.dominators.dominates(at.0, here.0)
        };
        if !comes_before {
            return None;
        }
        if let Some(node) = known.get(&register) {
            return *node;
        }
        let instruction = &self.function.blocks[at.0.index()].instructions[at.1];
        let node = if depth < MAX_DEPTH {
            self.instruction(instruction, wide, at, nodes, known, depth + 1)
        } else {
            None
        };
        known.insert(register, node);
        node
    }

    fn instruction(
        &self,
        instruction: &Instruction,
        wide: bool,
        at: Location,
        nodes: &mut Vec<Node>,
        known: &mut HashMap<Register, Option<NodeId>>,
        depth: u32,
    ) -> Option<NodeId> {
        let t = instruction.t.filter(|t| t.is_integer())?;
        let mut operand = |index: usize, wide: bool, nodes: &mut Vec<Node>| {
            self.operand(
                instruction.operands.get(index)?,
                wide,
                at,
                nodes,
                known,
                depth,
            )
        };
        let plain = !instruction.has(Modifier::Sat) && !instruction.has(Modifier::Hi);
        let same_width = t.bits() == if wide { 64 } else { 32 };
        match instruction.opcode() {
            Opcode::Mov | Opcode::Cvta if same_width => operand(1, wide, nodes),
            Opcode::LdParam if same_width && instruction.vector_length() == 1 => {
                let Address {
                    base: AddressBase::Parameter(index),
                    offset,
                    ..
                } = *instruction.address()?
                else {
                    return None;
                };
                let declared = self.function.parameters.get(index as usize)?.offset;
                let offset = u32::try_from(i64::from(declared).checked_add(offset)?).ok()?;
                Some(push(nodes, Operation::Parameter { offset }, wide, 0))
            }
            Opcode::Add | Opcode::Sub if same_width && plain => {
                let (a, b) = (operand(1, wide, nodes)?, operand(2, wide, nodes)?);
                Some(sum(nodes, a, b, wide, instruction.opcode() == Opcode::Sub))
            }
            Opcode::Mul | Opcode::Mad if same_width && plain => {
                let (a, b) = (operand(1, wide, nodes)?, operand(2, wide, nodes)?);
                let product = product(nodes, a, b, wide)?;
                if instruction.opcode() == Opcode::Mul {
                    return Some(product);
                }
                let c = operand(3, wide, nodes)?;
                Some(sum(nodes, product, c, wide, false))
            }
            Opcode::MulWide | Opcode::MadWide if wide && t.bits() == 32 => {
                let (a, b) = (operand(1, false, nodes)?, operand(2, false, nodes)?);
                let (a, b) = (
                    widened(nodes, a, t.is_signed())?,
                    widened(nodes, b, t.is_signed())?,
                );
                let product = product(nodes, a, b, true)?;
                if instruction.opcode() == Opcode::MulWide {
                    return Some(product);
                }
                let c = operand(3, true, nodes)?;
                Some(sum(nodes, product, c, true, false))
            }
            Opcode::Shl if same_width => {
                let a = operand(1, wide, nodes)?;
                let Operand::Immediate(amount) = *instruction.operands.get(2)? else {
                    return None;
                };
                let amount = u32::try_from(amount)
                    .ok()
                    .filter(|amount| *amount < t.bits())?;
                let step = nodes[a.0 as usize].step << amount;
                Some(push(nodes, Operation::ShiftLeft(a, amount), wide, step))
            }
            Opcode::Cvt if wide && t.bits() == 64 && plain => {
                let from = instruction
                    .u
                    .filter(|from| from.is_integer() && from.bits() == 32)?;
                let a = operand(1, false, nodes)?;
                widened(nodes, a, from.is_signed())
            }
            _ => None,
        }
    }

    fn operand(
        &self,
        operand: &Operand,
        wide: bool,
        at: Location,
        nodes: &mut Vec<Node>,
        known: &mut HashMap<Register, Option<NodeId>>,
        depth: u32,
    ) -> Option<NodeId> {
        match operand {
            Operand::Register(register) => self.register(*register, wide, at, nodes, known, depth),
            Operand::Immediate(bits) => Some(push(nodes, Operation::Constant(*bits), wide, 0)),
            Operand::Special(SpecialRegister::LaneId) => None,
            Operand::Special(special) if !wide => {
                let step = u64::from(*special == SpecialRegister::TidX);
                Some(push(nodes, Operation::Special(*special), false, step))
            }
            _ => None,
        }
    }
}

fn push(nodes: &mut Vec<Node>, operation: Operation, wide: bool, step: u64) -> NodeId {
    let step = if wide {
        step
    } else {
        step & u64::from(u32::MAX)
    };
    nodes.push(Node {
        operation,
        wide,
        step,
    });
    NodeId(nodes.len() as u32 - 1)
}

fn sum(nodes: &mut Vec<Node>, a: NodeId, b: NodeId, wide: bool, subtracts: bool) -> NodeId {
    let (left, right) = (nodes[a.0 as usize].step, nodes[b.0 as usize].step);
    if subtracts {
        push(
            nodes,
            Operation::Subtract(a, b),
            wide,
            left.wrapping_sub(right),
        )
    } else {
        push(nodes, Operation::Add(a, b), wide, left.wrapping_add(right))
    }
}

fn product(nodes: &mut Vec<Node>, a: NodeId, b: NodeId, wide: bool) -> Option<NodeId> {
    let (left, right) = (nodes[a.0 as usize], nodes[b.0 as usize]);
    let step = match (
        left.step,
        right.step,
        constant(nodes, left),
        constant(nodes, right),
    ) {
        (0, 0, _, _) => 0,
        (step, 0, _, Some(factor)) | (0, step, Some(factor), _) => step.wrapping_mul(factor),
        _ => return None,
    };
    Some(push(nodes, Operation::Multiply(a, b), wide, step))
}

/// The value of a constant, widened or not.
fn constant(nodes: &[Node], node: Node) -> Option<u64> {
    match node.operation {
        Operation::Constant(bits) => Some(bits),
        Operation::Widen { of, signed } => match nodes[of.0 as usize].operation {
            Operation::Constant(bits) if signed => Some(bits as u32 as i32 as u64),
            Operation::Constant(bits) => Some(u64::from(bits as u32)),
            _ => None,
        },
        _ => None,
    }
}

fn widened(nodes: &mut Vec<Node>, of: NodeId, signed: bool) -> Option<NodeId> {
    let step = nodes[of.0 as usize].step;
    (step <= MAX_STEP).then(|| push(nodes, Operation::Widen { of, signed }, true, step))
}

impl Plan {
    pub(crate) fn node(&self, id: NodeId) -> Node {
        self.nodes[id.0 as usize]
    }
}

impl NodeId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}
