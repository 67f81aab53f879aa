//! Comparisons of what steps evenly with one value: the first and the last thread tell what all of a group answer, so that nothing
//! is computed for each.

use super::super::super::suspension::Parting;
use super::super::compare::integer_condition;
use super::super::translate::Translator;
use crate::analysis::{Lanes, for_each_register};
use crate::ir::{BlockId, Instruction, Opcode, Operand, Register, Terminator, Type};
use cranelift_codegen::ir::condcodes::{CondCode, IntCC};
use cranelift_codegen::ir::{InstBuilder, Value, types};

/// The largest step between two threads: far too small for a group's steps to go around more than once.
const LARGEST_STEP: i64 = 1 << 20;

/// A comparison that decides where threads go and is not read elsewhere.
#[derive(Clone, Copy)]
pub(super) struct Ordering<'a> {
    pub(super) instruction: &'a Instruction,
    /// Its place in its block.
    pub(super) place: usize,
    /// What steps evenly upwards.
    climbing: Register,
    /// Which operand that is, and which the one value.
    places: [usize; 2],
    ty: Type,
}

/// What a group's threads say together.
pub(super) struct Answers {
    /// Not all answer yes.
    pub(super) not_all: Value,
    /// Some answer yes.
    pub(super) some: Value,
}

impl<'a> Translator<'a, '_> {
    /// The comparison of a block that gives a predicate, if it orders what steps evenly and one value, and what it reads is still the same
    /// at the block's end, where the predicate is asked for first.
    pub(super) fn ordering_in(&self, id: BlockId, predicate: Register) -> Option<Ordering<'a>> {
        let kernel = self.kernel;
        let instructions = &kernel.blocks[id.index()].instructions;
        let gives = |instruction: &Instruction| {
            instruction
                .destinations()
                .any(|register| register == predicate)
        };
        let place = instructions.iter().rposition(gives)?;
        let ordering = self.ordering(&instructions[place])?;
        let reads = |operand: &Operand, register: Register| {
            let mut found = false;
            for_each_register(operand, &mut |read| found |= read == register);
            found
        };
        let behind = &instructions[place + 1..];
        let changes = behind.iter().any(|instruction| {
            let asks = instruction
                .operands
                .iter()
                .any(|operand| reads(operand, predicate))
                || instruction
                    .predicate
                    .is_some_and(|asked| asked.register == predicate);
            let mut written = instruction.destinations();
            let compared = &ordering.instruction.operands;
            asks || written.any(|register| compared.iter().any(|operand| reads(operand, register)))
        });
        (!changes).then_some(Ordering { place, ..ordering })
    }

    /// The comparison of a block that decides the parting behind it, and is computed there if at all.
    pub(super) fn ordering_of_next(&self, id: BlockId) -> Option<Ordering<'a>> {
        match self.kernel.blocks[id.index()].terminator {
            Terminator::Jump(next) => self.ordering_of(next),
            _ => None,
        }
    }

    /// The comparison that decides a parting and nothing else; it stands in the block before.
    pub(super) fn ordering_of(&self, parting: BlockId) -> Option<Ordering<'a>> {
        let kernel = self.kernel;
        let cut = self.scope.segment?.cut;
        let (_, Parting { before, .. }) = cut.parting(parting)?;
        let Terminator::Branch { predicate, .. } = kernel.blocks[parting.index()].terminator else {
            return None;
        };
        let lives = cut.in_step.as_ref()?.decider_lives[parting.index()];
        let ordering = self.ordering_in(*before, predicate.register);
        ordering.filter(|_| !lives)
    }

    fn ordering(&self, instruction: &'a Instruction) -> Option<Ordering<'a>> {
        let ty = instruction.t?;
        let is_plain = instruction.opcode() == Opcode::Setp
            && instruction.predicate.is_none()
            && instruction.operands.get(1) == Some(&Operand::Absent)
            && instruction.operands.get(4) == Some(&Operand::Absent)
            && matches!(ty, Type::U32 | Type::S32 | Type::U64 | Type::S64);
        if !is_plain || is_equality(integer_condition(instruction, ty)) {
            return None;
        }
        let lanes = |place: usize| match &instruction.operands[place] {
            Operand::Register(register) => Some(self.lanes_of(*register)),
            Operand::Immediate(_) | Operand::Hidden(_) => Some(Lanes::Uniform),
            _ => None,
        };
        [[2, 3], [3, 2]].into_iter().find_map(|places| {
            let [climbing, fixed] = places;
            let (Some(Lanes::Even(step)), Some(Lanes::Uniform)) = (lanes(climbing), lanes(fixed))
            else {
                return None;
            };
            let Operand::Register(register) = instruction.operands[climbing] else {
                return None;
            };
            (0 < step && step < LARGEST_STEP).then_some(Ordering {
                instruction,
                place: 0,
                climbing: register,
                places,
                ty,
            })
        })
    }

    /// What all threads of the group say of a comparison, as far as the first and the last tell: a group may do the same and still count as
    /// one that does not.
    pub(super) fn answers(&mut self, ordering: &Ordering<'_>) -> Answers {
        let Ordering {
            instruction,
            places: [climbing, fixed],
            ty,
            ..
        } = *ordering;
        let condition = integer_condition(instruction, ty);
        // As if what climbs came first.
        let condition = if climbing < fixed {
            condition
        } else {
            condition.swap_args()
        };
        let bound = self.read(instruction, fixed, ty);
        let first = self.read(instruction, climbing, ty);
        let span = match self.lanes_of(ordering.climbing) {
            Lanes::Even(step) => step * i64::from(self.group_size() - 1),
            _ => 0,
        };
        match condition {
            _ if ty.bits() == 32 => self.widened_answers(condition, ty, (first, bound), span),
            IntCC::UnsignedGreaterThanOrEqual => self.answers_by_room(first, bound, span),
            _ => self.wide_answers(condition, ty, (first, bound), span),
        }
    }

    /// Of values of 32 bits: in 64 none wraps around unseen.
    fn widened_answers(
        &mut self,
        condition: IntCC,
        ty: Type,
        (first, bound): (Value, Value),
        span: i64,
    ) -> Answers {
        let most = match ty.is_signed() {
            true => i64::from(i32::MAX),
            false => i64::from(u32::MAX),
        };
        let [first, bound] = [first, bound].map(|value| match ty.is_signed() {
            true => self.builder.ins().sextend(types::I64, value),
            false => self.builder.ins().uextend(types::I64, value),
        });
        let condition = match condition {
            IntCC::UnsignedLessThan => IntCC::SignedLessThan,
            IntCC::UnsignedLessThanOrEqual => IntCC::SignedLessThanOrEqual,
            IntCC::UnsignedGreaterThan => IntCC::SignedGreaterThan,
            IntCC::UnsignedGreaterThanOrEqual => IntCC::SignedGreaterThanOrEqual,
            condition => condition,
        };
        let last = self.builder.ins().iadd_imm_s(first, span);
        let wraps = IntCC::SignedGreaterThan;
        let wraps = self.builder.ins().icmp_imm_s(wraps, last, most);
        let fails = condition.complement();
        // The bound is no larger than what wraps around, so that the last one tells of that, too.
        if asks_for_less(condition) {
            let some = self.builder.ins().icmp(condition, first, bound);
            return Answers {
                not_all: self.builder.ins().icmp(fails, last, bound),
                some: self.builder.ins().bor(some, wraps),
            };
        }
        let not_all = self.builder.ins().icmp(fails, first, bound);
        Answers {
            not_all: self.builder.ins().bor(not_all, wraps),
            some: self.builder.ins().icmp(condition, last, bound),
        }
    }

    /// Whether values of 64 bits are at least a bound: the first one shows it for the last, if there is less room behind it than the last
    /// is away. The room is the same in every round of a loop.
    fn answers_by_room(&mut self, first: Value, bound: Value, span: i64) -> Answers {
        let less = IntCC::UnsignedLessThan;
        let distance = self.builder.ins().iconst(types::I64, span);
        let has_room = self.builder.ins().icmp(less, distance, bound);
        let room = self.builder.ins().isub(bound, distance);
        let none = self.builder.ins().iconst(types::I64, 0);
        let room = self.builder.ins().select(has_room, room, none);
        let reaches = IntCC::UnsignedGreaterThanOrEqual;
        Answers {
            some: self.builder.ins().icmp(reaches, first, room),
            ..self.wide_answers(reaches, Type::U64, (first, bound), span)
        }
    }

    fn wide_answers(
        &mut self,
        condition: IntCC,
        ty: Type,
        (first, bound): (Value, Value),
        span: i64,
    ) -> Answers {
        let last = self.builder.ins().iadd_imm_s(first, span);
        let wraps = if ty.is_signed() {
            IntCC::SignedLessThan
        } else {
            IntCC::UnsignedLessThan
        };
        let wraps = self.builder.ins().icmp(wraps, last, first);
        let (hardest, easiest) = if asks_for_less(condition) {
            (last, first)
        } else {
            (first, last)
        };
        let fails = condition.complement();
        let not_all = self.builder.ins().icmp(fails, hardest, bound);
        let some = self.builder.ins().icmp(condition, easiest, bound);
        Answers {
            not_all: self.builder.ins().bor(not_all, wraps),
            some: self.builder.ins().bor(some, wraps),
        }
    }

    /// What the thread with a number that is computed says of it.
    pub(super) fn answer_of(&mut self, ordering: &Ordering<'_>, lane: Value) -> Value {
        let Ordering {
            instruction,
            places: [climbing, fixed],
            ty,
            ..
        } = *ordering;
        let value = self.stepped(ordering.climbing, lane);
        let held = self.kernel.registers[ordering.climbing.index()];
        let value = self.reinterpret(value, held, ty);
        let bound = self.read(instruction, fixed, ty);
        let (a, b) = if climbing < fixed {
            (value, bound)
        } else {
            (bound, value)
        };
        let condition = integer_condition(instruction, ty);
        self.builder.ins().icmp(condition, a, b)
    }

    /// A register's value in the thread with a number that is computed; the register's values step evenly, or are one.
    pub(super) fn stepped(&mut self, register: Register, lane: Value) -> Value {
        let first = self.register(register);
        let Lanes::Even(step) = self.lanes_of(register) else {
            return first;
        };
        let ty = self.builder.func.dfg.value_type(first);
        let lane = match ty {
            types::I64 => self.builder.ins().uextend(types::I64, lane),
            _ => lane,
        };
        let distance = self.builder.ins().imul_imm_u(lane, step);
        self.builder.ins().iadd(first, distance)
    }
}

fn is_equality(condition: IntCC) -> bool {
    matches!(condition, IntCC::Equal | IntCC::NotEqual)
}

fn asks_for_less(condition: IntCC) -> bool {
    let condition = condition.unsigned();
    matches!(
        condition,
        IntCC::UnsignedLessThan | IntCC::UnsignedLessThanOrEqual
    )
}
