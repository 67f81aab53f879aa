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
    Address, AddressBase, BlockId, Function, Instruction, Modifier, Opcode, Operand, Register,
    Space, SpecialRegister,
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
    let mut planner = Planner::of(function);
    let mut marks = Vec::new();
    for (block, index, instruction) in located(function) {
        let is_access = matches!(instruction.opcode(), Opcode::Ld | Opcode::St)
            && matches!(instruction.space(), Space::Global | Space::Generic);
        if !is_access || instruction.is_ordered() {
            continue;
        }
        if let Some(access) = planner.access(instruction, (block, index)) {
            marks.push((block, index, planner.plan.accesses.len() as u32));
            planner.plan.accesses.push(access);
        }
    }
    let plan = planner.plan;
    for (block, index, row) in marks {
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
    plan: Plan,
    /// What is known of registers with one definition: their nodes, or that they have none.
    known: HashMap<Register, Option<NodeId>>,
}

impl<'a> Planner<'a> {
    fn of(function: &'a Function) -> Self {
        Self {
            function,
            definitions: definitions(function),
            dominators: Dominators::of(function),
            plan: Plan::default(),
            known: HashMap::new(),
        }
    }

    fn access(&mut self, instruction: &Instruction, here: Location) -> Option<RowAccess> {
        let Address {
            base: AddressBase::Register(base),
            offset,
            ..
        } = *instruction.address()?
        else {
            return None;
        };
        let address = self.register(base, true, here, 0)?;
        let (step, size) = (self.plan.node(address).step, instruction.access_bytes());
        let even = step <= MAX_STEP && size > 0 && step.is_multiple_of(u64::from(size));
        even.then_some(RowAccess {
            address,
            offset,
            step,
            size,
        })
    }

    fn operand(
        &mut self,
        operand: &Operand,
        wide: bool,
        at: Location,
        depth: u32,
    ) -> Option<NodeId> {
        match operand {
            Operand::Register(register) => self.register(*register, wide, at, depth),
            Operand::Immediate(bits) => Some(self.push(Operation::Constant(*bits), wide, 0)),
            Operand::Special(special) if !wide && shared_by_row(*special) => {
                let step = u64::from(*special == SpecialRegister::TidX);
                Some(self.push(Operation::Special(*special), false, step))
            }
            _ => None,
        }
    }

