//! The steps in order.

use crate::diagnostics::Diagnostic;
use crate::{back, front, ir, sandbox, verify};

/// What decides the code besides the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CompileOptions {
    /// Report accesses that stay in the guest's window but lie in none of its buffers.
    pub checked: bool,
}

/// Parses, verifies, guards and compiles PTX for this processor.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn compile_ptx(
    source: &str,
    options: &CompileOptions,
) -> Result<back::cpu::Module, Vec<Diagnostic>> {
    let (module, accepted) = front_half(source, options)?;
    back::cpu::compile(&module, accepted).map_err(|error| vec![error])
}

/// Parses, verifies and guards PTX, and prints the result: what a driver gets to see.
///
/// # Errors
///
/// The findings, of which at least one is an error.
pub fn sandboxed_ptx(source: &str, options: &CompileOptions) -> Result<String, Vec<Diagnostic>> {
    front_half(source, options).map(|(module, _)| back::ptx::print(&module))
}

fn front_half(
    source: &str,
    options: &CompileOptions,
) -> Result<(ir::Module, verify::Accepted), Vec<Diagnostic>> {
    let mut module = front::ptx::parse(source)?;
    let accepted = verify::verify(&module)?;
    sandbox::instrument(
        &mut module,
        &sandbox::Options {
            checked: options.checked,
        },
    );
    Ok((module, accepted))
}
