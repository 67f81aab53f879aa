//! Heads of kernels and functions: name, parameters, tuning directives.

use super::super::ast::{DeviceFunction, Kernel, Parameter, Tuning};
use super::super::lexer::TokenKind;
use super::{Parser, Result};
use crate::diagnostics::Diagnostic;
use crate::limits::MAX_PARAMETERS;

impl<'a> Parser<'a> {
    pub(super) fn kernel(&mut self) -> Result<Kernel<'a>> {
        let name = self.word("a kernel's name")?;
        let parameters = if self.eat('(')? {
            self.parameters()?
        } else {
            Vec::new()
        };
        let tuning = self.tuning()?;
        let body = self.body()?;
        Ok(Kernel {
            name,
            parameters,
            tuning,
            body,
        })
    }

    /// `.func {(results)} name {(parameters)}`, and a body or `;`.
    pub(super) fn device_function(&mut self) -> Result<DeviceFunction<'a>> {
        self.attribute()?;
        let returns = if self.eat('(')? {
            self.parameters()?
        } else {
            Vec::new()
        };
        let name = self.word("a function's name")?;
        let parameters = if self.eat('(')? {
            self.parameters()?
        } else {
            Vec::new()
        };
        self.tuning()?;
        let body = if self.eat(';')? {
            None
        } else {
            Some(self.body()?)
        };
        Ok(DeviceFunction {
            name,
            returns,
            parameters,
            body,
        })
    }

    pub(super) fn parameters(&mut self) -> Result<Vec<Parameter<'a>>> {
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

    /// `.param {.align n} .type {.ptr {.space} {.align n}} name {[size]}`, or `.reg .type name` of a function.
    pub(super) fn parameter(&mut self) -> Result<Parameter<'a>> {
        if !self.eat_dot("reg")? {
            self.expect_dot("param", "parameters begin with `.param`")?;
        }
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

    pub(super) fn align(&mut self) -> Result<Option<u32>> {
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
    pub(super) fn tuning(&mut self) -> Result<Tuning> {
        let mut tuning = Tuning::default();
        while let TokenKind::Dot(name) = self.token.kind {
            let span = self.advance()?.span;
            match name {
                "maxntid" | "reqntid" => {
                    let mut extents = [1; 3];
                    for (extent, said) in extents.iter_mut().zip(self.integers()?) {
                        *extent = said;
                    }
                    let product = extents.into_iter().fold(1, u32::saturating_mul);
                    if product == 0 {
                        let message = format!("`.{name}`: a block has at least one thread");
                        return Err(Diagnostic::error(span, message));
                    }
                    tuning.max_threads = Some(tuning.max_threads.unwrap_or(u32::MAX).min(product));
                    if name == "reqntid" {
                        tuning.required_block = Some(extents);
                    }
                }
                "minnctapersm"
                | "maxnctapersm"
                | "maxnreg"
                | "abi_preserve"
                | "abi_preserve_control" => {
                    self.integers()?;
                }
                "noreturn" => {}
                "reqnctapercluster" | "explicitcluster" | "maxclusterrank" => {
                    return Err(Diagnostic::error(
                        span,
                        format!(
                            "`.{name}`: clusters of blocks are not supported; compile without them"
                        ),
                    ));
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
        Ok(tuning)
    }

    pub(super) fn integers(&mut self) -> Result<Vec<u32>> {
        let mut numbers = vec![self.integer("a number")?];
        while numbers.len() < 3 && self.eat(',')? {
            numbers.push(self.integer("a number")?);
        }
        Ok(numbers)
    }

    pub(super) fn pragma(&mut self) -> Result<()> {
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
}
