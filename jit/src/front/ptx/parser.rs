//! Tokens to syntax tree (PTX ISA, "Syntax").
//!
//! The parser is iterative: nesting in the source is a statement of its own, and vectors are one level deep.

use super::ast::{Instruction, Kernel, Name, Operand, OperandKind, Parameter, Statement, Tree};
use super::lexer::{Lexer, Token, TokenKind};
use crate::diagnostics::{Diagnostic, Span};
use crate::ir::Type;
use crate::limits::{MAX_FUNCTIONS, MAX_INSTRUCTIONS, MAX_PARAMETERS, MAX_SCOPES};

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
        let mut kernels = Vec::new();
        while self.token.kind != TokenKind::End {
            if let Some(kernel) = self.directive()? {
                if kernels.len() == MAX_FUNCTIONS {
                    let message =
                        format!("the module has more than {MAX_FUNCTIONS} kernels: split it");
                    return Err(Diagnostic::error(kernel.name.span, message));
                }
                kernels.push(kernel);
            }
        }
        Ok(Tree {
            version,
            target,
            kernels,
        })
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

    /// One directive of the module; a kernel if it is one.
    fn directive(&mut self) -> Result<Option<Kernel<'a>>> {
        let Token { kind, span } = self.advance()?;
        let TokenKind::Dot(name) = kind else {
            let message = format!("expected a directive such as `.entry`, found {kind}");
            return Err(Diagnostic::error(span, message));
        };
        match name {
            "address_size" => self.address_size()?,
            "visible" | "weak" => {}
            "entry" => return self.kernel().map(Some),
            "file" => self.file()?,
            "section" => self.section()?,
            "func" => {
                return Err(unsupported(
                    span,
                    "device functions (`.func`)",
                    "compile with the calls inlined",
                ));
            }
            "extern" => {
                return Err(unsupported(
                    span,
                    "external symbols (`.extern`)",
                    "link everything into one module",
                ));
            }
            "global" | "const" | "shared" | "tex" => {
                return Err(unsupported(
                    span,
                    &format!("module variables (`.{name}`)"),
                    "pass a buffer instead",
                ));
            }
            _ => {
                return Err(Diagnostic::error(
                    span,
                    format!("unknown directive `.{name}`"),
                ));
            }
        }
        Ok(None)
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

    fn kernel(&mut self) -> Result<Kernel<'a>> {
        let name = self.word("a kernel's name")?;
        let parameters = if self.eat('(')? {
            self.parameters()?
        } else {
            Vec::new()
        };
        let max_threads = self.tuning()?;
        let body = self.body()?;
        Ok(Kernel {
            name,
            parameters,
            max_threads,
            body,
        })
    }

    fn parameters(&mut self) -> Result<Vec<Parameter<'a>>> {
        let mut parameters = Vec::new();
        if self.eat(')')? {
            return Ok(parameters);
        }
        loop {
            if parameters.len() == MAX_PARAMETERS {
                return Err(self.error(format!("a kernel has at most {MAX_PARAMETERS} parameters")));
            }
            parameters.push(self.parameter()?);
            if self.eat(')')? {
                return Ok(parameters);
            }
            self.expect(',')?;
        }
    }

    /// `.param {.align n} .type {.ptr {.space} {.align n}} name {[size]}`
    fn parameter(&mut self) -> Result<Parameter<'a>> {
        self.expect_dot("param", "a kernel's parameters begin with `.param`")?;
        let mut align = self.align()?;
        let ty = self.ty()?;
        let mut pointer = false;
        if self.eat_dot("ptr")? {
            pointer = true;
            if matches!(
                self.token.kind,
                TokenKind::Dot("global" | "const" | "shared" | "local")
            ) {
                self.advance()?;
            }
            // The alignment of what it points to, which the guards check for themselves.
            self.align()?;
        }
        if align.is_none() {
            align = self.align()?;
        }
        let name = self.word("a parameter's name")?;
        let array = if self.eat('[')? {
            let size = self.integer("the parameter's size")?;
            self.expect(']')?;
            Some(size)
        } else {
            None
        };
        Ok(Parameter {
            name,
            ty,
            array,
            align,
            pointer,
        })
    }

    fn align(&mut self) -> Result<Option<u32>> {
        if !self.eat_dot("align")? {
            return Ok(None);
        }
        let span = self.token.span;
        let align = self.integer("an alignment")?;
        if !align.is_power_of_two() || align > 128 {
            return Err(Diagnostic::error(
                span,
                "an alignment is a power of two, at most 128",
            ));
        }
        Ok(Some(align))
    }

    /// The performance-tuning directives between a kernel's head and its body.
    fn tuning(&mut self) -> Result<Option<u32>> {
        let mut max_threads = None;
        while let TokenKind::Dot(name) = self.token.kind {
            let span = self.advance()?.span;
            match name {
                "maxntid" | "reqntid" => {
                    let product = self
                        .integers()?
                        .iter()
                        .fold(1u32, |product, n| product.saturating_mul(*n));
                    max_threads = Some(max_threads.unwrap_or(u32::MAX).min(product));
                }
                "minnctapersm" | "maxnctapersm" | "maxnreg" => {
                    self.integers()?;
                }
                "pragma" => self.pragma()?,
                _ => {
                    return Err(Diagnostic::error(
                        span,
                        format!("unknown directive `.{name}` before a kernel's body"),
                    ));
                }
            }
        }
        Ok(max_threads)
    }

    fn integers(&mut self) -> Result<Vec<u32>> {
        let mut numbers = vec![self.integer("a number")?];
        while numbers.len() < 3 && self.eat(',')? {
            numbers.push(self.integer("a number")?);
        }
        Ok(numbers)
    }

    fn pragma(&mut self) -> Result<()> {
        loop {
            let span = self.token.span;
            let TokenKind::Text(_) = self.advance()?.kind else {
                return Err(Diagnostic::error(span, "expected a string after `.pragma`"));
            };
            if !self.eat(',')? {
                return self.expect(';');
            }
        }
    }

    fn body(&mut self) -> Result<Vec<Statement<'a>>> {
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

    fn statement(&mut self, body: &mut Vec<Statement<'a>>) -> Result<()> {
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
                    body.push(Statement::Label(name));
                    return Ok(());
                }
                self.instruction_named(None, name, body)
            }
            kind => Err(self.error(format!("expected an instruction, found {kind}"))),
        }
    }

    fn body_directive(&mut self, name: &'a str, body: &mut Vec<Statement<'a>>) -> Result<()> {
        let span = self.advance()?.span;
        match name {
            "reg" => self.registers(body),
            "loc" => self.location(),
            "pragma" => self.pragma(),
            "local" | "shared" => Err(unsupported(
                span,
                &format!("variables in `.{name}` memory"),
                "use registers and buffers",
            )),
            _ => Err(Diagnostic::error(
                span,
                format!("unknown directive `.{name}` in a kernel's body"),
            )),
        }
    }

    /// `.reg .type name{<count>}{, name{<count>}};`
    fn registers(&mut self, body: &mut Vec<Statement<'a>>) -> Result<()> {
        let ty = self.ty()?;
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
    fn location(&mut self) -> Result<()> {
        let line = self.token.span.line;
        while self.token.span.line == line && self.token.kind != TokenKind::End {
            self.advance()?;
        }
        Ok(())
    }

    fn instruction(&mut self, body: &mut Vec<Statement<'a>>) -> Result<()> {
        self.expect('@')?;
        let negated = self.eat('!')?;
        let predicate = self.word("a predicate register")?;
        let name = self.word("an instruction")?;
        self.instruction_named(Some((negated, predicate)), name, body)
    }

    fn instruction_named(
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
        let operands = self.operands()?;
        body.push(Statement::Instruction(Box::new(Instruction {
            predicate,
            name,
            suffixes,
            operands,
        })));
        Ok(())
    }

    fn operands(&mut self) -> Result<Vec<Operand<'a>>> {
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

    fn operand(&mut self, paired: bool) -> Result<Operand<'a>> {
        let span = self.token.span;
        let kind = match self.token.kind {
            TokenKind::Punctuation('[') => self.address()?,
            TokenKind::Punctuation('{') => self.vector()?,
            _ => self.scalar()?,
        };
        Ok(Operand { kind, span, paired })
    }

    fn vector(&mut self) -> Result<OperandKind<'a>> {
        self.expect('{')?;
        let mut elements = Vec::new();
        loop {
            if elements.len() == MAX_OPERANDS {
                return Err(self.error(format!("a vector has at most {MAX_OPERANDS} elements")));
            }
            let span = self.token.span;
            elements.push(Operand {
                kind: self.scalar()?,
                span,
                paired: false,
            });
            if self.eat('}')? {
                return Ok(OperandKind::Vector(elements));
            }
            self.expect(',')?;
        }
    }

    fn scalar(&mut self) -> Result<OperandKind<'a>> {
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

    /// `[base]`, `[base+offset]`, `[base-offset]` or `[address]`.
    fn address(&mut self) -> Result<OperandKind<'a>> {
        self.expect('[')?;
        let base = match self.token.kind {
            TokenKind::Word(name) => {
                self.advance()?;
                Some(name)
            }
            _ => None,
        };
        let mut offset = 0;
        if base.is_none() || self.token.kind != TokenKind::Punctuation(']') {
            if base.is_some() && !matches!(self.token.kind, TokenKind::Punctuation('+' | '-')) {
                return Err(self.error(format!(
                    "expected `+`, `-` or `]` in an address, found {}",
                    self.token.kind
                )));
            }
            self.eat('+')?;
            offset = self.signed()?;
        }
        self.expect(']')?;
        Ok(OperandKind::Address { base, offset })
    }

    fn signed(&mut self) -> Result<i64> {
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

    fn ty(&mut self) -> Result<Type> {
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

    fn word(&mut self, what: &str) -> Result<Name<'a>> {
        let Token { kind, span } = self.advance()?;
        match kind {
            TokenKind::Word(text) => Ok(Name { text, span }),
            _ => Err(Diagnostic::error(
                span,
                format!("expected {what}, found {kind}"),
            )),
        }
    }

    fn integer(&mut self, what: &str) -> Result<u32> {
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

    fn expect(&mut self, character: char) -> Result<()> {
        if self.eat(character)? {
            return Ok(());
        }
        Err(self.error(format!("expected `{character}`, found {}", self.token.kind)))
    }

    fn expect_dot(&mut self, name: &str, why: &str) -> Result<()> {
        if self.eat_dot(name)? {
            return Ok(());
        }
        Err(self.error(format!(
            "expected `.{name}`, found {}: {why}",
            self.token.kind
        )))
    }

    fn eat(&mut self, character: char) -> Result<bool> {
        let found = self.token.kind == TokenKind::Punctuation(character);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn eat_dot(&mut self, name: &str) -> Result<bool> {
        let found = self.token.kind == TokenKind::Dot(name);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn not_at_end(&mut self, opened: Span, what: &str) -> Result<()> {
        if self.token.kind == TokenKind::End {
            return Err(self.error(format!(
                "the source ends inside the {what} that begins at {opened}"
            )));
        }
        self.advance().map(drop)
    }

    fn advance(&mut self) -> Result<Token<'a>> {
        let next = self.lexer.next()?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn error(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(self.token.span, message)
    }
}

/// No instruction of PTX has more, a `wgmma`'s registers in a vector included.
const MAX_OPERANDS: usize = 160;

fn number(kind: TokenKind<'_>, negative: bool) -> Option<OperandKind<'static>> {
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

fn unsupported(span: Span, what: &str, instead: &str) -> Diagnostic {
    Diagnostic::error(span, format!("{what} are not supported; {instead}"))
}
