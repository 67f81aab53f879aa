//! Calls: each is replaced by the body of what it calls, so that the IR has none.
//!
//! A parameter's name in the body stands for what the caller passed: the register or the memory itself. Nothing is copied, for a caller
//! does not look at what it passed again.

use super::super::ast::{self, DeviceFunction, Operand, OperandKind};
use super::Lowering;
use super::memory::{Storage, held};
use crate::diagnostics::Diagnostic;
use crate::ir::{self, Predicate};
use crate::limits::MAX_CALL_DEPTH;

/// Functions of CUDA's runtime that compilers call without a body, and what becomes of a call.
const WITHOUT_BODY: [(&str, Option<&str>); 6] = [
    ("__assertfail", None),
    ("vprintf", Some("a kernel cannot print; write to a buffer")),
    ("malloc", Some("a kernel cannot allocate; pass a buffer")),
    ("free", Some("a kernel cannot allocate; pass a buffer")),
    (
        "cudaLaunchDeviceV2",
        Some("a kernel cannot launch kernels; let the host launch them"),
    ),
    (
        "cudaDeviceSynchronize",
        Some("a kernel cannot launch kernels; let the host launch them"),
    ),
];

impl<'a> Lowering<'a, '_> {
    /// `call{.uni} {(results),} function{, (arguments)};`
    pub(super) fn call(
        &mut self,
        source: &'a ast::Instruction<'a>,
        predicate: Option<Predicate>,
    ) -> Result<(), Diagnostic> {
        let (results, callee, arguments) = parts(source)?;
        let Some(&function) = self.functions.get(callee.text) else {
            let message = format!(
                "`{}` is no function of this module; functions are called by name",
                callee.text
            );
            return Err(Diagnostic::error(callee.span, message));
        };
        let Some(body) = &function.body else {
            return self.call_without_body(callee, predicate);
        };
        if predicate.is_some() {
            return Err(Diagnostic::error(
                source.name.span,
                "a call cannot be predicated here; branch around it",
            ));
        }
        if self.active_calls.contains(&callee.text) {
            let message = format!("`{}` calls itself; use a loop", callee.text);
            return Err(Diagnostic::error(callee.span, message));
        }
        if self.active_calls.len() == MAX_CALL_DEPTH {
            let message = format!("more than {MAX_CALL_DEPTH} calls inside of calls");
            return Err(Diagnostic::error(callee.span, message));
        }
        let inputs = self.pass(function, callee, &function.parameters, arguments)?;
        let outputs = self.pass(function, callee, &function.returns, results)?;
        self.inline(callee, body, inputs.into_iter().chain(outputs).collect())
    }

    fn call_without_body(
        &mut self,
        callee: ast::Name<'a>,
        predicate: Option<Predicate>,
    ) -> Result<(), Diagnostic> {
        let known = WITHOUT_BODY.iter().find(|(name, _)| *name == callee.text);
        match known {
            Some((_, None)) => {
                self.blocks
                    .end(ir::Terminator::Trap(callee.span), predicate);
                Ok(())
            }
            Some((name, Some(instead))) => Err(Diagnostic::error(
                callee.span,
                format!("`{name}`: {instead}"),
            )),
            None => {
                let message = format!(
                    "`{}` has no body; link everything into one module",
                    callee.text
                );
                Err(Diagnostic::error(callee.span, message))
            }
        }
    }

    fn inline(
        &mut self,
        callee: ast::Name<'a>,
        body: &'a [ast::Statement<'a>],
        bound: Vec<Bound<'a>>,
    ) -> Result<(), Diagnostic> {
        let outer_scope = self.outermost_scope;
        let depth = self.registers.depth();
        self.registers.open_function();
        self.outermost_scope = self.registers.depth();
        for bound in bound {
            self.variables
                .bind(self.outermost_scope, bound.name, bound.storage);
        }
        self.active_calls.push(callee.text);
        let outer = self.blocks.enter();
        self.statements(body);
        let end = self.blocks.leave(outer, callee.span);
        self.active_calls.pop();
        while self.registers.depth() > depth {
            self.registers.close();
        }
        self.variables.close(depth);
        self.outermost_scope = outer_scope;
        end
    }

    /// What a function's parameters stand for in this call.
    fn pass(
        &mut self,
        function: &'a DeviceFunction<'a>,
        callee: ast::Name<'a>,
        parameters: &'a [ast::Parameter<'a>],
        given: &'a [Operand<'a>],
    ) -> Result<Vec<Bound<'a>>, Diagnostic> {
        if parameters.len() != given.len() {
            let message = format!(
                "`{}` takes {} parameters and gives {} results",
                callee.text,
                function.parameters.len(),
                function.returns.len()
            );
            return Err(Diagnostic::error(callee.span, message));
        }
        let pairs = parameters.iter().zip(given);
        pairs
            .map(|(parameter, given)| {
                let storage = self.argument(parameter, given)?;
                Ok(Bound {
                    name: parameter.name.text,
                    storage,
                })
            })
            .collect()
    }

    fn argument(
        &mut self,
        parameter: &'a ast::Parameter<'a>,
        given: &'a Operand<'a>,
    ) -> Result<Storage, Diagnostic> {
        let OperandKind::Name(text, None) = given.kind else {
            let message = "a parameter or a register is passed by its name";
            return Err(Diagnostic::error(given.span, message));
        };
        let name = ast::Name {
            text,
            span: given.span,
        };
        let storage = match self.registers.find_any(name)? {
            Some((register, ty)) => Storage::Register(register, ty),
            None => self.storage(text).ok_or_else(|| {
                Diagnostic::error(given.span, format!("`{text}` is not declared"))
            })?,
        };
        let bytes = u64::from(parameter.ty.bytes()) * u64::from(parameter.array.unwrap_or(1));
        let fits = match storage {
            Storage::Register(_, ty) => {
                parameter.array.is_none() && held(parameter.ty).bits() == ty.bits()
            }
            Storage::Memory(symbol) => self.bytes_of(symbol) >= bytes,
        };
        if !fits {
            let message = format!(
                "`{text}` is not as large as the parameter `{}`",
                parameter.name.text
            );
            return Err(Diagnostic::error(given.span, message));
        }
        Ok(storage)
    }

    fn bytes_of(&self, symbol: ir::Symbol) -> u64 {
        match symbol {
            ir::Symbol::Function(index) => self
                .variables
                .of_function
                .get(index as usize)
                .map_or(0, |variable| variable.bytes),
            ir::Symbol::Module(_) => 0,
        }
    }
}

