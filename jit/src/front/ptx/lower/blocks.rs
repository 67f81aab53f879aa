//! Statements to basic blocks.
//!
//! Blocks are numbered in the order of the source, and a conditional branch falls through to the next one, so that
//! printing and reading a function gives the same function.

use super::super::ast::Name;
use crate::diagnostics::{Diagnostic, Diagnostics, Span};
use crate::ir::{Block, BlockId, Instruction, Predicate, Terminator};
use std::collections::HashMap;

/// A branch's target, known when every label has been seen.
#[derive(Clone, Copy)]
struct Pending<'a> {
    block: BlockId,
    label: Name<'a>,
}

/// The blocks of one kernel while they are built.
pub(super) struct Blocks<'a> {
    blocks: Vec<Block>,
    labels: HashMap<&'a str, BlockId>,
    pending: Vec<Pending<'a>>,
    /// Whether the last block still takes instructions.
    open: bool,
}

impl<'a> Blocks<'a> {
    pub(super) fn new() -> Self {
        Self {
            blocks: vec![Block::ending(Terminator::Exit)],
            labels: HashMap::new(),
            pending: Vec::new(),
            open: true,
        }
    }

    pub(super) fn label(&mut self, name: Name<'a>) -> Result<(), Diagnostic> {
        let started = self.open && !self.last().instructions.is_empty();
        if !self.open || started {
            let next = self.next_id();
            if started {
                self.last().terminator = Terminator::Jump(next);
            }
            self.begin();
        }
        let here = BlockId(self.blocks.len() as u32 - 1);
        match self.labels.insert(name.text, here) {
            Some(_) => Err(Diagnostic::error(
                name.span,
                format!("the label `{}` is defined twice", name.text),
            )),
            None => Ok(()),
        }
    }

    pub(super) fn push(&mut self, instruction: Instruction) {
        self.reopen();
        self.last().instructions.push(instruction);
    }

    /// `bra label`, with or without a predicate.
    pub(super) fn branch(&mut self, label: Name<'a>, predicate: Option<Predicate>) {
        self.reopen();
        let block = BlockId(self.blocks.len() as u32 - 1);
        let next = self.next_id();
        self.pending.push(Pending { block, label });
        match predicate {
            Some(predicate) => {
                self.last().terminator = Terminator::Branch {
                    predicate,
                    then: next,
                    otherwise: next,
                };
                self.begin();
            }
            None => {
                self.last().terminator = Terminator::Jump(next);
                self.open = false;
            }
        }
    }

    /// `exit` and its like, with or without a predicate.
    pub(super) fn end(&mut self, terminator: Terminator, predicate: Option<Predicate>) {
        self.reopen();
        if let Some(predicate) = predicate {
            let ending = self.next_id();
            let after = BlockId(ending.0 + 1);
            let inverse = Predicate {
                negated: !predicate.negated,
                ..predicate
            };
            self.last().terminator = Terminator::Branch {
                predicate: inverse,
                then: after,
                otherwise: ending,
            };
            self.begin();
            self.last().terminator = terminator;
            self.begin();
        } else {
            self.last().terminator = terminator;
            self.open = false;
        }
    }

    pub(super) fn finish(mut self, found: &mut Diagnostics) -> Vec<Block> {
        for Pending { block, label } in self.pending {
            let Some(&target) = self.labels.get(label.text) else {
                undefined(label, found);
                continue;
            };
            let change = |which, successor| if which == 0 { target } else { successor };
            self.blocks[block.index()].terminator.map_successors(change);
        }
        self.blocks
    }

    fn last(&mut self) -> &mut Block {
        if self.blocks.is_empty() {
            self.begin();
        }
        let last = self.blocks.len() - 1;
        &mut self.blocks[last]
    }

    fn next_id(&self) -> BlockId {
        BlockId(self.blocks.len() as u32)
    }

    fn begin(&mut self) {
        self.blocks.push(Block::ending(Terminator::Exit));
        self.open = true;
    }

    fn reopen(&mut self) {
        if !self.open {
            self.begin();
        }
    }
}

fn undefined(label: Name<'_>, found: &mut Diagnostics) {
    let Span { line, .. } = label.span;
    found.error(
        label.span,
        format!(
            "the label `{}`, named in line {line}, is not defined in this kernel",
            label.text
        ),
    );
}
