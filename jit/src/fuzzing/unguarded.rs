//! Kernels without guards, for tests that show what a guard is for.
//!
//! It is there with the feature `unguarded` alone, which nothing but this crate's own tests turns on: what it compiles may touch any
//! memory of the process.

use crate::diagnostics::Diagnostic;
use crate::{back, front, verify};

/// Compiles PTX for this processor as it stands: nothing is held against anything.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn compile(source: &str) -> Result<back::cpu::Module, Vec<Diagnostic>> {
    let module = front::ptx::parse(source)?;
    let accepted = verify::verify(&module)?;
    back::cpu::compile(&module, &[], accepted).map_err(|error| vec![error])
}
