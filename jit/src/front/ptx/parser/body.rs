//! A kernel's body: declarations, labels, instructions.

use super::super::ast::{Instruction, Name, Statement};
use super::super::lexer::TokenKind;
use super::{Parser, Result};
use crate::diagnostics::Diagnostic;
use crate::ir::Space;
use crate::limits::{MAX_INSTRUCTIONS, MAX_SCOPES};

/// Labels that one branch may choose from: what a `switch` of a few hundred cases needs.
const MAX_TARGETS: usize = 1024;

impl<'a> Parser<'a> {
    pub(super) fn body(&mut self) -> Result<Vec<Statement<'a>>> {
        let opened = self.token.span;
        self.expect('{')?;
        let mut body = Vec::new();
        let mut depth = 0;
        loop {
            let span = self.token.span;
            if self.eat('}')? {
                if depth == 0 {
                    return Ok(body);
                }
                depth -= 1;
                body.push(Statement::Close);
            } else if self.eat('{')? {
                depth += 1;
                if depth > MAX_SCOPES {
                    return Err(Diagnostic::error(
                        span,
                        format!("more than {MAX_SCOPES} nested scopes"),
                    ));
                }
                body.push(Statement::Open);
            } else if self.token.kind == TokenKind::End {
                return Err(self.error(format!(
                    "the source ends inside the body that begins at {opened}"
                )));
            } else {
                self.statement(&mut body)?;
            }
            self.statements += 1;
            if self.statements > MAX_INSTRUCTIONS {
                let message =
                    format!("the module has more than {MAX_INSTRUCTIONS} statements: split it");
                return Err(Diagnostic::error(span, message));
            }
        }
    }

    pub(super) fn statement(&mut self, body: &mut Vec<Statement<'a>>) -> Result<()> {
        match self.token.kind {
            TokenKind::Dot(name) => self.body_directive(name, body),
            TokenKind::Punctuation('@') => self.instruction(body),
            TokenKind::Word(text) => {
                let name = Name {
                    text,
                    span: self.token.span,
                };
                self.advance()?;
                if self.eat(':')? {
                    return self.labelled(name, body);
                }
                self.instruction_named(None, name, body)
            }
            kind => Err(self.error(format!("expected an instruction, found {kind}"))),
        }
    }

    pub(super) fn body_directive(
        &mut self,
        name: &'a str,
        body: &mut Vec<Statement<'a>>,
    ) -> Result<()> {
        let span = self.advance()?.span;
        match name {
            "reg" => self.registers(body),
            "loc" => self.location(),
            "pragma" => self.pragma(),
            "local" => self.body_variables(Space::Local, body),
            "shared" => self.body_variables(Space::Shared, body),
            "param" => self.body_variables(Space::Param, body),
            _ => Err(Diagnostic::error(
                span,
                format!("unknown directive `.{name}` in a kernel's body"),
            )),
        }
    }

    /// What follows `name:`, a list of branch targets perhaps.
    fn labelled(&mut self, name: Name<'a>, body: &mut Vec<Statement<'a>>) -> Result<()> {
        if self.eat_dot("branchtargets")? {
            let mut targets = Vec::new();
            loop {
                if targets.len() == MAX_TARGETS {
                    return Err(self.error(format!("a branch has at most {MAX_TARGETS} targets")));
                }
                targets.push(self.word("a label")?);
                if !self.eat(',')? {
                    break;
                }
            }
            self.expect(';')?;
            body.push(Statement::Targets(name, targets));
            return Ok(());
        }
        if matches!(
            self.token.kind,
            TokenKind::Dot("callprototype" | "calltargets")
        ) {
            return Err(self.error("indirect calls are not supported; call functions by name"));
        }
        body.push(Statement::Label(name));
        Ok(())
    }

    fn body_variables(&mut self, space: Space, body: &mut Vec<Statement<'a>>) -> Result<()> {
        let mut variables = Vec::new();
        self.variables(space, false, &mut variables)?;
        let variables = variables.into_iter();
        body.extend(variables.map(|variable| Statement::Variable(Box::new(variable))));
        Ok(())
    }

    /// `.reg .type name{<count>}{, name{<count>}};`
    pub(super) fn registers(&mut self, body: &mut Vec<Statement<'a>>) -> Result<()> {
        let ty = self.ty()?;
        if ty.bits() > 64 {
            return Err(self.error(format!(
                "registers of {ty} are not supported; use two of .b64"
            )));
        }
        loop {
            let name = self.word("a register's name")?;
            let count = if self.eat('<')? {
                let count = self.integer("the number of registers")?;
                self.expect('>')?;
                Some(count)
            } else {
                None
            };
            body.push(Statement::Registers { ty, name, count });
            if !self.eat(',')? {
                return self.expect(';');
            }
        }
    }

    /// `.loc file line column{, function_name label, inlined_at file line column}`: for debuggers.
    pub(super) fn location(&mut self) -> Result<()> {
        let line = self.token.span.line;
        while self.token.span.line == line && self.token.kind != TokenKind::End {
            self.advance()?;
        }
        Ok(())
    }

    pub(super) fn instruction(&mut self, body: &mut Vec<Statement<'a>>) -> Result<()> {
        self.expect('@')?;
        let negated = self.eat('!')?;
        let predicate = self.word("a predicate register")?;
        let name = self.word("an instruction")?;
        self.instruction_named(Some((negated, predicate)), name, body)
    }

    pub(super) fn instruction_named(
        &mut self,
        predicate: Option<(bool, Name<'a>)>,
        name: Name<'a>,
        body: &mut Vec<Statement<'a>>,
    ) -> Result<()> {
        let mut suffixes = Vec::new();
        while let TokenKind::Dot(text) = self.token.kind {
            suffixes.push(Name {
                text,
                span: self.token.span,
            });
            self.advance()?;
        }
        suffixes.shrink_to_fit();
        let operands = self.operands()?;
        body.push(Statement::Instruction(Box::new(Instruction {
            predicate,
            name,
            suffixes,
            operands,
        })));
        Ok(())
    }
}
