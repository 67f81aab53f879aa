//! Modules, kernels, blocks and instructions.

use super::form::{FormId, RoleKind, RoleType, Slot};
use super::modifier::Modifier;
use super::opcode::{Effect, Opcode};
use super::space::Space;
use super::special::SpecialRegister;
use super::types::Type;
use super::variable::{Symbol, Variable, lay_out, variable_layout};
use crate::diagnostics::Span;
use smallvec::{SmallVec, smallvec};

/// A module: what one source text holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Module {
    /// PTX version, as (major, minor).
    pub version: (u32, u32),
    /// The target's number: 80 for `sm_80`.
    pub target: u32,
    /// The target as it was spelt, such as `sm_90a`.
    pub target_name: String,
    /// Where the target stands; nowhere if the source's language has none.
    pub target_span: Span,
    /// Its `.global` and `.const` variables, in the order of the source.
    pub variables: Vec<Variable>,
    /// The kernels, in the order of the source. Device functions are gone: each call holds what it called.
    pub functions: Vec<Function>,
    /// Bytes of the source, which decide how much memory compiling may take.
    pub source_bytes: usize,
}

impl Module {
    /// How many instructions its kernels hold, the ends of their blocks not counted.
    pub fn instruction_count(&self) -> usize {
        self.functions.iter().map(Function::instruction_count).sum()
    }

    /// Where its variables lie in the memory that a loaded module has of its own, and the bytes of that.
    pub fn variable_layout(&self) -> (Vec<u64>, u64) {
        variable_layout(&self.variables)
    }
}

/// A kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name in the source.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// Its parameters.
    pub parameters: Vec<ParameterDeclaration>,
    /// Its variables in shared and local memory, in the order in which they are first named.
    pub variables: Vec<Variable>,
    /// The types of its registers, by [`Register`].
    pub registers: Vec<Type>,
    /// Its basic blocks by [`BlockId`]; it starts with the first.
    pub blocks: Vec<Block>,
    /// Threads in a block at most, where `.maxntid` or `.reqntid` say so.
    pub max_threads: Option<u32>,
    /// The only extents that a block may have, where `.reqntid` says so.
    pub required_block: Option<[u32; 3]>,
    /// Where [`Terminator::Fault`] points to; [`crate::sandbox`] adds to what the source's language faults on.
    pub sites: Vec<FaultSite>,
    /// Whether [`crate::sandbox`] has been over it, so that it takes the hidden parameter.
    pub sandboxed: bool,
}

impl Function {
    /// How many instructions its blocks hold, their ends not counted.
    pub fn instruction_count(&self) -> usize {
        let instructions = |block: &Block| block.instructions.len();
        self.blocks.iter().map(instructions).sum()
    }

    /// Its instructions, block by block.
    pub fn instructions(&self) -> impl Iterator<Item = &Instruction> {
        self.blocks.iter().flat_map(|block| &block.instructions)
    }

    /// Whether it has variables in shared or local memory.
    pub fn has_small_variables(&self) -> bool {
        !self.variables.is_empty()
    }

    /// The bytes that its variables in a space need, those whose size a launch decides not counted.
    pub fn variable_bytes(&self, space: Space) -> u64 {
        self.variable_layout(space).1
    }

    /// Where its variables in a space lie, by their place in [`Function::variables`], and where they end. Those whose size a launch
    /// decides come behind the others, each at the same place.
    pub fn variable_layout(&self, space: Space) -> (Vec<u64>, u64) {
        let is_static = |variable: &&Variable| variable.space == space && !variable.dynamic;
        let (static_offsets, end) = lay_out(self.variables.iter().filter(is_static));
        let mut static_offsets = static_offsets.into_iter();
        let offsets = self.variables.iter().map(|variable| {
            if variable.space == space && !variable.dynamic {
                static_offsets.next().unwrap_or(0)
            } else {
                end.next_multiple_of(u64::from(variable.align.max(1)))
            }
        });
        (offsets.collect(), end)
    }
}

