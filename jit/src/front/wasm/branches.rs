//! Branches, and the values that go with them.

use super::builder::holds;
use super::control::Kind;
use super::kernel::Lowering;
use super::stack::Value;
use crate::diagnostics::Diagnostic;
use crate::ir::{BlockId, Modifier, Operand, Register, Terminator, Type};
use std::collections::HashMap;
use wasmparser::BrTable;

impl Lowering<'_, '_> {
    /// The depth of the function's body among its blocks.
    pub(super) fn return_depth(&self) -> u32 {
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

    pub(super) fn br(&mut self, depth: u32) {
        let (label, registers) = self.target(depth);
        self.move_top(&registers);
        self.code.end(Terminator::Jump(label));
        self.dead = Some(0);
    }

    pub(super) fn br_if(&mut self, depth: u32) {
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
    pub(super) fn move_top(&mut self, registers: &[Register]) {
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
    pub(super) fn br_table(&mut self, table: &BrTable<'_>) -> Result<(), Diagnostic> {
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
