//! The syntax tree: names as they are spelt, borrowed from the source.

use crate::diagnostics::Span;
use crate::ir::{Space, Type};

/// A name with its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name<'a> {
    pub(super) text: &'a str,
    pub(super) span: Span,
}

/// A source text.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) source_bytes: usize,
    pub(super) version: (u32, u32),
    pub(super) target: Name<'a>,
    pub(super) variables: Vec<Variable<'a>>,
    pub(super) kernels: Vec<Kernel<'a>>,
    pub(super) functions: Vec<DeviceFunction<'a>>,
}

/// What a kernel says of its blocks before its body (PTX ISA, "Performance-Tuning Directives").
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tuning {
    /// Threads at most.
    pub(super) max_threads: Option<u32>,
    /// The only extents.
    pub(super) required_block: Option<[u32; 3]>,
}

/// An `.entry`.
#[derive(Debug)]
pub(super) struct Kernel<'a> {
    pub(super) name: Name<'a>,
    pub(super) parameters: Vec<Parameter<'a>>,
    pub(super) tuning: Tuning,
    pub(super) body: Vec<Statement<'a>>,
}

/// A `.func`.
#[derive(Debug)]
pub(super) struct DeviceFunction<'a> {
    pub(super) name: Name<'a>,
    pub(super) returns: Vec<Parameter<'a>>,
    pub(super) parameters: Vec<Parameter<'a>>,
    /// None for a declaration.
    pub(super) body: Option<Vec<Statement<'a>>>,
}

/// A variable in memory, or in parameter memory before a call.
#[derive(Debug)]
pub(super) struct Variable<'a> {
    pub(super) space: Space,
    pub(super) name: Name<'a>,
    pub(super) ty: Type,
    pub(super) align: Option<u32>,
    /// The product of its extents; none if a launch decides it, as `[]` says.
    pub(super) elements: Option<u64>,
    pub(super) is_external: bool,
    pub(super) initial: Vec<Initial<'a>>,
}

/// One element of an initial value.
#[derive(Debug)]
pub(super) enum Initial<'a> {
    Number(OperandKind<'a>, Span),
    Address {
        name: Name<'a>,
        offset: i64,
        generic: bool,
    },
}

/// A parameter of a kernel or a function.
#[derive(Debug)]
pub(super) struct Parameter<'a> {
    pub(super) name: Name<'a>,
    pub(super) ty: Type,
    pub(super) array: Option<u32>,
    pub(super) align: Option<u32>,
    pub(super) pointer: bool,
}

/// What a body consists of.
#[derive(Debug)]
pub(super) enum Statement<'a> {
    /// `.reg .b32 %r<5>;`: so many registers, or one without a count.
    Registers {
        ty: Type,
        name: Name<'a>,
        count: Option<u32>,
    },
    /// A variable of the body.
    Variable(Box<Variable<'a>>),
    /// `name:`
    Label(Name<'a>),
    /// `name: .branchtargets a, b;`
    Targets(Name<'a>, Vec<Name<'a>>),
    /// An instruction.
    Instruction(Box<Instruction<'a>>),
    /// `{`
    Open,
    /// `}`
    Close,
}

/// An instruction as it is spelt.
#[derive(Debug)]
pub(super) struct Instruction<'a> {
    pub(super) predicate: Option<(bool, Name<'a>)>,
    pub(super) name: Name<'a>,
    pub(super) suffixes: Vec<Name<'a>>,
    pub(super) operands: Vec<Operand<'a>>,
}

/// An operand as it is spelt.
#[derive(Debug)]
pub(super) struct Operand<'a> {
    pub(super) kind: OperandKind<'a>,
    pub(super) span: Span,
    /// Whether a `|` stands before it instead of a comma.
    pub(super) paired: bool,
}

/// What an operand is.
#[derive(Debug)]
pub(super) enum OperandKind<'a> {
    /// A register, parameter, label or special register; the component of the latter comes along.
    Name(&'a str, Option<&'a str>),
    /// `!p`
    Not(&'a str),
    /// An integer, with its sign.
    Integer { magnitude: u64, negative: bool },
    /// A double, with its sign.
    Double(f64),
    /// The bits of a float, with its sign in them.
    FloatBits(u32),
    /// `name+offset`
    Sum { base: &'a str, offset: i64 },
    /// `[base+offset]`
    Address { base: Option<&'a str>, offset: i64 },
    /// `[base+offset, {a, b}]`
    Tensor(Box<Tensor<'a>>),
    /// `{a, b}`
    Vector(Vec<Operand<'a>>),
    /// `(a, b)`
    List(Vec<Operand<'a>>),
}

/// A place in a tensor.
#[derive(Debug)]
pub(super) struct Tensor<'a> {
    pub(super) base: Option<&'a str>,
    pub(super) offset: i64,
    pub(super) coordinates: Vec<Operand<'a>>,
}