    /// The value of a register at a place, if its one definition comes before on every way.
    fn register(
        &mut self,
        register: Register,
        wide: bool,
        here: Location,
        depth: u32,
    ) -> Option<NodeId> {
        let ty = *self.function.registers.get(register.index())?;
        if !ty.is_integer() || ty.bits() != width(wide) {
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
        if !comes_before || depth == MAX_DEPTH {
            return None;
        }
        if let Some(node) = self.known.get(&register) {
            return *node;
        }
        let function = self.function;
        let instruction = &function.blocks[at.0.index()].instructions[at.1];
        let node = self.instruction(instruction, wide, at, depth + 1);
        self.known.insert(register, node);
        node
    }

    fn instruction(
        &mut self,
        instruction: &Instruction,
        wide: bool,
        at: Location,
        depth: u32,
    ) -> Option<NodeId> {
        let t = instruction.t.filter(|t| t.is_integer())?;
        if instruction.has(Modifier::Sat) || instruction.has(Modifier::Hi) {
            return None;
        }
        let source = |index: usize| instruction.operands.get(index);
        match instruction.opcode() {
            Opcode::MulWide | Opcode::MadWide if wide && t.bits() == 32 => {
                let (a, b) = (
                    self.operand(source(1)?, false, at, depth)?,
                    self.operand(source(2)?, false, at, depth)?,
                );
                let (a, b) = (self.widen(a, t.is_signed())?, self.widen(b, t.is_signed())?);
                let product = self.multiply(a, b, true)?;
                if instruction.opcode() == Opcode::MulWide {
                    return Some(product);
                }
                let c = self.operand(source(3)?, true, at, depth)?;
                Some(self.add(product, c, true))
            }
            Opcode::Cvt if wide && t.bits() == 64 => {
                let from = instruction
                    .u
                    .filter(|from| from.is_integer() && from.bits() == 32)?;
                let a = self.operand(source(1)?, false, at, depth)?;
                self.widen(a, from.is_signed())
            }
            Opcode::LdParam if t.bits() == width(wide) => self.parameter(instruction, wide),
            _ if t.bits() == width(wide) => self.arithmetic(instruction, wide, at, depth),
            _ => None,
        }
    }

    /// Instructions whose operands are all as wide as their result.
    fn arithmetic(
        &mut self,
        instruction: &Instruction,
        wide: bool,
        at: Location,
        depth: u32,
    ) -> Option<NodeId> {
        let opcode = instruction.opcode();
        let arithmetic = [
            Opcode::Mov,
            Opcode::Cvta,
            Opcode::Add,
            Opcode::Sub,
            Opcode::Mul,
            Opcode::Mad,
            Opcode::Shl,
        ];
        if !arithmetic.contains(&opcode) {
            return None;
        }
        let a = self.operand(instruction.operands.get(1)?, wide, at, depth)?;
        if matches!(opcode, Opcode::Mov | Opcode::Cvta) {
            return Some(a);
        }
        let second = instruction.operands.get(2)?;
        if opcode == Opcode::Shl {
            let Operand::Immediate(amount) = *second else {
                return None;
            };
            let amount = u32::try_from(amount)
                .ok()
                .filter(|amount| *amount < width(wide))?;
            let step = self.plan.node(a).step << amount;
            return Some(self.push(Operation::ShiftLeft(a, amount), wide, step));
        }
        let b = self.operand(second, wide, at, depth)?;
        match opcode {
            Opcode::Add => Some(self.add(a, b, wide)),
            Opcode::Sub => {
                let step = self.plan.node(a).step.wrapping_sub(self.plan.node(b).step);
                Some(self.push(Operation::Subtract(a, b), wide, step))
            }
            Opcode::Mul => self.multiply(a, b, wide),
            _ => {
                let product = self.multiply(a, b, wide)?;
                let c = self.operand(instruction.operands.get(3)?, wide, at, depth)?;
                Some(self.add(product, c, wide))
            }
        }
    }

    fn parameter(&mut self, instruction: &Instruction, wide: bool) -> Option<NodeId> {
        let Address {
            base: AddressBase::Parameter(index),
            offset,
            ..
        } = *instruction.address()?
        else {
            return None;
        };
        if instruction.vector_length() != 1 {
            return None;
        }
        let declared = self.function.parameters.get(index as usize)?.offset;
        let offset = u32::try_from(i64::from(declared).checked_add(offset)?).ok()?;
        Some(self.push(Operation::Parameter { offset }, wide, 0))
    }

    fn push(&mut self, operation: Operation, wide: bool, step: u64) -> NodeId {
        let step = if wide {
            step
        } else {
            step & u64::from(u32::MAX)
        };
        self.plan.nodes.push(Node {
            operation,
            wide,
            step,
        });
        NodeId(self.plan.nodes.len() as u32 - 1)
    }

    fn add(&mut self, a: NodeId, b: NodeId, wide: bool) -> NodeId {
        let step = self.plan.node(a).step.wrapping_add(self.plan.node(b).step);
        self.push(Operation::Add(a, b), wide, step)
    }

    /// A product, if at most one factor steps and then the other is a constant.
    fn multiply(&mut self, a: NodeId, b: NodeId, wide: bool) -> Option<NodeId> {
        let (left, right) = (self.plan.node(a).step, self.plan.node(b).step);
        let step = match (left, right, self.plan.constant(a), self.plan.constant(b)) {
            (0, 0, _, _) => 0,
            (step, 0, _, Some(factor)) | (0, step, Some(factor), _) => step.wrapping_mul(factor),
            _ => return None,
        };
        Some(self.push(Operation::Multiply(a, b), wide, step))
    }

    fn widen(&mut self, of: NodeId, signed: bool) -> Option<NodeId> {
        let step = self.plan.node(of).step;
        (step <= MAX_STEP).then(|| self.push(Operation::Widen { of, signed }, true, step))
    }
}

/// Whether all threads of a row have the same value in it, or it counts them.
fn shared_by_row(special: SpecialRegister) -> bool {
    use SpecialRegister as S;
    matches!(
        special,
        S::TidX
            | S::TidY
            | S::TidZ
            | S::NtidX
            | S::NtidY
            | S::NtidZ
            | S::CtaidX
            | S::CtaidY
            | S::CtaidZ
            | S::NctaidX
            | S::NctaidY
            | S::NctaidZ
    )
}

fn width(wide: bool) -> u32 {
    if wide { 64 } else { 32 }
}

fn definitions(function: &Function) -> Vec<Definition> {
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
    definitions
}

impl Plan {
    pub(crate) fn node(&self, id: NodeId) -> Node {
        self.nodes[id.index()]
    }

    /// The value of a constant, widened or not.
    fn constant(&self, id: NodeId) -> Option<u64> {
        match self.node(id).operation {
            Operation::Constant(bits) => Some(bits),
            Operation::Widen { of, signed } => match self.node(of).operation {
                Operation::Constant(bits) if signed => Some(bits as u32 as i32 as u64),
                Operation::Constant(bits) => Some(u64::from(bits as u32)),
                _ => None,
            },
            _ => None,
        }
    }
}

impl NodeId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}
