//! Values instead of registers: compilers use a register again for something else.
//!
//! Each write of a register is a value, and where ways with different values meet, so is their choice. A register that was never
//! written is zero, as the sandbox makes it.

use crate::analysis::Liveness;
use crate::analysis::order::reverse_postorder;
use crate::ir::{BlockId, Function, Instruction, Operand, Predicate, Register};
use smallvec::SmallVec;
use std::collections::HashMap;

/// Index in [`Values::all`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ValueId(pub(crate) u32);

/// Registers times blocks that are followed, at most.
const MOST_CELLS: usize = 1 << 21;

/// Rounds in which choices between one and the same are removed.
const MOST_ROUNDS: usize = 64;

/// Where a value comes from.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// The register was never written.
    Zero,
    /// What an instruction writes to one of its destinations, counted from the first.
    Result {
        block: BlockId,
        index: usize,
        place: usize,
    },
    /// One value or another where ways meet; the block that each comes from, none where the kernel begins.
    Phi {
        block: BlockId,
        arguments: Vec<(Option<BlockId>, ValueId)>,
    },
    /// What a predicated instruction leaves.
    Select {
        block: BlockId,
        predicate: ValueId,
        negated: bool,
        then: ValueId,
        otherwise: ValueId,
    },
}

impl Value {
    /// The block that makes it.
    pub(crate) fn block(&self) -> Option<BlockId> {
        match self {
            Self::Zero => None,
            Self::Result { block, .. } | Self::Phi { block, .. } | Self::Select { block, .. } => {
                Some(*block)
            }
        }
    }
}

/// What registers hold, in the order in which an instruction reads them.
type Reads = SmallVec<[(Register, ValueId); 4]>;

/// The values of a function.
pub(crate) struct Values {
    all: Vec<Value>,
    registers: Vec<Option<Register>>,
    /// By block and instruction: the value of each register that it reads, in the order of reading.
    read: HashMap<(BlockId, usize), Reads>,
    /// By block: the value that decides where it goes.
    decides: HashMap<BlockId, ValueId>,
    pub(crate) order: Vec<BlockId>,
    pub(crate) predecessors: Vec<Vec<BlockId>>,
}

/// The registers that an instruction reads.
fn reads(operands: &[Operand], roles_written: impl Fn(usize) -> bool) -> SmallVec<[Register; 8]> {
    let mut found = SmallVec::new();
    for (place, operand) in operands.iter().enumerate() {
        if !roles_written(place) {
            add_registers(operand, &mut found);
        }
    }
    found
}

/// The registers that an instruction writes or may write, with their places among the elements of its destinations.
fn written(instruction: &Instruction) -> SmallVec<[(usize, Register); 4]> {
    let operands = instruction
        .form
        .form()
        .roles
        .iter()
        .zip(&instruction.operands);
    let elements = operands
        .filter(|(role, _)| role.destination)
        .flat_map(|(_, operand)| match operand {
            Operand::Vector(elements) => elements.as_slice(),
            single => std::slice::from_ref(single),
        });
    let registers = elements
        .enumerate()
        .filter_map(|(place, element)| match element {
            Operand::Register(register) => Some((place, *register)),
            _ => None,
        });
    registers.collect()
}

fn add_registers(operand: &Operand, found: &mut SmallVec<[Register; 8]>) {
    match operand {
        Operand::Register(register) | Operand::Negated(register) => found.push(*register),
        Operand::Address(address) => {
            if let crate::ir::AddressBase::Register(base) = address.base {
                found.push(base);
            }
        }
        Operand::Vector(elements) => elements
            .iter()
            .for_each(|element| add_registers(element, found)),
        _ => {}
    }
}

impl Values {
    /// None for a function that is too large to be followed.
    pub(crate) fn of(function: &Function) -> Option<Self> {
        let registers = function.registers.len();
        if registers.saturating_mul(function.blocks.len()) > MOST_CELLS {
            return None;
        }
        let order = reverse_postorder(function);
        let mut predecessors = vec![Vec::new(); function.blocks.len()];
        for block in &order {
            for successor in function.blocks[block.index()].terminator.successors() {
                if !predecessors[successor.index()].contains(block) {
                    predecessors[successor.index()].push(*block);
                }
            }
        }
        let mut values = Self {
            all: vec![Value::Zero],
            registers: vec![None],
            read: HashMap::new(),
            decides: HashMap::new(),
            order,
            predecessors,
        };
        values.follow(function);
        Some(values)
    }

    pub(crate) fn get(&self, id: ValueId) -> &Value {
        &self.all[id.0 as usize]
    }

