//! Variables in memory and what they hold at first (PTX ISA, "Variables", "Initializers").

use super::super::ast::{Initial, OperandKind, Variable};
use super::super::lexer::{Token, TokenKind};
use super::operands::number;
use super::{Parser, Result};
use crate::diagnostics::Diagnostic;
use crate::ir::Space;
use crate::limits::{MAX_INITIAL_ELEMENTS, MAX_SCOPES};

impl<'a> Parser<'a> {
    /// `{.align n} {.v2|.v4} .type name {[n]...} {= initial} {, ...};`
    pub(super) fn variables(
        &mut self,
        space: Space,
        is_external: bool,
        variables: &mut Vec<Variable<'a>>,
    ) -> Result<()> {
        self.attribute()?;
        let mut align = self.align()?;
        let lanes = match self.token.kind {
            TokenKind::Dot("v2") => 2,
            TokenKind::Dot("v4") => 4,
            _ => 1,
        };
        if lanes > 1 {
            self.advance()?;
        }
        let ty = self.ty()?;
        if ty.bits() < 8 {
            return Err(self.error("a predicate cannot be a variable in memory"));
        }
        if align.is_none() {
            align = self.align()?;
        }
        if lanes > 1 && align.is_none() {
            align = Some(ty.bytes() * lanes);
        }
        loop {
            let name = self.word("a variable's name")?;
            let elements = self
                .extents()?
                .map(|elements| elements.saturating_mul(u64::from(lanes)));
            let mut initial = Vec::new();
            if self.eat('=')? {
                self.initial(&mut initial)?;
            }
            variables.push(Variable {
                space,
                name,
                ty,
                align,
                elements,
                is_external,
                initial,
            });
            if !self.eat(',')? {
                return self.expect(';');
            }
        }
    }

    /// The product of `[n]...`; none when the first is `[]`.
    fn extents(&mut self) -> Result<Option<u64>> {
        let mut elements = Some(1u64);
        while self.eat('[')? {
            if self.eat(']')? {
                elements = None;
                continue;
            }
            let span = self.token.span;
            let TokenKind::Integer(extent) = self.advance()?.kind else {
                return Err(Diagnostic::error(span, "expected the number of elements"));
            };
            elements = elements.map(|elements| elements.saturating_mul(extent));
            self.expect(']')?;
        }
        Ok(elements)
    }

    /// A number, an address, or a list of initial values in braces, flattened.
    fn initial(&mut self, initial: &mut Vec<Initial<'a>>) -> Result<()> {
        let mut depth = 0;
        loop {
            while self.eat('{')? {
                depth += 1;
                if depth > MAX_SCOPES {
                    return Err(self.error(format!("more than {MAX_SCOPES} nested braces")));
                }
            }
            if self.token.kind != TokenKind::Punctuation('}') {
                if initial.len() == MAX_INITIAL_ELEMENTS {
                    return Err(self.error(format!(
                        "a variable has at most {MAX_INITIAL_ELEMENTS} initial values; fill it by a kernel"
                    )));
                }
                let element = self.initial_element()?;
                initial.push(element);
            }
            while depth > 0 && self.eat('}')? {
                depth -= 1;
            }
            if depth == 0 {
                return Ok(());
            }
            self.expect(',')?;
        }
    }

    fn initial_element(&mut self) -> Result<Initial<'a>> {
        let Token { kind, span } = self.token;
        if let TokenKind::Word(text) = kind {
            let mut name = self.word("a variable's name")?;
            let generic = text == "generic" && self.eat('(')?;
            if generic {
                name = self.word("a variable's name")?;
                self.expect(')')?;
            }
            let is_sum = matches!(self.token.kind, TokenKind::Punctuation('+' | '-'));
            let offset = if is_sum {
                self.eat('+')?;
                self.signed()?
            } else {
                0
            };
            return Ok(Initial::Address {
                name,
                offset,
                generic,
            });
        }
        let negative = self.eat('-')?;
        let kind = self.advance()?.kind;
        let number: Option<OperandKind<'static>> = number(kind, negative);
        number
            .map(|number| Initial::Number(number, span))
            .ok_or_else(|| {
                Diagnostic::error(span, format!("expected an initial value, found {kind}"))
            })
    }

    /// `.attribute(...)`: memory that the driver would manage, which a sandbox cannot hand out.
    pub(super) fn attribute(&mut self) -> Result<()> {
        if matches!(self.token.kind, TokenKind::Dot("attribute")) {
            return Err(
                self.error("attributes such as `.managed` are not supported; leave them out")
            );
        }
        Ok(())
    }
}
