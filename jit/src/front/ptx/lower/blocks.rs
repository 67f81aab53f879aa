//! Statements to basic blocks.
//!
//! Blocks are numbered in the order of the source, and a conditional branch falls through to the next one, so that
//! printing and reading a function gives the same function.

use super::super::ast::Name;
use crate::diagnostics::{Diagnostic, Diagnostics, Span};
use crate::ir::{Block, BlockId, Instruction, Predicate, Register, Terminator};
use std::collections::HashMap;

/// What no label is called: where a function's body ends.
const END: &str = "";

/// A branch's target, known when every label has been seen.
#[derive(Clone, Copy)]
struct Pending<'a> {
    block: BlockId,
    /// Which of the block's successors it is.
    which: usize,
    label: Name<'a>,
    /// The call in whose body it stands.
    frame: u32,
}

/// The blocks of one kernel while they are built.
pub(super) struct Blocks<'a> {
    blocks: Vec<Block>,
    /// By the call in whose body they stand, and their names; a call's end has none.
    labels: HashMap<(u32, &'a str), BlockId>,
    frame: u32,
    frames: u32,
    pending: Vec<Pending<'a>>,
    /// Whether the last block still takes instructions.
    open: bool,
}

impl<'a> Blocks<'a> {
    pub(super) fn new() -> Self {
        Self {
            blocks: vec![Block::ending(Terminator::Exit)],
            labels: HashMap::new(),
            frame: 0,
            frames: 1,
            pending: Vec::new(),
            open: true,
        }
    }

    /// Begins the body of a function that is called; gives what [`Blocks::leave`] wants.
    pub(super) fn enter(&mut self) -> u32 {
        let outer = self.frame;
        self.frame = self.frames;
        self.frames += 1;
        outer
    }

    /// Ends the body that began last; what returns from it goes on here.
    pub(super) fn leave(&mut self, outer: u32, span: Span) -> Result<(), Diagnostic> {
        self.label(Name { text: END, span })?;
        self.frame = outer;
        Ok(())
    }

    /// Whether a function's body is being read, not the kernel's.
    pub(super) fn is_called(&self) -> bool {
        self.frame != 0
    }

    /// `ret` of a function.
    pub(super) fn go_to_end(&mut self, span: Span, predicate: Option<Predicate>) {
        self.branch(Name { text: END, span }, predicate);
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
        match self.labels.insert((self.frame, name.text), here) {
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
        self.wait_for(block, 0, label);
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

    /// `brx.idx`: to the label that a register counts.
    pub(super) fn switch(
        &mut self,
        index: Register,
        labels: &[Name<'a>],
        predicate: Option<Predicate>,
    ) {
        self.reopen();
        let switch = Terminator::Switch {
            index,
            targets: vec![BlockId(0); labels.len()],
        };
        let block = if predicate.is_some() {
            BlockId(self.blocks.len() as u32)
        } else {
            BlockId(self.blocks.len() as u32 - 1)
        };
        for (which, label) in labels.iter().enumerate() {
            self.wait_for(block, which, *label);
        }
        self.end(switch, predicate);
    }

    fn wait_for(&mut self, block: BlockId, which: usize, label: Name<'a>) {
        self.pending.push(Pending {
            block,
            which,
            label,
            frame: self.frame,
        });
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

    /// Puts instructions before all others.
    pub(super) fn prepend(&mut self, instructions: Vec<Instruction>) {
        // Where a loop comes back to the first block they are done again, which changes nothing.
        if let Some(first) = self.blocks.first_mut() {
            first.instructions.splice(0..0, instructions);
        }
    }

    pub(super) fn finish(mut self, found: &mut Diagnostics) -> Vec<Block> {
        for Pending {
            block,
            which,
            label,
            frame,
        } in self.pending
        {
            let Some(&target) = self.labels.get(&(frame, label.text)) else {
                undefined(label, found);
                continue;
            };
            let change = |place, successor| if place == which { target } else { successor };
            self.blocks[block.index()].terminator.map_successors(change);
        }
        for block in &mut self.blocks {
            block.instructions.shrink_to_fit();
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
