//! Operands of instructions.

use super::super::ast::{Operand, OperandKind, Tensor};
use super::super::lexer::{Token, TokenKind};
use super::{Parser, Result};
use crate::diagnostics::Diagnostic;

impl<'a> Parser<'a> {
    pub(super) fn operands(&mut self) -> Result<Vec<Operand<'a>>> {
        let mut operands = Vec::new();
        if self.eat(';')? {
            return Ok(operands);
        }
        let mut paired = false;
        loop {
            if operands.len() == MAX_OPERANDS {
                return Err(self.error(format!(
                    "an instruction has at most {MAX_OPERANDS} operands"
                )));
            }
            operands.push(self.operand(paired)?);
            if self.eat(';')? {
                // A list grows by more places than a short one needs, and there are many of them.
                operands.shrink_to_fit();
                return Ok(operands);
            }
            paired = self.eat('|')?;
            if !paired && !self.eat(',')? {
                return Err(self.error(format!(
                    "expected `,` or `;` after an operand, found {}",
                    self.token.kind
                )));
            }
        }
    }

    pub(super) fn operand(&mut self, paired: bool) -> Result<Operand<'a>> {
        let span = self.token.span;
        let kind = match self.token.kind {
            TokenKind::Punctuation('[') => self.address()?,
            TokenKind::Punctuation('{') => OperandKind::Vector(self.elements('{', '}')?),
            TokenKind::Punctuation('(') => OperandKind::List(self.elements('(', ')')?),
            _ => self.scalar()?,
        };
        Ok(Operand { kind, span, paired })
    }

    /// Scalars between braces or parentheses; there may be none.
    fn elements(&mut self, open: char, close: char) -> Result<Vec<Operand<'a>>> {
        self.expect(open)?;
        let mut elements = Vec::new();
        if self.eat(close)? {
            return Ok(elements);
        }
        loop {
            if elements.len() == MAX_OPERANDS {
                return Err(self.error(format!("more than {MAX_OPERANDS} elements stand here")));
            }
            let span = self.token.span;
            elements.push(Operand {
                kind: self.scalar()?,
                span,
                paired: false,
            });
            if self.eat(close)? {
                elements.shrink_to_fit();
                return Ok(elements);
            }
            self.expect(',')?;
        }
    }

    pub(super) fn scalar(&mut self) -> Result<OperandKind<'a>> {
        let Token { kind, span } = self.advance()?;
        match kind {
            TokenKind::Word(name) => {
                let component = match self.token.kind {
                    TokenKind::Dot(component) => {
                        self.advance()?;
                        Some(component)
                    }
                    _ => None,
                };
                if component.is_none() && self.token.kind == TokenKind::Punctuation('+') {
                    self.advance()?;
                    let offset = self.signed()?;
                    return Ok(OperandKind::Sum { base: name, offset });
                }
                Ok(OperandKind::Name(name, component))
            }
            TokenKind::Punctuation('!') => {
                Ok(OperandKind::Not(self.word("a predicate register")?.text))
            }
            TokenKind::Punctuation('-') => {
                let Token { kind, span } = self.advance()?;
                number(kind, true).ok_or_else(|| {
                    Diagnostic::error(span, format!("expected a number, found {kind}"))
                })
            }
            _ => number(kind, false).ok_or_else(|| {
                Diagnostic::error(span, format!("expected an operand, found {kind}"))
            }),
        }
    }

    /// `[base]`, `[base+offset]`, `[base-offset]`, `[address]`, or one of these and coordinates.
    pub(super) fn address(&mut self) -> Result<OperandKind<'a>> {
        self.expect('[')?;
        let (base, offset) = self.sum()?;
        if !self.eat(',')? {
            self.expect(']')?;
            return Ok(OperandKind::Address { base, offset });
        }
        let coordinates = self.elements('{', '}')?;
        self.expect(']')?;
        let tensor = Tensor {
            base,
            offset,
            coordinates,
        };
        Ok(OperandKind::Tensor(Box::new(tensor)))
    }

    fn sum(&mut self) -> Result<(Option<&'a str>, i64)> {
        let TokenKind::Word(name) = self.token.kind else {
            return Ok((None, self.signed()?));
        };
        self.advance()?;
        match self.token.kind {
            TokenKind::Punctuation(']' | ',') => Ok((Some(name), 0)),
            TokenKind::Punctuation('+' | '-') => {
                self.eat('+')?;
                Ok((Some(name), self.signed()?))
            }
            kind => Err(self.error(format!(
                "expected `+`, `-` or `]` in an address, found {kind}"
            ))),
        }
    }

    pub(super) fn signed(&mut self) -> Result<i64> {
        let negative = self.eat('-')?;
        let span = self.token.span;
        match self.advance()?.kind {
            TokenKind::Integer(value) if negative => Ok((value as i64).wrapping_neg()),
            TokenKind::Integer(value) => Ok(value as i64),
            kind => Err(Diagnostic::error(
                span,
                format!("expected an offset in bytes, found {kind}"),
            )),
        }
    }
}

/// No instruction of PTX has more, a `wgmma`'s registers in a vector included.
const MAX_OPERANDS: usize = 160;

pub(super) fn number(kind: TokenKind<'_>, negative: bool) -> Option<OperandKind<'static>> {
    Some(match kind {
        TokenKind::Integer(magnitude) => OperandKind::Integer {
            magnitude,
            negative,
        },
        TokenKind::Double(value) => OperandKind::Double(if negative { -value } else { value }),
        TokenKind::FloatBits(bits) => OperandKind::FloatBits(bits ^ (u32::from(negative) << 31)),
        _ => return None,
    })
}
