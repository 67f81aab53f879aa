//! Comparisons that hold wherever a block is.
//!
//! Where every way to a block passes one side of a branch, what the branch compared holds in the block, of the same values: each was
//! written before the branch on every way, so that whoever writes it again passes the branch again.

use super::Analysis;
use super::atoms::{Atom, Form};
use super::forms::At;
use super::ssa::{Value, ValueId};
use crate::ir::{
    BlockId, Instruction, Modifier, Opcode, Operand, Predicate, Register, Terminator, Type,
};
use crate::proof::program::{Operation, Relation, Width};

/// Index in [`Analysis::facts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FactId(pub(crate) u32);

/// How many facts are remembered of a place.
const MOST_FACTS: u32 = 48;

/// How deep a predicate is followed.
const MOST_DEPTH: u32 = 8;

/// What holds, besides what held before.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) before: Option<FactId>,
    pub(crate) what: What,
    depth: u32,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Compared(Box<Comparison>),
    /// The branch at a block's end went on in a loop.
    Stayed(BlockId),
}

/// Two values, read as so many bits, that stand in a relation.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    pub(crate) a: Form,
    pub(crate) b: Form,
    pub(crate) relation: Relation,
    pub(crate) width: Width,
}

impl Analysis<'_> {
    pub(super) fn facts_of(&self, block: BlockId) -> Option<FactId> {
        self.facts_of_blocks.get(&block).copied().flatten()
    }

    /// Finds what holds in a block, whose dominators' facts are known.
    pub(super) fn find_facts(&mut self, block: BlockId) {
        let Some(parent) = self.dominators.parent(block) else {
            self.facts_of_blocks.insert(block, None);
            return;
        };
        let facts = if self.values.predecessors[block.index()] == [parent] {
            self.facts_on_edge(parent, block)
        } else {
            self.facts_of(parent)
        };
        let invariants = self.invariants.get(&block).cloned().unwrap_or_default();
        let facts = invariants.into_iter().fold(facts, |facts, comparison| {
            self.fact(facts, What::Compared(Box::new(comparison)))
        });
        self.facts_of_blocks.insert(block, facts);
    }

    /// What holds on the way from one block to the next.
    pub(super) fn facts_on_edge(&mut self, from: BlockId, to: BlockId) -> Option<FactId> {
        let mut facts = self.facts_of(from);
        let function = self.function;
        let Terminator::Branch {
            predicate,
            then,
            otherwise,
        } = &function.blocks[from.index()].terminator
        else {
            return facts;
        };
        if then == otherwise {
            return facts;
        }
        let other = if *then == to { *otherwise } else { *then };
        if let Some(decides) = self.values.decides(from) {
            facts = self.assume(decides, (*then == to) != predicate.negated, facts, 0);
        }
        let is_test = |id: super::LoopId| {
            let around = self.loops.get(id);
            around.contains(from) && around.contains(to) && !around.contains(other)
        };
        if self.loops.around(from).any(is_test) {
            facts = self.fact(facts, What::Stayed(from));
        }
        facts
    }

    fn fact(&mut self, before: Option<FactId>, what: What) -> Option<FactId> {
        let depth = before.map_or(0, |before| self.facts[before.0 as usize].depth + 1);
        if depth >= MOST_FACTS {
            return before;
        }
        self.facts.push(Fact {
            before,
            what,
            depth,
        });
        Some(FactId(self.facts.len() as u32 - 1))
    }

    /// What holds when an instruction is done.
    pub(super) fn facts_at(&mut self, at: At, predicate: Option<Predicate>) -> Option<FactId> {
        let facts = self.facts_of(at.0);
        let Some(predicate) = predicate else {
            return facts;
        };
        match self.values.read(at.0, at.1, predicate.register) {
            Some(value) => self.assume(value, !predicate.negated, facts, 0),
            None => facts,
        }
    }

    /// What holds where a value is not zero that predicates choose.
    pub(super) fn assume_nonzero(
        &mut self,
        mut value: ValueId,
        mut facts: Option<FactId>,
    ) -> Option<FactId> {
        for _ in 0..MOST_DEPTH {
            let Value::Result { block, index, .. } = *self.values.get(value) else {
                return facts;
            };
            let function = self.function;
            let instruction = &function.blocks[block.index()].instructions[index];
            let Some(Operand::Register(register)) = instruction.operands.get(3) else {
                return facts;
            };
            let predicate = self.values.read(block, index, *register);
            let (Opcode::Selp, Some(predicate)) = (instruction.opcode(), predicate) else {
                return facts;
            };
            let is_zero = [1, 2].map(|place| instruction.operands[place] == Operand::Immediate(0));
            let (chosen, truth) = match is_zero {
                [false, true] => (1, true),
                [true, false] => (2, false),
                _ => return facts,
            };
            facts = self.assume(predicate, truth, facts, 0);
            let Operand::Register(register) = &instruction.operands[chosen] else {
                return facts;
            };
            let Some(inner) = self.values.read(block, index, *register) else {
                return facts;
            };
            value = inner;
        }
        facts
    }

    /// Adds what follows from a predicate.
    pub(super) fn assume(
        &mut self,
        value: ValueId,
        truth: bool,
        facts: Option<FactId>,
        depth: u32,
    ) -> Option<FactId> {
        let Value::Result {
            block,
            index,
            place,
        } = *self.values.get(value)
        else {
            return facts;
        };
        if depth > MOST_DEPTH {
            return facts;
        }
        let function = self.function;
        let instruction = &function.blocks[block.index()].instructions[index];
        let at = (block, index);
        match (instruction.opcode(), truth) {
            (Opcode::Setp, _) => self.compared(instruction, at, place, truth, facts, depth),
            (Opcode::And, true) | (Opcode::Or, false) => {
                let facts = self.assume_operand(instruction, at, 1, truth, facts, depth);
                self.assume_operand(instruction, at, 2, truth, facts, depth)
            }
            (Opcode::Mov, _) => self.assume_operand(instruction, at, 1, truth, facts, depth),
            (Opcode::Not, _) => self.assume_operand(instruction, at, 1, !truth, facts, depth),
            _ => facts,
        }
    }

    fn assume_operand(
        &mut self,
        instruction: &Instruction,
        at: At,
        place: usize,
        truth: bool,
        facts: Option<FactId>,
        depth: u32,
    ) -> Option<FactId> {
        let (register, truth): (Register, bool) = match instruction.operands.get(place) {
            Some(Operand::Register(register)) => (*register, truth),
            Some(Operand::Negated(register)) => (*register, !truth),
            _ => return facts,
        };
        match self.values.read(at.0, at.1, register) {
            Some(value) => self.assume(value, truth, facts, depth + 1),
            None => facts,
        }
    }

    fn compared(
        &mut self,
        instruction: &Instruction,
        at: At,
        place: usize,
        truth: bool,
        mut facts: Option<FactId>,
        depth: u32,
    ) -> Option<FactId> {
        // The second destination has the comparison negated, and combined the same.
        let holds = truth != (place == 1);
        let combined = [Modifier::And, Modifier::Or, Modifier::Xor]
            .into_iter()
            .find(|word| instruction.has(*word));
        match (combined, truth) {
            (None, _) => {}
            (Some(Modifier::And), true) | (Some(Modifier::Or), false) => {
                facts = self.assume_operand(instruction, at, 4, truth, facts, depth);
            }
            _ => return facts,
        }
        let Some((relation, width)) = relation(instruction) else {
            return facts;
        };
        let relation = if holds { relation } else { relation.negated() };
        let (Some(a), Some(b)) = (
            self.operand(at, instruction, 2),
            self.operand(at, instruction, 3),
        ) else {
            return facts;
        };
        let comparison = Comparison {
            a,
            b,
            relation,
            width,
        };
        facts = self.neither_is_negative(&comparison, facts);
        self.fact(facts, What::Compared(Box::new(comparison)))
    }

    /// Of two numbers whose bits together are those of one that is not negative neither is.
    fn neither_is_negative(
        &mut self,
        comparison: &Comparison,
        mut facts: Option<FactId>,
    ) -> Option<FactId> {
        let bound = match (comparison.relation, comparison.b.sum.as_constant()) {
            (Relation::GreaterOrEqual, Some(bound)) => bound,
            (Relation::Greater, Some(bound)) if bound >= -1 => bound.saturating_add(1),
            _ => return facts,
        };
        let whole = comparison.a.sum.as_atom();
        let whole = whole.filter(|_| comparison.a.sum.constant == 0 && bound >= 0);
        let Some(Atom::Apply {
            operation: Operation::Or,
            a,
            b,
            width,
        }) = whole.map(|whole| self.atoms.get(whole)).cloned()
        else {
            return facts;
        };
        if !comparison.width.signed || width.bits != comparison.width.bits {
            return facts;
        }
        for part in [a, b] {
            let comparison = Comparison {
                a: part,
                b: Form::constant(0),
                ..comparison.clone()
            };
            let comparison = Comparison {
                relation: Relation::GreaterOrEqual,
                ..comparison
            };
            facts = self.fact(facts, What::Compared(Box::new(comparison)));
        }
        facts
    }
}

/// What a comparison of integers tells when it is true.
fn relation(instruction: &Instruction) -> Option<(Relation, Width)> {
    let t = instruction.t.filter(|t| Type::is_integer(*t))?;
    let relations = [
        (Modifier::Eq, Relation::Equal),
        (Modifier::Ne, Relation::NotEqual),
        (Modifier::Lt, Relation::Less),
        (Modifier::Le, Relation::LessOrEqual),
        (Modifier::Gt, Relation::Greater),
        (Modifier::Ge, Relation::GreaterOrEqual),
        (Modifier::Lo, Relation::Less),
        (Modifier::Ls, Relation::LessOrEqual),
        (Modifier::Hi, Relation::Greater),
        (Modifier::Hs, Relation::GreaterOrEqual),
    ];
    let found = relations.iter().find(|(word, _)| instruction.has(*word))?;
    Some((
        found.1,
        Width {
            bits: t.bits(),
            signed: t.is_signed(),
        },
    ))
}
