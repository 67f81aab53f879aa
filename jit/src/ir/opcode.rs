//! What instructions do, apart from how they are spelt.

/// An operation. What it does exactly depends on the instruction's types and modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(
    missing_docs,
    reason = "each is the PTX ISA's instruction of that name"
)]
pub enum Opcode {
    Abs,
    Add,
    And,
    Bfe,
    Bfi,
    Bra,
    Brev,
    Brkpt,
    Clz,
    Cnot,
    CopySign,
    Cos,
    Cvt,
    Cvta,
    Div,
    Dp4a,
    Ex2,
    Exit,
    Fma,
    Ld,
    LdParam,
    Lg2,
    Mad,
    MadWide,
    Max,
    Min,
    Mov,
    Mul,
    MulWide,
    Neg,
    Not,
    Or,
    Pack,
    Popc,
    Prmt,
    Rcp,
    Rem,
    Ret,
    Rsqrt,
    Selp,
    Set,
    Setp,
    Shf,
    Shl,
    Shr,
    Sin,
    Sqrt,
    St,
    Sub,
    Tanh,
    Testp,
    Trap,
    Unpack,
    Xor,
    /// Reads the sandbox's own memory, which no guest can name; only [`crate::sandbox`] makes it.
    LdSandbox,
}

/// What an instruction does besides writing its destinations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Nothing: it may be computed although its predicate is false.
    Pure,
    /// Reads memory at an address.
    Load,
    /// Writes memory at an address.
    Store,
    /// Ends a basic block.
    Control,
}

impl Opcode {
    /// What an instruction of this opcode does besides writing its destinations.
    pub fn effect(self) -> Effect {
        match self {
            Self::Ld | Self::LdSandbox => Effect::Load,
            Self::St => Effect::Store,
            Self::Bra | Self::Brkpt | Self::Exit | Self::Ret | Self::Trap => Effect::Control,
            _ => Effect::Pure,
        }
    }
}
