//! Syntax tree to IR: names resolved, instructions found in the opcode table, control flow as blocks.

mod blocks;
mod calls;
mod globals;
mod memory;
mod numbering;
mod operands;
mod parameters;
mod registers;
mod select;
mod video;
mod video_lanes;

use super::ast::{self, DeviceFunction, Kernel, Statement, Tree};
use crate::diagnostics::{Diagnostic, Diagnostics, Span};
use crate::ir::{self, Function, Module, ParameterDeclaration, Predicate, Type};
use crate::limits::max_lowered_instructions;
use blocks::Blocks;
use memory::{Globals, Variables};
use registers::Registers;
use std::collections::{HashMap, HashSet};

pub(super) fn lower(tree: &Tree<'_>) -> Result<Module, Vec<Diagnostic>> {
    let mut found = Diagnostics::default();
    let target = target_number(&tree.target, &mut found);
    let (variables, globals) = globals::lower(tree, &mut found);
    let called = device_functions(tree, &mut found);
    let mut names = HashSet::new();
    let mut functions = Vec::new();
    let most = max_lowered_instructions(tree.source_bytes);
    let mut budget = Budget { most, left: most };
    for kernel in &tree.kernels {
        if !names.insert(kernel.name.text) {
            found.error(
                kernel.name.span,
                format!("the kernel `{}` is defined twice", kernel.name.text),
            );
        }
        let lowering = Lowering::new(kernel, &globals, &called, &mut budget, &mut found);
        functions.push(lowering.function(kernel));
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
        variables,
        target_span: tree.target.span,
        functions,
        source_bytes: tree.source_bytes,
    })
}

/// The functions by their names. One may be declared before it is defined.
fn device_functions<'a>(
    tree: &'a Tree<'a>,
    found: &mut Diagnostics,
) -> HashMap<&'a str, &'a DeviceFunction<'a>> {
    let mut functions: HashMap<&str, &DeviceFunction<'_>> = HashMap::new();
    for function in &tree.functions {
        let known = functions.get(function.name.text);
        match known.map(|known| known.body.is_some()) {
            Some(true) if function.body.is_some() => {
                let message = format!("the function `{}` is defined twice", function.name.text);
                found.error(function.name.span, message);
            }
            Some(true) => {}
            _ => {
                functions.insert(function.name.text, function);
            }
        }
    }
    functions
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

/// Operands that come with an instruction: as many as take no more memory than it does.
const OPERANDS_OF_ONE: usize = 8;

fn elements(operands: &[ir::Operand]) -> usize {
    let count = |operand: &ir::Operand| match operand {
        ir::Operand::Vector(elements) => elements.len(),
        _ => 1,
    };
    operands.iter().map(count).sum()
}

/// Instructions that the module's kernels may have.
struct Budget {
    most: usize,
    left: usize,
}

