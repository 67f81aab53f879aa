//! PTX: text to tokens to syntax tree to IR.

mod ast;
mod lexer;
mod lower;
mod parser;

use crate::diagnostics::{Diagnostic, Span};
use crate::ir::Module;
use crate::limits::MAX_SOURCE_BYTES;

/// Reads a module.
///
/// # Errors
///
/// The findings, of which at least one is an error. A syntax error ends the search; what it means to the
/// instruction table is found for all instructions at once.
pub fn parse(source: &str) -> Result<Module, Vec<Diagnostic>> {
    if source.len() > MAX_SOURCE_BYTES {
        let length = source.len();
        let message = format!(
            "the source has {length} bytes; at most {MAX_SOURCE_BYTES} are accepted: split the module"
        );
        return Err(vec![Diagnostic::error(Span::default(), message)]);
    }
    let tree = parser::parse(source).map_err(|error| vec![error])?;
    let mut module = lower::lower(&tree)?;
    module.source_bytes = source.len();
    Ok(module)
}
