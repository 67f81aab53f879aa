//! Tokens to syntax tree (PTX ISA, "Syntax").
//!
//! The parser is iterative: nesting in the source is a statement of its own, and vectors are one level deep.

mod body;
mod kernel;
mod operands;
mod tokens;
mod variables;

use super::ast::{DeviceFunction, Kernel, Name, Tree, Variable};
use super::lexer::{Lexer, Token, TokenKind};
use crate::diagnostics::{Diagnostic, Span};
use crate::ir::Space;
use crate::limits::{MAX_FUNCTIONS, MAX_VARIABLES};

type Result<T> = std::result::Result<T, Diagnostic>;

pub(super) fn parse(source: &str) -> Result<Tree<'_>> {
    let mut lexer = Lexer::new(source);
    let token = lexer.next()?;
    Parser {
        lexer,
        token,
        statements: 0,
    }
    .tree()
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The token to be read next.
    token: Token<'a>,
    /// Statements in all kernels so far.
    statements: usize,
}

impl<'a> Parser<'a> {
    fn tree(mut self) -> Result<Tree<'a>> {
        if self.token.kind == TokenKind::End {
            return Err(self.error("the source is empty; PTX begins with `.version`"));
        }
        let version = self.version()?;
        let target = self.target()?;
        let mut tree = Tree {
            source_bytes: self.lexer.source_bytes(),
            version,
            target,
            variables: Vec::new(),
            kernels: Vec::new(),
            functions: Vec::new(),
        };
        while self.token.kind != TokenKind::End {
            let span = self.token.span;
            self.directive(&mut tree)?;
            if tree.kernels.len() + tree.functions.len() > MAX_FUNCTIONS {
                let message = format!(
                    "the module has more than {MAX_FUNCTIONS} kernels and functions: split it"
                );
                return Err(Diagnostic::error(span, message));
            }
            if tree.variables.len() > MAX_VARIABLES {
                let message =
                    format!("the module has more than {MAX_VARIABLES} variables: split it");
                return Err(Diagnostic::error(span, message));
            }
        }
        Ok(tree)
    }

    fn version(&mut self) -> Result<(u32, u32)> {
        self.expect_dot("version", "PTX begins with `.version`")?;
        let span = self.token.span;
        let wrong = || Diagnostic::error(span, "expected a version such as `8.0` after `.version`");
        let TokenKind::Double(value) = self.advance()?.kind else {
            return Err(wrong());
        };
        let tenths = (value * 10.0).round();
        if !(10.0..1000.0).contains(&tenths) {
            return Err(wrong());
        }
        let tenths = tenths as u32;
        Ok((tenths / 10, tenths % 10))
    }

    fn target(&mut self) -> Result<Name<'a>> {
        self.expect_dot("target", "`.target` follows `.version`")?;
        let target = self.word("a target such as `sm_80`")?;
        while self.eat(',')? {
            self.word("a target option")?;
        }
        Ok(target)
    }

    /// One directive of the module.
    fn directive(&mut self, tree: &mut Tree<'a>) -> Result<()> {
        let mut is_external = false;
        loop {
            let Token { kind, span } = self.advance()?;
            let TokenKind::Dot(name) = kind else {
                let message = format!("expected a directive such as `.entry`, found {kind}");
                return Err(Diagnostic::error(span, message));
            };
            match name {
                "visible" | "weak" | "common" => continue,
                "extern" => {
                    is_external = true;
                    continue;
                }
                "address_size" => self.address_size()?,
                "entry" => {
                    let kernel: Kernel<'a> = self.kernel()?;
                    tree.kernels.push(kernel);
                }
                "func" => {
                    let function: DeviceFunction<'a> = self.device_function()?;
                    tree.functions.push(function);
                }
                "global" => self.module_variables(Space::Global, is_external, tree)?,
                "const" => self.module_variables(Space::Const, is_external, tree)?,
                "shared" => self.module_variables(Space::Shared, is_external, tree)?,
                "file" => self.file()?,
                "section" => self.section()?,
                "pragma" => self.pragma()?,
                "tex" | "texref" | "surfref" | "samplerref" => {
                    return Err(unsupported(
                        span,
                        "textures and surfaces",
                        "pass a buffer instead",
                    ));
                }
                "alias" => {
                    return Err(unsupported(
                        span,
                        "aliases of functions",
                        "call what they stand for",
                    ));
                }
                _ => {
                    return Err(Diagnostic::error(
                        span,
                        format!("unknown directive `.{name}`"),
                    ));
                }
            }
            return Ok(());
        }
    }

    fn module_variables(
        &mut self,
        space: Space,
        is_external: bool,
        tree: &mut Tree<'a>,
    ) -> Result<()> {
        let mut variables: Vec<Variable<'a>> = Vec::new();
        self.variables(space, is_external, &mut variables)?;
        tree.variables.append(&mut variables);
        Ok(())
    }

    fn address_size(&mut self) -> Result<()> {
        let span = self.token.span;
        match self.advance()?.kind {
            TokenKind::Integer(64) => Ok(()),
            _ => Err(Diagnostic::error(
                span,
                "only `.address_size 64` is supported",
            )),
        }
    }

    /// `.file index "name"{, timestamp, size}`: for debuggers.
    fn file(&mut self) -> Result<()> {
        self.integer("a file's index")?;
        let span = self.token.span;
        let TokenKind::Text(_) = self.advance()?.kind else {
            return Err(Diagnostic::error(span, "expected a file's name in quotes"));
        };
        while self.eat(',')? {
            self.integer("a number")?;
        }
        Ok(())
    }

    /// `.section name { ... }`: debug information, which is not kept.
    fn section(&mut self) -> Result<()> {
        let opened = self.token.span;
        while !self.eat('{')? {
            self.not_at_end(opened, "section")?;
        }
        while !self.eat('}')? {
            self.not_at_end(opened, "section")?;
        }
        Ok(())
    }
}

fn unsupported(span: Span, what: &str, instead: &str) -> Diagnostic {
    Diagnostic::error(span, format!("{what} are not supported; {instead}"))
}
