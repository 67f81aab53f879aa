//! What is expected next, and what is done with it.

use super::super::ast::Name;
use super::super::lexer::{Token, TokenKind};
use super::{Parser, Result};
use crate::diagnostics::{Diagnostic, Span};
use crate::ir::Type;

impl<'a> Parser<'a> {
    pub(super) fn ty(&mut self) -> Result<Type> {
        let Token { kind, span } = self.advance()?;
        match kind {
            TokenKind::Dot(name) => Type::from_name(name)
                .ok_or_else(|| Diagnostic::error(span, format!("`.{name}` is no supported type"))),
            _ => Err(Diagnostic::error(
                span,
                format!("expected a type such as `.u32`, found {kind}"),
            )),
        }
    }

    pub(super) fn word(&mut self, what: &str) -> Result<Name<'a>> {
        let Token { kind, span } = self.advance()?;
        match kind {
            TokenKind::Word(text) => Ok(Name { text, span }),
            _ => Err(Diagnostic::error(
                span,
                format!("expected {what}, found {kind}"),
            )),
        }
    }

    pub(super) fn integer(&mut self, what: &str) -> Result<u32> {
        let Token { kind, span } = self.advance()?;
        match kind {
            TokenKind::Integer(value) => u32::try_from(value)
                .map_err(|_| Diagnostic::error(span, format!("{value} is too large for {what}"))),
            _ => Err(Diagnostic::error(
                span,
                format!("expected {what}, found {kind}"),
            )),
        }
    }

    pub(super) fn expect(&mut self, character: char) -> Result<()> {
        if self.eat(character)? {
            return Ok(());
        }
        Err(self.error(format!("expected `{character}`, found {}", self.token.kind)))
    }

    pub(super) fn expect_dot(&mut self, name: &str, why: &str) -> Result<()> {
        if self.eat_dot(name)? {
            return Ok(());
        }
        Err(self.error(format!(
            "expected `.{name}`, found {}: {why}",
            self.token.kind
        )))
    }

    pub(super) fn eat(&mut self, character: char) -> Result<bool> {
        let found = self.token.kind == TokenKind::Punctuation(character);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    pub(super) fn eat_dot(&mut self, name: &str) -> Result<bool> {
        let found = self.token.kind == TokenKind::Dot(name);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    pub(super) fn not_at_end(&mut self, opened: Span, what: &str) -> Result<()> {
        if self.token.kind == TokenKind::End {
            return Err(self.error(format!(
                "the source ends inside the {what} that begins at {opened}"
            )));
        }
        self.advance().map(drop)
    }

    pub(super) fn advance(&mut self) -> Result<Token<'a>> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    pub(super) fn error(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(self.token.span, message)
    }
}
