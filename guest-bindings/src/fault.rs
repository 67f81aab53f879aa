//! A fault as one line that a person can act on.

use core::fmt;

use crate::{Dim3, Fault, FaultKind};

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kernel `{}` faulted", self.kernel)?;
        match (self.line, self.column) {
            (0, _) => {}
            (line, 0) => write!(f, " at line {line}")?,
            (line, column) => write!(f, " at line {line}, column {column}")?,
        }
        write!(f, ": {}", self.kind)?;
        if self.size != 0 {
            let unit = if self.size == 1 { "byte" } else { "bytes" };
            write!(f, ", {} {unit} at {:#x}", self.size, self.address)?;
        }
        if !self.detail.is_empty() {
            write!(f, ": {}", self.detail)?;
        }
        write!(f, "; block {}, thread {}", self.block, self.thread)
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GlobalOutOfBounds => "global memory access out of bounds",
            Self::SharedOutOfBounds => "shared memory access out of bounds",
            Self::LocalOutOfBounds => "local memory access out of bounds",
            Self::Misaligned => "misaligned access",
            Self::ReadOnly => "write to read-only memory",
            Self::Trap => "trap",
            Self::Assertion(text) => return write!(f, "assertion failed: {text}"),
            Self::DivideByZero => "integer division by zero",
            Self::IntegerOverflow => "integer overflow",
            Self::Divergence => "a barrier or warp operation that not all threads can reach",
            Self::Other(text) => text,
        })
    }
}

impl fmt::Display for Dim3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {}, {})", self.x, self.y, self.z)
    }
}
