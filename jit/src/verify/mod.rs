//! What a module may contain.
//!
//! The verifier reads the IR, whatever front end made it, and accepts a module whose every operand has a type that
//! its instruction takes, whose parameters are read inside their bounds, and whose versions are understood. It also
//! works out each kernel's [`Signature`], by which the host checks launches.

mod instructions;
mod memory;
mod signatures;
mod size;

use crate::diagnostics::{Diagnostic, Diagnostics, Span};
use crate::ir::Module;
use crate::limits::MAX_PTX_VERSION;
use crate::signature::Signature;

/// What is known of a module that was accepted.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The signatures of its kernels, in their order.
    pub signatures: Vec<Signature>,
    /// Warnings and notes.
    pub diagnostics: Vec<Diagnostic>,
}

/// Accepts a module or says why not.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn verify(module: &Module) -> Result<Accepted, Vec<Diagnostic>> {
    let mut found = Diagnostics::default();
    check_version(module, &mut found);
    if module.functions.is_empty() {
        let message = "the module has no kernel: a `.visible .entry` in PTX, an exported function in WebAssembly";
        found.push(Diagnostic::warning(Span::default(), message));
    }
    for function in &module.functions {
        instructions::check(module, function, &mut found);
        memory::check(function, &mut found);
    }
    size::check(module, &mut found);
    if found.has_errors() {
        return Err(found.into_vec());
    }
    let signatures = module.functions.iter().map(signatures::signature).collect();
    Ok(Accepted {
        signatures,
        diagnostics: found.into_vec(),
    })
}

fn check_version(module: &Module, found: &mut Diagnostics) {
    let (major, minor) = module.version;
    if module.version > MAX_PTX_VERSION {
        let (highest, after) = MAX_PTX_VERSION;
        let message = format!(
            "PTX {major}.{minor} is newer than {highest}.{after}, the highest that is understood"
        );
        let error = Diagnostic::error(Span { line: 1, column: 1 }, message);
        found.push(
            error.with_help("compile with an older toolkit, or lower the module's `.version`"),
        );
    }
}
