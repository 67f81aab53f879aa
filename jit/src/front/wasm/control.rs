//! Structured control flow to basic blocks.
//!
//! A block's results, and a loop's parameters, have registers of their own: whoever branches there writes them first.

use super::builder::holds;
use super::kernel::Lowering;
use super::stack::Value;
use crate::diagnostics::Diagnostic;
use crate::ir::{BlockId, Modifier, Operand, Register, Terminator, Type};
use std::collections::HashMap;
use wasmparser::{BlockType, BrTable, Operator, ValType};

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

    /// The depth of the function's body among its blocks.
    fn return_depth(&self) -> u32 {
        let body = self.bodies.last().map_or(0, |body| body.frame);
        (self.frames.len().saturating_sub(body + 1)) as u32
    }

    /// The block at a depth: its label, and what a branch there writes.
    fn target(&mut self, depth: u32) -> (BlockId, Vec<Register>) {
        let place = self.frames.len().checked_sub(depth as usize + 1);
        match place.and_then(|place| self.frames.get_mut(place)) {
            Some(frame) => {
                frame.reached |= !matches!(frame.kind, Kind::Loop);
                (frame.label, frame.label_registers.clone())
            }
            None => (BlockId(0), Vec::new()),
        }
    }

    fn br(&mut self, depth: u32) {
        let (label, registers) = self.target(depth);
        self.move_top(&registers);
        self.code.end(Terminator::Jump(label));
        self.dead = Some(0);
    }

    fn br_if(&mut self, depth: u32) {
        let condition = self.stack.pop();
        let condition = self.code.condition(condition);
        let taken = self.edge(depth);
        let next = self.code.block();
        self.code.branch(condition, taken, next);
        self.code.enter(next);
    }

    /// A block that writes what a branch writes and goes there; the label itself where there is nothing to write.
    fn edge(&mut self, depth: u32) -> BlockId {
        let (label, registers) = self.target(depth);
        if registers.is_empty() {
            return label;
        }
        let here = self.code.current();
        let edge = self.code.block();
        self.code.enter(edge);
        self.move_top(&registers);
        self.code.end(Terminator::Jump(label));
        self.code.enter(here);
        edge
    }

    /// Writes the uppermost values to registers, as if all at once, and leaves them on the stack.
    fn move_top(&mut self, registers: &[Register]) {
        let mut values = self.stack.top(registers.len()).to_vec();
        // A value may lie in a register that another is written to. Those of one block follow each other.
        if let ([first, .., last], 2..) = (registers, registers.len()) {
            for value in &mut values {
                if let Value::Register(register) = value
                    && (*first..=*last).contains(register)
                {
                    let copy = self.code.register(self.code.type_of(*register));
                    self.code.copy(copy, Operand::Register(*register));
                    *value = Value::Register(copy);
                }
            }
        }
        for (register, value) in registers.iter().zip(values) {
            self.code.put(*register, value);
        }
    }

    /// A search tree over runs of equal targets.
    fn br_table(&mut self, table: &BrTable<'_>) -> Result<(), Diagnostic> {
        let index = self.stack.pop();
        let index = self.code.in_register(index);
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for (at, depth) in (0..).zip(table.targets()) {
            let depth = depth.map_err(|error| super::invalid(&error))?;
            if runs.last().is_none_or(|(_, last)| *last != depth) {
                runs.push((at, depth));
            }
        }
        if runs.last().is_none_or(|(_, last)| *last != table.default()) {
            runs.push((table.len(), table.default()));
        }
        let mut edges = HashMap::new();
        let mut leaves = Vec::with_capacity(runs.len());
        for (at, depth) in runs {
            let edge = match edges.get(&depth) {
                Some(edge) => *edge,
                None => self.edge(depth),
            };
            edges.insert(depth, edge);
            leaves.push((at, edge));
        }
        self.search(index, &leaves);
        self.dead = Some(0);
        Ok(())
    }

    /// Goes to the last leaf that begins at the index or before it.
    fn search(&mut self, index: Register, leaves: &[(u32, BlockId)]) {
        let mut open = vec![(self.code.current(), leaves)];
        while let Some((block, leaves)) = open.pop() {
            self.code.enter(block);
            let (lower, upper) = leaves.split_at(leaves.len() / 2);
            let Some((middle, leaf)) = upper.first() else {
                continue;
            };
            if lower.is_empty() {
                self.code.end(Terminator::Jump(*leaf));
                continue;
            }
            let a = Operand::Register(index);
            let b = Operand::Immediate(u64::from(*middle));
            let below = self.code.compare(Modifier::Lt, Type::U32, a, b);
            let (then, otherwise) = (self.branch_target(lower), self.branch_target(upper));
            self.code.branch(holds(below), then, otherwise);
            for (block, half) in [(then, lower), (otherwise, upper)] {
                if half.len() > 1 {
                    open.push((block, half));
                }
            }
        }
    }

    /// Where to go for one of these leaves: to the only one, or to a block that searches on.
    fn branch_target(&mut self, leaves: &[(u32, BlockId)]) -> BlockId {
        match leaves {
            [(_, leaf)] => *leaf,
            _ => self.code.block(),
        }
    }
}