/// A kernel's parameter as it is declared.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterDeclaration {
    /// Its name in the source.
    pub name: String,
    /// The type of it, or of its elements.
    pub ty: Type,
    /// The number of elements, if it is an array of bytes.
    pub array: Option<u32>,
    /// Alignment in bytes.
    pub align: u32,
    /// Offset in the parameter block in bytes.
    pub offset: u32,
    /// Whether it was declared `.ptr`.
    pub pointer: bool,
}

impl ParameterDeclaration {
    /// Size in bytes.
    pub fn size(&self) -> u32 {
        self.array.unwrap_or(1).saturating_mul(self.ty.bytes())
    }
}

/// A virtual register of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Register(pub u32);

/// A basic block of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(pub u32);

impl Register {
    /// Its place in [`Function::registers`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl BlockId {
    /// Its place in [`Function::blocks`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A run of instructions that is entered at its start and left at its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// What it does.
    pub instructions: Vec<Instruction>,
    /// Where it goes then.
    pub terminator: Terminator,
    /// Whether it is hardly ever entered.
    pub cold: bool,
}

impl Block {
    /// A block that does nothing and goes on so.
    pub fn ending(terminator: Terminator) -> Self {
        Self {
            instructions: Vec::new(),
            terminator,
            cold: false,
        }
    }
}

/// A predicate register that must be true, or false if negated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Predicate {
    /// The register.
    pub register: Register,
    /// Whether it must be false.
    pub negated: bool,
}

/// Where a block goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Terminator {
    /// To another block.
    Jump(BlockId),
    /// To one block or another.
    Branch {
        /// What decides.
        predicate: Predicate,
        /// Where it goes when the predicate holds.
        then: BlockId,
        /// Where it goes else.
        otherwise: BlockId,
    },
    /// To the block that a register counts, the last one where it counts too far.
    Switch {
        /// What counts.
        index: Register,
        /// Where it goes.
        targets: Vec<BlockId>,
    },
    /// The thread ends.
    Exit,
    /// `trap` and `brkpt`, before [`crate::sandbox`] makes them faults.
    Trap(Span),
    /// The fault of a site is recorded and the launch ends.
    Fault {
        /// Index in [`Function::sites`].
        site: u32,
        /// The offset in the window of the address to record.
        offset: Option<Register>,
    },
    /// The launch ends because it was told to stop.
    Stop,
}

impl Terminator {
    /// The blocks that may follow.
    pub fn successors(&self) -> SmallVec<[BlockId; 2]> {
        match self {
            Self::Jump(target) => smallvec![*target],
            Self::Branch {
                then, otherwise, ..
            } => smallvec![*then, *otherwise],
            Self::Switch { targets, .. } => SmallVec::from_slice(targets),
            _ => SmallVec::new(),
        }
    }

    /// The registers that it uses: what decides where it goes, or what a fault records.
    pub fn reads(&self) -> Option<Register> {
        match self {
            Self::Branch { predicate, .. } => Some(predicate.register),
            Self::Switch { index, .. } => Some(*index),
            Self::Fault { offset, .. } => *offset,
            _ => None,
        }
    }

    /// Replaces every successor by what `change` makes of it; which successor it is, first or second, comes along.
    pub fn map_successors(&mut self, mut change: impl FnMut(usize, BlockId) -> BlockId) {
        match self {
            Self::Jump(target) => *target = change(0, *target),
            Self::Branch {
                then, otherwise, ..
            } => {
                *then = change(0, *then);
                *otherwise = change(1, *otherwise);
            }
            Self::Switch { targets, .. } => {
                for (which, target) in targets.iter_mut().enumerate() {
                    *target = change(which, *target);
                }
            }
            _ => {}
        }
    }
}

