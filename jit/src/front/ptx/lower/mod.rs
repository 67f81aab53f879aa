//! Syntax tree to IR: names resolved, instructions found in the opcode table, control flow as blocks.

mod blocks;
mod operands;
mod registers;
mod select;

use super::ast::{self, Kernel, Statement, Tree};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::ir::{self, Function, Module, ParameterDeclaration, Predicate, Type};
use crate::limits::MAX_PARAMETER_BYTES;
use blocks::Blocks;
use registers::Registers;
use std::collections::HashSet;

pub(super) fn lower(tree: &Tree<'_>) -> Result<Module, Vec<Diagnostic>> {
    let mut found = Diagnostics::default();
    let target = target_number(&tree.target, &mut found);
    let mut names = HashSet::new();
    let mut functions = Vec::new();
    for kernel in &tree.kernels {
        if !names.insert(kernel.name.text) {
            found.error(
                kernel.name.span,
                format!("the kernel `{}` is defined twice", kernel.name.text),
            );
        }
        functions.push(Lowering::new(kernel, &mut found).function(kernel));
        if found.is_full() {
            break;
        }
    }
    if found.has_errors() {
        return Err(found.into_vec());
    }
    Ok(Module {
        version: tree.version,
        target,
        target_name: tree.target.text.to_owned(),
        target_span: tree.target.span,
        functions,
    })
}

fn target_number(target: &ast::Name<'_>, found: &mut Diagnostics) -> u32 {
    let digits = target
        .text
        .strip_prefix("sm_")
        .map(|rest| rest.trim_end_matches(['a', 'f']));
    digits
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_else(|| {
            found.error(
                target.span,
                format!("`{}` is no target such as `sm_80`", target.text),
            );
            0
        })
}

/// The state of lowering one kernel.
struct Lowering<'a, 'd> {
    found: &'d mut Diagnostics,
    registers: Registers<'a>,
    blocks: Blocks<'a>,
    parameters: Vec<ParameterDeclaration>,
}

impl<'a, 'd> Lowering<'a, 'd> {
    fn new(kernel: &Kernel<'a>, found: &'d mut Diagnostics) -> Self {
        let parameters = lay_out_parameters(kernel, found);
        Self {
            found,
            registers: Registers::default(),
            blocks: Blocks::new(),
            parameters,
        }
    }

    fn function(mut self, kernel: &Kernel<'a>) -> Function {
        for statement in &kernel.body {
            if self.found.is_full() {
                break;
            }
            if let Err(error) = self.statement(statement) {
                self.found.push(error);
            }
        }
        let blocks = self.blocks.finish(self.found);
        Function {
            name: kernel.name.text.to_owned(),
            span: kernel.name.span,
            parameters: self.parameters,
            registers: self.registers.into_types(),
            blocks,
            max_threads: kernel.max_threads,
            sites: Vec::new(),
            sandboxed: false,
        }
    }

    fn statement(&mut self, statement: &Statement<'a>) -> Result<(), Diagnostic> {
        match statement {
            Statement::Registers { ty, name, count } => self.registers.declare(*ty, *name, *count),
            Statement::Label(name) => self.blocks.label(*name),
            Statement::Open => {
                self.registers.open();
                Ok(())
            }
            Statement::Close => {
                self.registers.close();
                Ok(())
            }
            Statement::Instruction(instruction) => self.instruction(instruction),
        }
    }

    fn instruction(&mut self, source: &ast::Instruction<'a>) -> Result<(), Diagnostic> {
        let selected = select::select(source)?;
        let predicate = match source.predicate {
            Some((negated, name)) => Some(Predicate {
                register: self.predicate(name)?,
                negated,
            }),
            None => None,
        };
        if selected.form.opcode().effect() == ir::Effect::Control {
            return self.control(source, selected.form.opcode(), predicate);
        }
        let operands = self.operands(source, &selected)?;
        self.blocks.push(ir::Instruction {
            form: selected.form,
            t: selected.t,
            u: selected.u,
            modifiers: selected.modifiers,
            predicate,
            operands,
            span: source.name.span,
        });
        Ok(())
    }

    fn control(
        &mut self,
        source: &ast::Instruction<'a>,
        opcode: ir::Opcode,
        predicate: Option<Predicate>,
    ) -> Result<(), Diagnostic> {
        let span = source.name.span;
        if opcode == ir::Opcode::Bra {
            return match source.operands.as_slice() {
                [
                    ast::Operand {
                        kind: ast::OperandKind::Name(label, None),
                        span,
                        ..
                    },
                ] => {
                    self.blocks.branch(
                        ast::Name {
                            text: label,
                            span: *span,
                        },
                        predicate,
                    );
                    Ok(())
                }
                _ => Err(Diagnostic::error(span, "`bra` takes one label")),
            };
        }
        if !source.operands.is_empty() {
            return Err(Diagnostic::error(
                span,
                format!("`{}` takes no operands", source.name.text),
            ));
        }
        match opcode {
            ir::Opcode::Trap | ir::Opcode::Brkpt => {
                self.blocks.end(ir::Terminator::Trap(span), predicate)
            }
            _ => self.blocks.end(ir::Terminator::Exit, predicate),
        }
        Ok(())
    }

    fn predicate(&mut self, name: ast::Name<'a>) -> Result<ir::Register, Diagnostic> {
        let (register, ty) = self.registers.find(name)?;
        if ty != Type::Pred {
            let message = format!("`{}` is a {ty} register; a predicate is `.pred`", name.text);
            return Err(Diagnostic::error(name.span, message));
        }
        Ok(register)
    }
}

/// Parameters lie one behind the other, each at its alignment (PTX ISA, "Kernel Function Parameters").
fn lay_out_parameters(kernel: &Kernel<'_>, found: &mut Diagnostics) -> Vec<ParameterDeclaration> {
    let mut end = 0u32;
    let mut names = HashSet::new();
    let mut declarations = Vec::new();
    for parameter in &kernel.parameters {
        let span = parameter.name.span;
        if !names.insert(parameter.name.text) {
            found.error(
                span,
                format!("the parameter `{}` is declared twice", parameter.name.text),
            );
        }
        if parameter.ty == Type::Pred {
            found.error(span, "a parameter is no predicate");
        }
        let align = parameter.align.unwrap_or(1).max(parameter.ty.bytes());
        let mut declaration = ParameterDeclaration {
            name: parameter.name.text.to_owned(),
            ty: parameter.ty,
            array: parameter.array,
            align,
            offset: 0,
            pointer: parameter.pointer,
        };
        // Both stay far below 2^32: `end` by the check below, an alignment by the parser's.
        declaration.offset = end.next_multiple_of(align);
        end = declaration.offset.saturating_add(declaration.size());
        if end > MAX_PARAMETER_BYTES {
            found.error(
                span,
                format!("the kernel's parameters are larger than {MAX_PARAMETER_BYTES} bytes"),
            );
            break;
        }
        declarations.push(declaration);
    }
    declarations
}