    /// The register that a value was written to.
    pub(crate) fn register(&self, id: ValueId) -> Option<Register> {
        self.registers[id.0 as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// What a register holds where an instruction reads it.
    pub(crate) fn read(&self, block: BlockId, index: usize, register: Register) -> Option<ValueId> {
        let read = self.read.get(&(block, index))?;
        read.iter()
            .find(|(known, _)| *known == register)
            .map(|(_, value)| *value)
    }

    /// What decides where a block goes.
    pub(crate) fn decides(&self, block: BlockId) -> Option<ValueId> {
        self.decides.get(&block).copied()
    }

    fn add(&mut self, value: Value, register: Register) -> ValueId {
        self.all.push(value);
        self.registers.push(Some(register));
        ValueId(self.all.len() as u32 - 1)
    }

    fn follow(&mut self, function: &Function) {
        let liveness = Liveness::of(function);
        let nothing = vec![ValueId(0); function.registers.len()];
        let mut at_end: Vec<Option<Vec<ValueId>>> = vec![None; function.blocks.len()];
        let mut choices = Vec::new();
        for block in self.order.clone() {
            let before = self.predecessors[block.index()].clone();
            let is_first = block == BlockId(0);
            let mut state = match before.as_slice() {
                [] => nothing.clone(),
                [only] if !is_first => at_end[only.index()]
                    .clone()
                    .unwrap_or_else(|| nothing.clone()),
                _ => {
                    let mut state = nothing.clone();
                    for register in liveness.at_start(block) {
                        let phi = Value::Phi {
                            block,
                            arguments: Vec::new(),
                        };
                        state[register.index()] = self.add(phi, register);
                        choices.push((state[register.index()], register));
                    }
                    state
                }
            };
            self.block(function, block, &mut state);
            at_end[block.index()] = Some(state);
        }
        for (phi, register) in choices {
            let Some(block) = self.get(phi).block() else {
                continue;
            };
            let ends = self.predecessors[block.index()].iter().map(|from| {
                let state = at_end[from.index()].as_ref();
                (
                    Some(*from),
                    state.map_or(ValueId(0), |state| state[register.index()]),
                )
            });
            let start = (block == BlockId(0)).then_some((None, ValueId(0)));
            let found = ends.chain(start).collect();
            if let Value::Phi { arguments, .. } = &mut self.all[phi.0 as usize] {
                *arguments = found;
            }
        }
        self.simplify();
    }

    fn block(&mut self, function: &Function, block: BlockId, state: &mut [ValueId]) {
        let body = &function.blocks[block.index()];
        for (index, instruction) in body.instructions.iter().enumerate() {
            let roles = &instruction.form.form().roles;
            let is_written = |place: usize| roles.get(place).is_some_and(|role| role.destination);
            let mut read = Reads::new();
            let registers = reads(&instruction.operands, is_written);
            let predicate = instruction.predicate.map(|predicate| predicate.register);
            for register in registers.into_iter().chain(predicate) {
                read.push((register, state[register.index()]));
            }
            self.read.insert((block, index), read);
            let predicate = instruction.predicate;
            for (place, register) in written(instruction) {
                let written = self.add(
                    Value::Result {
                        block,
                        index,
                        place,
                    },
                    register,
                );
                state[register.index()] = match predicate {
                    Some(predicate) => {
                        let decides = state[predicate.register.index()];
                        self.select(
                            block,
                            predicate,
                            decides,
                            written,
                            state[register.index()],
                            register,
                        )
                    }
                    None => written,
                };
            }
        }
        if let Some(register) = body.terminator.reads() {
            self.decides.insert(block, state[register.index()]);
        }
    }

    fn select(
        &mut self,
        block: BlockId,
        predicate: Predicate,
        decides: ValueId,
        then: ValueId,
        otherwise: ValueId,
        register: Register,
    ) -> ValueId {
        let negated = predicate.negated;
        let select = Value::Select {
            block,
            predicate: decides,
            negated,
            then,
            otherwise,
        };
        self.add(select, register)
    }

    /// Replaces choices between one value and itself by that value.
    fn simplify(&mut self) {
        let mut same: Vec<u32> = (0..self.all.len() as u32).collect();
        let find = |same: &[u32], mut id: u32| {
            while same[id as usize] != id {
                id = same[id as usize];
            }
            id
        };
        for _ in 0..MOST_ROUNDS {
            let mut changed = false;
            for id in 0..self.all.len() as u32 {
                let Value::Phi { arguments, .. } = &self.all[id as usize] else {
                    continue;
                };
                if same[id as usize] != id {
                    continue;
                }
                let mut others = arguments
                    .iter()
                    .map(|(_, value)| find(&same, value.0))
                    .filter(|other| *other != id);
                if let Some(first) = others.next()
                    && others.all(|other| other == first)
                {
                    same[id as usize] = first;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        let replace = |id: &mut ValueId| id.0 = find(&same, id.0);
        for value in &mut self.all {
            match value {
                Value::Phi { arguments, .. } => {
                    arguments.iter_mut().for_each(|(_, value)| replace(value))
                }
                Value::Select {
                    predicate,
                    then,
                    otherwise,
                    ..
                } => {
                    [predicate, then, otherwise].into_iter().for_each(replace);
                }
                _ => {}
            }
        }
        self.read
            .values_mut()
            .flatten()
            .for_each(|(_, value)| replace(value));
        self.decides.values_mut().for_each(replace);
    }
}
