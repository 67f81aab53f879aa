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
        let message =
            format!("the source has {length} bytes; at most {MAX_SOURCE_BYTES} are accepted");
        return Err(vec![
            Diagnostic::error(Span::default(), message).with_help("split the module"),
        ]);
    }
    let tree = parser::parse(source).map_err(|error| vec![error])?;
    lower::lower(&tree)
}

/// Bytes of the token that a text begins with: 1 where it begins with none, 0 where there is no text.
pub(crate) fn token_length(text: &str) -> usize {
    let starts_token = text
        .bytes()
        .next()
        .is_some_and(|first| first.is_ascii_graphic());
    let is_comment = text.starts_with("//") || text.starts_with("/*");
    match text.chars().next() {
        None => 0,
        Some(first) if !starts_token => first.len_utf8(),
        Some(_) if is_comment => 2,
        Some(_) => lexer::Lexer::new(text).token_end().unwrap_or(1),
    }
}