/// The state of lowering one kernel.
struct Lowering<'a, 'd> {
    found: &'d mut Diagnostics,
    budget: &'d mut Budget,
    globals: &'d Globals<'a>,
    functions: &'d HashMap<&'a str, &'a DeviceFunction<'a>>,
    /// The functions whose bodies are being read, the outermost first.
    active_calls: Vec<&'a str>,
    /// The outermost scope whose names can be seen.
    outermost_scope: usize,
    registers: Registers<'a>,
    variables: Variables<'a>,
    /// Lists of branch targets, by the call in whose body they stand.
    targets: HashMap<(usize, &'a str), &'a [ast::Name<'a>]>,
    carry: Option<ir::Register>,
    blocks: Blocks<'a>,
    parameters: Vec<ParameterDeclaration>,
    span: Span,
}

impl<'a, 'd> Lowering<'a, 'd> {
    fn new(
        kernel: &Kernel<'a>,
        globals: &'d Globals<'a>,
        functions: &'d HashMap<&'a str, &'a DeviceFunction<'a>>,
        budget: &'d mut Budget,
        found: &'d mut Diagnostics,
    ) -> Self {
        let parameters = parameters::lay_out(kernel, found);
        Self {
            found,
            budget,
            globals,
            functions,
            active_calls: Vec::new(),
            outermost_scope: 0,
            registers: Registers::default(),
            variables: Variables::default(),
            targets: HashMap::new(),
            carry: None,
            blocks: Blocks::new(),
            parameters,
            span: kernel.name.span,
        }
    }

    fn function(mut self, kernel: &'a Kernel<'a>) -> Function {
        self.statements(&kernel.body);
        match self.parameter_copies() {
            Ok(copies) => self.blocks.prepend(copies),
            Err(error) => self.found.push(error),
        }
        let mut blocks = self.blocks.finish(self.found);
        let (registers, variables) = numbering::renumber(
            &mut blocks,
            self.registers.into_types(),
            self.variables.of_function,
        );
        Function {
            name: kernel.name.text.to_owned(),
            span: kernel.name.span,
            parameters: self.parameters,
            variables,
            registers,
            blocks,
            max_threads: kernel.tuning.max_threads,
            required_block: kernel.tuning.required_block,
            sites: Vec::new(),
            sandboxed: false,
        }
    }

    fn statements(&mut self, body: &'a [Statement<'a>]) {
        // A branch may stand before the list that it takes its targets from.
        for statement in body {
            if let Statement::Targets(name, targets) = statement {
                self.targets
                    .insert((self.active_calls.len(), name.text), targets);
            }
        }
        for statement in body {
            if self.found.is_full() {
                return;
            }
            if let Err(error) = self.statement(statement) {
                self.found.push(error);
            }
        }
    }

    fn statement(&mut self, statement: &'a Statement<'a>) -> Result<(), Diagnostic> {
        match statement {
            Statement::Registers { ty, name, count } => self.registers.declare(*ty, *name, *count),
            Statement::Variable(variable) => self.declare_variable(variable),
            Statement::Label(name) => self.blocks.label(*name),
            Statement::Targets(..) => Ok(()),
            Statement::Open => {
                self.registers.open();
                Ok(())
            }
            Statement::Close => {
                self.registers.close();
                self.variables.close(self.registers.depth());
                Ok(())
            }
            Statement::Instruction(instruction) => {
                self.span = instruction.name.span;
                self.spend(1)?;
                self.instruction(instruction)
            }
        }
    }

    /// Counts so many more instructions, those of called functions each time.
    fn spend(&mut self, count: usize) -> Result<(), Diagnostic> {
        match self.budget.left.checked_sub(count) {
            Some(left) => {
                self.budget.left = left;
                Ok(())
            }
            None => {
                let message = format!(
                    "the kernels become more than {} instructions, as many as a source of this size may, each call counted as \
                     what it calls: split the module",
                    self.budget.most
                );
                // Nothing behind it can be lowered either.
                self.found
                    .fill(Diagnostic::error(self.span, message.clone()));
                Err(Diagnostic::error(self.span, message))
            }
        }
    }

    fn instruction(&mut self, source: &'a ast::Instruction<'a>) -> Result<(), Diagnostic> {
        let predicate = match source.predicate {
            Some((negated, name)) => Some(Predicate {
                register: self.predicate(name)?,
                negated,
            }),
            None => None,
        };
        if source.name.text == "call" {
            return self.call(source, predicate);
        }
        let mut selected = select::select(source)?;
        let opcode = selected.form.opcode();
        if selected.form.effect() == ir::Effect::Control {
            return self.control(source, opcode, predicate);
        }
        if matches!(opcode, ir::Opcode::LdParam | ir::Opcode::StParam)
            && self.call_parameter(source, &selected, predicate)?
        {
            return Ok(());
        }
        if video::chooses(&selected) && self.of_words(source, &selected, predicate)? {
            return Ok(());
        }
        if opcode == ir::Opcode::Cvta {
            parameters::name_copies(&mut selected);
        }
        let operands = self.operands(source, &selected)?;
        // One with many operands takes the memory of several.
        self.spend(elements(&operands) / OPERANDS_OF_ONE)?;
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
        source: &'a ast::Instruction<'a>,
        opcode: ir::Opcode,
        predicate: Option<Predicate>,
    ) -> Result<(), Diagnostic> {
        let span = source.name.span;
        if opcode == ir::Opcode::Brx {
            return self.indexed_branch(source, predicate);
        }
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
            ir::Opcode::Ret if self.blocks.is_called() => self.blocks.go_to_end(span, predicate),
            _ => self.blocks.end(ir::Terminator::Exit, predicate),
        }
        Ok(())
    }

    /// `brx.idx index, targets;`
    fn indexed_branch(
        &mut self,
        source: &'a ast::Instruction<'a>,
        predicate: Option<Predicate>,
    ) -> Result<(), Diagnostic> {
        let span = source.name.span;
        let [index, list] = source.operands.as_slice() else {
            return Err(Diagnostic::error(
                span,
                "`brx.idx` takes an index and a list of labels",
            ));
        };
        let (ast::OperandKind::Name(index_name, None), ast::OperandKind::Name(list_name, None)) =
            (&index.kind, &list.kind)
        else {
            return Err(Diagnostic::error(
                span,
                "`brx.idx` takes a register and a list's name",
            ));
        };
        let (index, ty) = self.registers.find(ast::Name {
            text: index_name,
            span: index.span,
        })?;
        if !Type::U32.accepts(ty) {
            return Err(Diagnostic::error(
                source.operands[0].span,
                "the index has 32 bits",
            ));
        }
        let Some(&targets) = self.targets.get(&(self.active_calls.len(), *list_name)) else {
            let message = format!("`{list_name}` is no list of `.branchtargets` of this function");
            return Err(Diagnostic::error(list.span, message));
        };
        self.blocks.switch(index, targets, predicate);
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
