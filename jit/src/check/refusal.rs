//! Why a text is not believed.

use std::fmt;

/// The first thing in a printed module that the checker could not prove.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}line {line}: {reason}", Kernel(*.kernel))]
pub struct Refusal {
    /// The kernel, counted from 0 as in its printed name; none outside of kernels.
    pub kernel: Option<u32>,
    /// The line of the printed text, counted from 1.
    pub line: u32,
    /// What is wrong there.
    pub reason: Reason,
}

struct Kernel(Option<u32>);

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(index) => write!(f, "kernel{index}, "),
            None => Ok(()),
        }
    }
}

/// A memory that kernels access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Memory {
    /// The guest's window.
    Window,
    /// The block's shared memory.
    Shared,
    /// The thread's local memory.
    Local,
    /// A kernel's parameters.
    Parameters,
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Window => "the window",
            Self::Shared => "the block's shared memory",
            Self::Local => "the thread's local memory",
            Self::Parameters => "the parameters",
        })
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The printer prints nothing of the kind.
    #[error("not as the printer prints it: {0}")]
    Malformed(String),
    /// An instruction, a word of it or a name that is on no list of the checker.
    #[error("`{0}` is not allowed")]
    NotAllowed(String),
    /// Operands of another number or kind than the instruction has.
    #[error("`{0}` has other operands")]
    Operands(String),
    /// A barrier other than 0, or one that counts.
    #[error("`{0}` is no barrier of the whole block")]
    Barrier(String),
    /// A register that may be read before it is written.
    #[error("`{0}` may be read before it is written")]
    Unwritten(String),
    /// An access that no guard keeps in its memory.
    #[error("{bytes} bytes may lie outside of {memory}")]
    OutOfBounds {
        /// Where it shall lie.
        memory: Memory,
        /// How much it touches, of a matrix one row.
        bytes: u32,
    },
    /// An access that may not be at a multiple of what it must.
    #[error("an access to {memory} may not be at a multiple of {align} bytes")]
    Misaligned {
        /// Where it lies.
        memory: Memory,
        /// What its address must be a multiple of.
        align: u32,
    },
    /// An access whose address is not in the memory that the instruction names.
    #[error("`{0}` names a memory where the sandbox has nothing")]
    WrongMemory(String),
    /// The launch record, the fault record or the stop word, touched otherwise than the sandbox does.
    #[error("the sandbox's own memory is used in a way that is not the sandbox's")]
    OwnState,
    /// A way through the kernel that comes back without a look at the stop word.
    #[error("a loop can go on without a look at the stop word")]
    Endless,
    /// A jump table that a register may count past.
    #[error("an index may be past the {0} targets of a jump table")]
    JumpTable(usize),
    /// The code of the fault recorder is another one.
    #[error("the fault recorder is not as the printer prints it")]
    Recorder,
    /// It takes more steps to check than a text of its size may.
    #[error("it takes too many steps to check")]
    TooMuchWork,
}

/// Where, for code that knows the line alone.
pub(super) type Found<T> = Result<T, (u32, Reason)>;
