//! Structured control flow to basic blocks.
//!
//! A block's results, and a loop's parameters, have registers of their own: whoever branches there writes them first.

use super::kernel::Lowering;
use super::stack::Value;
use crate::diagnostics::Diagnostic;
use crate::ir::{BlockId, Register, Terminator};
use wasmparser::{BlockType, Operator, ValType};

/// What opened a block.
pub(super) enum Kind {
    Block,
    Loop,
    /// `if`, as long as its `else` has not come.
    If {
        otherwise: BlockId,
        parameters: Vec<Value>,
    },
    Else,
    /// A function's body.
    Body,
}

/// An open block.
pub(super) struct Frame {
    pub(super) kind: Kind,
    /// Where a branch to it goes.
    pub(super) label: BlockId,
    /// What a branch to it writes.
    pub(super) label_registers: Vec<Register>,
    /// What follows it.
    pub(super) after: BlockId,
    /// What follows it finds.
    pub(super) results: Vec<Register>,
    /// How many values lie below its own.
    pub(super) height: usize,
    /// Whether anything goes to `after`.
    pub(super) reached: bool,
}

impl Lowering<'_, '_> {
    /// A control instruction; false if it is none.
    pub(super) fn control(&mut self, operator: &Operator<'_>) -> Result<bool, Diagnostic> {
        match operator {
            Operator::Nop => {}
            Operator::Unreachable => {
                let span = self.code.span();
                self.code.end(Terminator::Trap(span));
                self.dead = Some(0);
            }
            Operator::Block { blockty } => self.begin_block(*blockty)?,
            Operator::Loop { blockty } => self.begin_loop(*blockty)?,
            Operator::If { blockty } => self.begin_if(*blockty)?,
            Operator::Else => self.begin_else(),
            Operator::End => self.end(),
            Operator::Br { relative_depth } => self.br(*relative_depth),
            Operator::BrIf { relative_depth } => self.br_if(*relative_depth),
            Operator::BrTable { targets } => self.br_table(targets)?,
            Operator::Return => self.br(self.return_depth()),
            Operator::Call { function_index } => self.call(*function_index)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Passes over an instruction that nothing reaches.
    pub(super) fn skip(&mut self, operator: &Operator<'_>, opened: usize) {
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                self.dead = Some(opened + 1);
            }
            Operator::End if opened > 0 => self.dead = Some(opened - 1),
            Operator::End => self.end(),
            Operator::Else if opened == 0 => self.begin_else(),
            _ => {}
        }
    }

    /// The types that a block takes and gives.
    fn block_types(&self, ty: BlockType) -> (&[ValType], Vec<ValType>) {
        match ty {
            BlockType::Empty => (&[], Vec::new()),
            BlockType::Type(ty) => (&[], vec![ty]),
            BlockType::FuncType(index) => match self.module.types.get(index as usize) {
                Some(ty) => (ty.params(), ty.results().to_vec()),
                None => (&[], Vec::new()),
            },
        }
    }

    fn begin_block(&mut self, ty: BlockType) -> Result<(), Diagnostic> {
        self.stack.settle(&mut self.code);
        let (parameters, results) = self.block_types(ty);
        let parameters = parameters.len();
        let results = self.registers(&results)?;
        let after = self.code.block();
        self.frames.push(Frame {
            kind: Kind::Block,
            label: after,
            label_registers: results.clone(),
            after,
            results,
            height: self.stack.len().saturating_sub(parameters),
            reached: false,
        });
        Ok(())
    }

    fn begin_loop(&mut self, ty: BlockType) -> Result<(), Diagnostic> {
        self.stack.settle(&mut self.code);
        let (parameters, _) = self.block_types(ty);
        let parameters = parameters.to_vec();
        let parameters = self.registers(&parameters)?;
        let head = self.code.block();
        self.move_top(&parameters);
        self.code.end(Terminator::Jump(head));
        self.code.enter(head);
        let height = self.stack.len().saturating_sub(parameters.len());
        self.stack.truncate(height);
        for register in &parameters {
            self.stack.push_register(*register);
        }
        self.frames.push(Frame {
            kind: Kind::Loop,
            label: head,
            label_registers: parameters,
            // A loop ends by running into what follows it.
            after: head,
            results: Vec::new(),
            height,
            reached: false,
        });
        Ok(())
    }

    fn begin_if(&mut self, ty: BlockType) -> Result<(), Diagnostic> {
        let condition = self.stack.pop();
        let condition = self.code.condition(condition);
        self.begin_block(ty)?;
        let (then, otherwise) = (self.code.block(), self.code.block());
        self.code.branch(condition, then, otherwise);
        self.code.enter(then);
        if let Some(frame) = self.frames.last_mut() {
            let parameters = self.stack.len() - frame.height;
            let parameters = self.stack.top(parameters).to_vec();
            frame.kind = Kind::If {
                otherwise,
                parameters,
            };
        }
        Ok(())
    }

    /// Ends the first half of an `if` and begins the second, with the parameters of the first.
    fn begin_else(&mut self) {
        self.leave_to_after();
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        if let Kind::If {
            otherwise,
            parameters,
        } = std::mem::replace(&mut frame.kind, Kind::Else)
        {
            self.stack.truncate(frame.height);
            for value in parameters {
                self.stack.push(value);
            }
            self.code.enter(otherwise);
            self.dead = None;
        }
    }

    fn end(&mut self) {
        match self.frames.last().map(|frame| &frame.kind) {
            // What an `if` does without an `else`: its parameters are its results.
            Some(Kind::If { .. }) => self.begin_else(),
            Some(Kind::Loop) => {
                self.end_loop();
                return;
            }
            _ => {}
        }
        self.leave_to_after();
        let Some(frame) = self.frames.pop() else {
            return;
        };
        if matches!(frame.kind, Kind::Body) {
            self.bodies.pop();
        }
        self.stack.truncate(frame.height);
        self.dead = if frame.reached { None } else { Some(0) };
        self.code.enter(frame.after);
        for register in frame.results {
            self.stack.push_register(register);
        }
    }

    /// What a loop leaves on the stack is what follows it finds there.
    fn end_loop(&mut self) {
        if let (Some(frame), Some(_)) = (self.frames.pop(), self.dead) {
            self.stack.truncate(frame.height);
        }
    }

    /// Goes from the end of the innermost block to what follows it, unless that end is never reached.
    fn leave_to_after(&mut self) {
        if self.dead.is_some() {
            return;
        }
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        frame.reached = true;
        let (after, results) = (frame.after, frame.results.clone());
        self.move_top(&results);
        self.code.end(Terminator::Jump(after));
    }
}