/// What a recorded fault means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultSite {
    /// What happened.
    pub cause: FaultCause,
    /// Size of the access in bytes; 0 where there is none.
    pub size: u32,
    /// The instruction in the source.
    pub span: Span,
}

/// Why a guard or a trap ends a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultCause {
    /// A global access outside of what the guest may touch.
    GlobalOutOfBounds,
    /// A shared access outside of what the block has.
    SharedOutOfBounds,
    /// A local access outside of what the thread has.
    LocalOutOfBounds,
    /// An address in the window that is not a multiple of the access size.
    Misaligned,
    /// The same in shared or local memory.
    MisalignedSmall,
    /// `trap` or `brkpt`.
    Trap,
    /// An integer division by zero in a language that faults on it.
    DivideByZero,
    /// A quotient or a converted number that does not fit, likewise.
    IntegerOverflow,
    /// An operation of a warp whose participants wait elsewhere.
    Divergence,
}

impl FaultCause {
    /// Whether the address that is recorded lies in a block's or a thread's memory, not in the window.
    pub fn is_in_small_space(self) -> bool {
        matches!(
            self,
            Self::SharedOutOfBounds | Self::LocalOutOfBounds | Self::MisalignedSmall
        )
    }
}

/// One instruction.
#[derive(Clone, Debug, PartialEq)]
pub struct Instruction {
    /// Its row in the opcode table.
    pub form: FormId,
    /// Its first type, the row's `T` or fixed type.
    pub t: Option<Type>,
    /// Its second type.
    pub u: Option<Type>,
    /// The modifiers it has, in the row's order.
    pub modifiers: SmallVec<[Modifier; 4]>,
    /// When it is done, if not always.
    pub predicate: Option<Predicate>,
    /// Its operands, one for each of the form's roles.
    pub operands: SmallVec<[Operand; 4]>,
    /// Where it stands in the source.
    pub span: Span,
}

impl Instruction {
    /// What it does.
    pub fn opcode(&self) -> Opcode {
        self.form.opcode()
    }

    /// What it does besides writing its destinations.
    pub fn effect(&self) -> Effect {
        self.form.effect()
    }

    /// The registers that it writes, or may write under its predicate.
    pub(crate) fn destinations(&self) -> impl Iterator<Item = Register> + '_ {
        let operands = self.form.form().roles.iter().zip(&self.operands);
        let written = operands.filter(|(role, _)| role.destination);
        let elements = written.flat_map(|(_, operand)| match operand {
            Operand::Vector(elements) => elements.as_slice(),
            single => std::slice::from_ref(single),
        });
        elements.filter_map(|element| match element {
            Operand::Register(register) => Some(*register),
            _ => None,
        })
    }

    /// Whether it reads or writes memory at an address that needs a guard.
    pub fn is_access(&self) -> bool {
        self.effect().is_access()
            || (self.effect() == Effect::Collective && self.address().is_some())
    }

    /// Whether other threads may wait for what it does: each such access really happens, in the order of the text.
    pub fn is_ordered(&self) -> bool {
        [
            Modifier::Volatile,
            Modifier::Relaxed,
            Modifier::Acquire,
            Modifier::Release,
            Modifier::Mmio,
        ]
        .iter()
        .any(|modifier| self.has(*modifier))
    }

    /// The same instruction with these modifiers, in the row's order; others that it had are gone.
    pub(crate) fn with_modifiers(mut self, wanted: &[Modifier]) -> Self {
        let slots = self.form.form().slots.iter();
        self.modifiers = slots
            .filter_map(|slot| match slot {
                Slot::Modifier { choices, optional } => {
                    let chosen = choices.iter().find(|choice| wanted.contains(choice));
                    match chosen {
                        None if !optional => choices.first().copied(),
                        chosen => chosen.copied(),
                    }
                }
                _ => None,
            })
            .collect();
        self
    }

    /// Where its first address points.
    pub fn space(&self) -> Space {
        Space::of(&self.modifiers)
    }

    /// Whether it has a modifier.
    pub fn has(&self, modifier: Modifier) -> bool {
        self.modifiers.contains(&modifier)
    }

    /// How many elements a memory access moves.
    pub fn vector_length(&self) -> u32 {
        match () {
            () if self.has(Modifier::V2) => 2,
            () if self.has(Modifier::V4) => 4,
            () => 1,
        }
    }

    /// The bytes that a memory access touches.
    pub fn access_bytes(&self) -> u32 {
        self.t.map_or(0, Type::bytes) * self.vector_length()
    }

    /// Whether a copy says how many bytes it reads; the rest of what it writes is zero.
    pub fn reads_size(&self) -> bool {
        let roles = &self.form.form().roles;
        roles
            .get(3)
            .is_some_and(|role| role.kind == RoleKind::Value(RoleType::Fixed(Type::U32)))
            && self
                .operands
                .get(3)
                .is_some_and(|operand| *operand != Operand::Absent)
    }

    /// Its address operand.
    pub fn address(&self) -> Option<&Address> {
        self.operands.iter().find_map(|operand| match operand {
            Operand::Address(address) => Some(address),
            _ => None,
        })
    }
}

