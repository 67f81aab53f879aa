//! The syntax tree: names as they are spelt, borrowed from the source.

use crate::diagnostics::Span;
use crate::ir::Type;

/// A name with its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name<'a> {
    pub(super) text: &'a str,
    pub(super) span: Span,
}

/// A source text.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) version: (u32, u32),
    pub(super) target: Name<'a>,
    pub(super) kernels: Vec<Kernel<'a>>,
}

/// An `.entry`.
#[derive(Debug)]
pub(super) struct Kernel<'a> {
    pub(super) name: Name<'a>,
    pub(super) parameters: Vec<Parameter<'a>>,
    pub(super) max_threads: Option<u32>,
    pub(super) body: Vec<Statement<'a>>,
}

/// A kernel's parameter.
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
    /// `name:`
    Label(Name<'a>),
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
    /// `[base+offset]`
    Address { base: Option<&'a str>, offset: i64 },
    /// `{a, b}`
    Vector(Vec<Operand<'a>>),
}