/// A parameter's name and what it stands for.
struct Bound<'a> {
    name: &'a str,
    storage: Storage,
}

type Parts<'a> = (&'a [Operand<'a>], ast::Name<'a>, &'a [Operand<'a>]);

fn parts<'a>(source: &'a ast::Instruction<'a>) -> Result<Parts<'a>, Diagnostic> {
    let wrong = || {
        let message = "a call is `call (results), function, (arguments)`, with a function's name";
        Diagnostic::error(source.name.span, message)
    };
    let mut operands = source.operands.as_slice();
    let mut results: &[Operand<'_>] = &[];
    if let [
        Operand {
            kind: OperandKind::List(list),
            ..
        },
        rest @ ..,
    ] = operands
    {
        (results, operands) = (list, rest);
    }
    let [
        Operand {
            kind: OperandKind::Name(callee, None),
            span,
            ..
        },
        rest @ ..,
    ] = operands
    else {
        return Err(wrong());
    };
    let callee = ast::Name {
        text: callee,
        span: *span,
    };
    match rest {
        [] => Ok((results, callee, &[])),
        [
            Operand {
                kind: OperandKind::List(list),
                ..
            },
        ] => Ok((results, callee, list)),
        [
            Operand {
                kind: OperandKind::List(_),
                ..
            },
            ..,
        ] => Err(Diagnostic::error(
            callee.span,
            "indirect calls are not supported; call functions by name",
        )),
        _ => Err(wrong()),
    }
}
