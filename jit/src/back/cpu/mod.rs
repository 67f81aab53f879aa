//! Code for this processor, by Cranelift.
//!
//! A kernel becomes one function that runs one block: the threads of the block are a loop around the kernel's body, so what
//! depends on the block alone is computed once. [`Kernel::run_blocks`] calls it for a run of blocks.

mod arena;
mod at_once;
mod block;
mod codegen;
mod collective;
mod fault;
mod jit;
mod kernel;
mod launch;
mod proved;
mod runtime;
mod step;
mod suspension;
mod target;

pub use fault::{Fault, FaultKind, FaultSlot};
pub use kernel::{Kernel, Module};
pub use launch::{Launch, Outcome};

pub(crate) use kernel::{assembly, compile};
pub(crate) use proved::Proved;
