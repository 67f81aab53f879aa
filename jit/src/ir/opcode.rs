//! What instructions do, apart from how they are spelt.

/// An operation. What it does exactly depends on the instruction's types and modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(
    missing_docs,
    reason = "each is the PTX ISA's instruction of that name"
)]
pub enum Opcode {
    Abs,
    ActiveMask,
    Add,
    AddCarry,
    And,
    Atom,
    Bar,
    BarArrive,
    BarRed,
    BarWarp,
    Bfe,
    Bfi,
    Bfind,
    Bmsk,
    Bra,
    Brev,
    Brkpt,
    Brx,
    Call,
    Clz,
    Cnot,
    CopySign,
    Cos,
    CpAsync,
    CpAsyncGroup,
    CreatePolicy,
    Cvt,
    CvtPack,
    CvtPair,
    CvtTf32,
    Cvta,
    Div,
    Dp2a,
    Dp4a,
    Elect,
    Ex2,
    Exit,
    Fma,
    Fns,
    GridDepControl,
    IsSpace,
    Ld,
    LdMatrix,
    LdParam,
    Ldu,
    Lg2,
    Lop3,
    Mad,
    Mad24,
    MadCarry,
    MadWide,
    Match,
    Max,
    Membar,
    Min,
    Mma,
    Mov,
    MovMatrix,
    Mul,
    Mul24,
    MulWide,
    Nanosleep,
    Neg,
    Not,
    Or,
    Pack,
    Pmevent,
    Popc,
    Prefetch,
    Prmt,
    Rcp,
    Red,
    Redux,
    Rem,
    Ret,
    Rsqrt,
    Sad,
    Selp,
    Set,
    SetPair,
    Setp,
    SetpPair,
    Shf,
    Shfl,
    Shl,
    Shr,
    Sin,
    Slct,
    Sqrt,
    St,
    StMatrix,
    StParam,
    Sub,
    SubCarry,
    Szext,
    Tanh,
    Testp,
    Trap,
    Unpack,
    VideoAdd,
    VideoAverage,
    VideoDistance,
    VideoMax,
    VideoMin,
    VideoSet,
    VideoShl,
    VideoShr,
    VideoSub,
    Vote,
    WmmaLoad,
    WmmaMma,
    WmmaStore,
    Xor,
    /// One of those that untrusted kernels may not use; what it does matters to nobody.
    Unbounded,
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
    /// Reads and writes memory at an address in one step.
    Atomic,
    /// Reads memory at its second address and writes it at its first.
    Copy,
    /// Orders what was done before against what is done behind, or waits.
    Fence,
    /// Nothing that can be seen.
    Hint,
    /// Waits for other threads of the warp or the block, and may exchange values with them.
    Collective,
    /// Ends a basic block.
    Control,
}

impl Effect {
    /// Whether it reads or writes memory at an address.
    pub fn is_access(self) -> bool {
        matches!(self, Self::Load | Self::Store | Self::Atomic | Self::Copy)
    }
}

impl Opcode {
    /// Whether it is a video instruction (PTX ISA, scalar and SIMD video instructions).
    pub fn is_video(self) -> bool {
        matches!(
            self,
            Self::VideoAdd
                | Self::VideoSub
                | Self::VideoAverage
                | Self::VideoDistance
                | Self::VideoMin
                | Self::VideoMax
                | Self::VideoSet
                | Self::VideoShl
                | Self::VideoShr
        )
    }
}
