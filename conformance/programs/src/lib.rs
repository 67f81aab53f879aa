//! What the guest programs of the conformance suite share.
//!
//! A program is one file of `src/bin`, named `<suite>_<case>.rs`. It checks what the WIT package
//! promises and panics with a sentence where a host breaks the promise; it exits with 0 when all held.
//! Right after each check of a function's result it prints a line such as
//! `covers execution#[method]cuda-stream.launch invalid-argument`, from which the suite tells that every
//! error case of every function was really seen.

#![deny(missing_docs)]

mod expect;
pub mod failure;
mod fault;
pub mod functions;
mod gate;
pub mod kernels;
pub mod misuse;
mod region;
mod setup;
pub mod tasks;

pub use expect::{covers, ok, refused, refused_saying, refused_with};
pub use fault::{Expected, faulted, line_of};
pub use gate::Gate;
pub use region::{Region, add};
pub use setup::{Setup, at, default_device, runs_well};
