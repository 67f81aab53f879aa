//! Modules, kernels, blocks and instructions.

use super::form::FormId;
use super::modifier::Modifier;
use super::opcode::Opcode;
use super::types::Type;
use crate::diagnostics::Span;
use smallvec::SmallVec;

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
    /// The kernels, in the order of the source.
    pub functions: Vec<Function>,
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
    /// The types of its registers, by [`Register`].
    pub registers: Vec<Type>,
    /// Its basic blocks by [`BlockId`]; it starts with the first.
    pub blocks: Vec<Block>,
    /// Threads in a block at most, where `.maxntid` or `.reqntid` say so.
    pub max_threads: Option<u32>,
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
    /// The blocks that may follow, at most two.
    pub fn successors(&self) -> impl Iterator<Item = BlockId> + use<> {
        let (first, second) = match self {
            Self::Jump(target) => (Some(*target), None),
            Self::Branch {
                then, otherwise, ..
            } => (Some(*then), Some(*otherwise)),
            _ => (None, None),
        };
        first.into_iter().chain(second)
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
    /// An address that is not a multiple of the access size.
    Misaligned,
    /// `trap` or `brkpt`.
    Trap,
    /// An integer division by zero in a language that faults on it.
    DivideByZero,
    /// A quotient or a converted number that does not fit, likewise.
    IntegerOverflow,
}

/// How many elements an access with these modifiers moves.
pub(crate) fn vector_length(modifiers: &[Modifier]) -> u32 {
    match () {
        () if modifiers.contains(&Modifier::V2) => 2,
        () if modifiers.contains(&Modifier::V4) => 4,
        () => 1,
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

    /// Whether it has a modifier.
    pub fn has(&self, modifier: Modifier) -> bool {
        self.modifiers.contains(&modifier)
    }

    /// How many elements a memory access moves.
    pub fn vector_length(&self) -> u32 {
        vector_length(&self.modifiers)
    }

    /// The bytes that a memory access touches.
    pub fn access_bytes(&self) -> u32 {
        self.t.map_or(0, Type::bytes) * self.vector_length()
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
    /// An address in brackets.
    Address(Address),
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
}

/// What an address starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressBase {
    /// A 64-bit register.
    Register(Register),
    /// A parameter of the kernel, by its index.
    Parameter(u32),
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
}

macro_rules! special_registers {
    ($($name:ident = $text:literal,)*) => {
        /// A special register (PTX ISA, "Special Registers"); all are `.u32`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the PTX ISA documents each under its name")]
        pub enum SpecialRegister { $($name,)* }

        impl SpecialRegister {
            /// The register that PTX spells so.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }

            /// As PTX spells it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

special_registers! {
    TidX = "%tid.x", TidY = "%tid.y", TidZ = "%tid.z",
    NtidX = "%ntid.x", NtidY = "%ntid.y", NtidZ = "%ntid.z",
    CtaidX = "%ctaid.x", CtaidY = "%ctaid.y", CtaidZ = "%ctaid.z",
    NctaidX = "%nctaid.x", NctaidY = "%nctaid.y", NctaidZ = "%nctaid.z",
    LaneId = "%laneid",
}