/// An operand.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A register; a negated one stands only where the form lets predicates be negated.
    Register(Register),
    /// A predicate register, negated.
    Negated(Register),
    /// A constant's bits, in the width of the operand's type.
    Immediate(u64),
    /// A special register.
    Special(SpecialRegister),
    /// A value that only the sandbox knows.
    Hidden(Hidden),
    /// The address of a variable, and what is added to it.
    Symbol(Symbol, i64),
    /// An address in brackets.
    Address(Address),
    /// An address in brackets with coordinates.
    Tensor(Box<TensorAddress>),
    /// The elements of a vector.
    Vector(Vec<Operand>),
    /// `_`: a destination that nobody reads.
    Sink,
    /// An optional operand that was left out.
    Absent,
}

/// An address: base and offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// What the offset is added to.
    pub base: AddressBase,
    /// In bytes.
    pub offset: i64,
    /// Where a guard has put the address's offset in the window, if it has been over it.
    pub guarded: Option<Register>,
    /// Which of the plan's accesses it is, if a proof for whole rows of threads stands in for the guard.
    pub row: Option<u32>,
    /// Whether it needs no guard: it lies in a variable, at a constant place.
    pub proved: bool,
    /// Which claim of what is proved at each launch stands in for the guard, counted from 1, if one does ([`crate::proof`]).
    pub covered: Option<std::num::NonZeroU32>,
}

/// Where a part of a tensor lies.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorAddress {
    /// The tensor's description.
    pub address: Address,
    /// The part's first element in each dimension.
    pub coordinates: Vec<Operand>,
}

impl Address {
    /// An address that no guard has been over.
    pub fn new(base: AddressBase, offset: i64) -> Self {
        Self {
            base,
            offset,
            guarded: None,
            row: None,
            proved: false,
            covered: None,
        }
    }
}

/// What an address starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressBase {
    /// A register of 64 bits, or of 32 where the space is small.
    Register(Register),
    /// A parameter of the kernel, by its index.
    Parameter(u32),
    /// A variable.
    Variable(Symbol),
    /// Nothing: the offset is the address.
    Absolute,
}

/// What the sandbox's own code reads from the hidden parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// Address of the window's first byte.
    WindowBase,
    /// Bytes of the window that may be accessed.
    WindowMapped,
    /// Address of the granule table.
    Granules,
    /// Address of the stop word.
    Stop,
    /// Address of the module's own variables.
    Variables,
    /// Address of the block's shared memory, in its space.
    SharedBase,
    /// Bytes of the block's shared memory.
    SharedSize,
    /// Not zero where a block must look at the stop word before it begins.
    Look,
    /// Address of the thread's local memory, in its space.
    LocalBase,
}
