//! Where the threads of a group may part, and where they wait.

use super::super::super::block::{ENDED, NOTHING};
use super::super::super::launch::field;
use super::super::super::suspension::{Parting, Segmented};
use super::super::Untranslatable;
use super::super::check_operations;
use super::super::compare::integer_condition;
use super::super::threads::{RowLoop, ThreadLoop, launch_field, leave_with, plain};
use super::super::translate::Translator;
use super::WIDTH;
use crate::analysis::Lanes;
use crate::analysis::order::Region;
use crate::ir::{BlockId, Instruction, Opcode, Operand, Predicate, Terminator, Type};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, FuncRef, InstBuilder, Value, types};
use cranelift_frontend::FunctionBuilder;

impl ThreadLoop {
    /// The loop over the groups of a block, of which those run in step that have not parted and whose threads go on at this
    /// entry. Threads of others are run one by one. Leaves the builder where a group begins.
    pub(in super::super) fn begin_in_step(
        builder: &mut FunctionBuilder<'_>,
        cut: &Segmented,
        entry: u32,
        any: Option<FuncRef>,
    ) -> (Self, RowLoop) {
        let mut threads = Self::begin(builder);
        threads.group = cut.in_step.as_ref().map_or(1, |in_step| in_step.group);
        let test = threads.count_from_first(builder);
        let (body, next) = (builder.create_block(), builder.create_block());
        match any {
            // Nobody waits in the kernel, so that every group begins together.
            _ if cut.suspensions.is_empty() => {
                builder.ins().jump(body, &[]);
            }
            Some(any) => {
                let runs = threads.runs(builder, entry);
                let flag = threads.parted_flag(builder);
                let parted = builder.ins().load(types::I8, plain(), flag, 0);
                let together = builder.ins().icmp_imm_u(IntCC::Equal, parted, 0);
                let runs = builder.ins().band(runs, together);
                let alone = builder.create_block();
                builder.set_cold_block(alone);
                builder.ins().brif(runs, body, &[], alone, &[]);
                builder.switch_to_block(alone);
                threads.run_alone(builder, any, next);
            }
            None => {
                builder.ins().jump(body, &[]);
            }
        }
        threads.row = test;
        (threads, RowLoop { body, next })
    }

    /// Where it is said whether the running group has parted.
    fn parted_flag(&self, builder: &mut FunctionBuilder<'_>) -> Value {
        let flags = builder
            .ins()
            .load(types::I64, launch_field(), self.context, field::PARTED);
        let number = self.number(builder);
        let shift = self.group.trailing_zeros();
        let group = builder.ins().ushr_imm_u(number, i64::from(shift));
        let group = builder.ins().uextend(types::I64, group);
        builder.ins().iadd(flags, group)
    }

    /// Runs the threads of the group one by one, each from its own entry, and goes on.
    fn run_alone(&self, builder: &mut FunctionBuilder<'_>, any: FuncRef, next: Block) {
        let first = self.number(builder);
        let last = builder.ins().iadd_imm_u(first, i64::from(self.group));
        builder
            .ins()
            .store(plain(), first, self.context, field::FIRST);
        builder
            .ins()
            .store(plain(), last, self.context, field::LAST);
        let call = builder.ins().call(any, &[self.launch, self.context]);
        let status = builder.inst_results(call)[0];
        let failed = builder.create_block();
        builder.set_cold_block(failed);
        builder.ins().brif(status, failed, &[], next, &[]);
        builder.switch_to_block(failed);
        leave_with(builder, status);
    }
}

/// What decides a branch, and how the threads' answers are held.
enum Decision {
    /// Four threads a vector.
    Masks(Vec<Value>),
    /// The first and the last thread's answer, and whether what they compare does not wrap around in between.
    Ends {
        first: Value,
        last: Value,
        in_order: Value,
    },
}

impl Translator<'_, '_> {
    /// Translates one block of the kernel for a group.
    pub(in super::super) fn fill_in_step(
        &mut self,
        id: BlockId,
        region: &Region<'_>,
    ) -> Result<(), Untranslatable> {
        let kernel = self.kernel;
        let source = &kernel.blocks[id.index()];
        let waits = region.ends_at(id);
        let mut instructions = source.instructions.as_slice();
        if waits && let Some((_, before)) = instructions.split_last() {
            instructions = before;
        }
        let fused = self.fused(&source.terminator, instructions);
        if fused.is_some()
            && let Some((_, before)) = instructions.split_last()
        {
            instructions = before;
        }
        for instruction in instructions {
            self.instruction_in_step(instruction)?;
            check_operations(self.builder, kernel, self.scope.most_operations)?;
        }
        if let (Some(comparison), Terminator::Jump(parting)) = (fused, &source.terminator) {
            self.part_by_ends(comparison, *parting);
            return Ok(());
        }
        match &source.terminator {
            Terminator::Jump(resume) if waits => self.wait_in_step(*resume),
            terminator => self.terminator_in_step(id, terminator),
        }
        Ok(())
    }

    /// The comparison that decides a parting right behind it and nothing else, if both its ends tell what the threads between them
    /// answer.
    fn fused<'i>(
        &self,
        terminator: &Terminator,
        instructions: &'i [Instruction],
    ) -> Option<&'i Instruction> {
        let Terminator::Jump(next) = terminator else {
            return None;
        };
        let cut = self.scope.segment?.cut;
        let (_, parting) = cut.parting(*next)?;
        let comparison = instructions.last()?;
        let Terminator::Branch { predicate, .. } = &self.kernel.blocks[next.index()].terminator
        else {
            return None;
        };
        let decides = comparison.operands.first() == Some(&Operand::Register(predicate.register));
        let is_plain = comparison.opcode() == Opcode::Setp
            && comparison.predicate.is_none()
            && comparison.operands[1] == Operand::Absent
            && comparison.operands[4] == Operand::Absent
            && comparison
                .t
                .is_some_and(|t| t.bits() == 64 && t.is_integer())
            && self.compares_in_order(comparison);
        (decides && is_plain && !parting.decider_lives).then_some(comparison)
    }

    /// Whether one side of an ordering steps evenly upwards and the other is one value.
    fn compares_in_order(&self, comparison: &Instruction) -> bool {
        use crate::ir::Modifier as M;
        let orders = [M::Lt, M::Le, M::Gt, M::Ge, M::Lo, M::Ls, M::Hi, M::Hs];
        let ordered = orders.iter().any(|order| comparison.has(*order));
        let lanes = |index: usize| match comparison.operands.get(index) {
            Some(Operand::Register(register)) => Some(self.lanes_of(*register)),
            Some(Operand::Immediate(_) | Operand::Hidden(_)) => Some(Lanes::Uniform),
            _ => None,
        };
        let is_up = |lanes| matches!(lanes, Some(Lanes::Even(step)) if step > 0 && step < 1 << 20);
        ordered && is_up(lanes(2)) && lanes(3) == Some(Lanes::Uniform)
    }

    fn part_by_ends(&mut self, comparison: &Instruction, parting: BlockId) {
        let t = comparison.t.unwrap_or(Type::U64);
        let condition = integer_condition(comparison, t);
        let first = self.read(comparison, 2, t);
        let bound = self.read(comparison, 3, t);
        self.scope.threads.lane.set(self.group_size() - 1);
        let last = self.read(comparison, 2, t);
        self.scope.threads.lane.set(0);
        let order = if t.is_signed() {
            IntCC::SignedGreaterThanOrEqual
        } else {
            IntCC::UnsignedGreaterThanOrEqual
        };
        let decision = Decision::Ends {
            first: self.builder.ins().icmp(condition, first, bound),
            last: self.builder.ins().icmp(condition, last, bound),
            in_order: self.builder.ins().icmp(order, last, first),
        };
        self.branch_in_step(parting, decision, Some(comparison));
    }

    fn terminator_in_step(&mut self, id: BlockId, terminator: &Terminator) {
        let is_parting = self
            .scope
            .segment
            .is_some_and(|segment| segment.cut.parting(id).is_some());
        match terminator {
            Terminator::Branch { predicate, .. } if is_parting => {
                let masks = (0..self.group_size() / WIDTH)
                    .map(|part| self.packed(predicate.register, part))
                    .collect();
                self.branch_in_step(id, Decision::Masks(masks), None);
            }
            // Threads choose among many ways by themselves.
            Terminator::Switch { .. } if is_parting => self.part_ways(id),
            Terminator::Exit => {
                if self.waits_anywhere() {
                    self.say_all_wait(ENDED);
                }
                self.builder.ins().jump(self.scope.thread.next, &[]);
            }
            terminator => self.terminator(terminator),
        }
    }

    fn waits_anywhere(&self) -> bool {
        let segment = self.scope.segment;
        segment.is_some_and(|segment| !segment.cut.suspensions.is_empty())
    }

    /// Goes on together where all threads answer alike, else each alone.
    fn branch_in_step(&mut self, id: BlockId, decision: Decision, comparison: Option<&Instruction>) {
        let Terminator::Branch {
            predicate,
            then,
            otherwise,
        } = self.kernel.blocks[id.index()].terminator
        else {
            return;
        };
        let Predicate { negated, .. } = predicate;
        let (then, otherwise) = (self.block(then), self.block(otherwise));
        let (yes, no) = if negated {
            (otherwise, then)
        } else {
            (then, otherwise)
        };
        let (all, none) = self.agreement(decision);
        let (not_all, differ) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(differ);
        self.builder.ins().brif(all, yes, &[], not_all, &[]);
        self.builder.switch_to_block(not_all);
        self.builder.ins().brif(none, no, &[], differ, &[]);
        self.builder.switch_to_block(differ);
        if let Some(comparison) = comparison {
            // What was not computed for each thread is wanted now.
            let computed = self.for_each_thread(|translator| translator.instruction(comparison));
            debug_assert!(computed.is_ok());
        }
        self.part_ways(id);
    }

    /// Whether all threads say yes, and whether none does.
    fn agreement(&mut self, decision: Decision) -> (Value, Value) {
        match decision {
            Decision::Masks(masks) => {
                let every = masks
                    .iter()
                    .copied()
                    .reduce(|a, b| self.builder.ins().band(a, b));
                let some = masks
                    .iter()
                    .copied()
                    .reduce(|a, b| self.builder.ins().bor(a, b));
                let (Some(every), Some(some)) = (every, some) else {
                    let no = self.builder.ins().iconst(types::I8, 0);
                    return (no, no);
                };
                let every = self.builder.ins().vhigh_bits(types::I32, every);
                let some = self.builder.ins().vhigh_bits(types::I32, some);
                (
                    self.builder
                        .ins()
                        .icmp_imm_u(IntCC::Equal, every, (1 << WIDTH) - 1),
                    self.builder.ins().icmp_imm_u(IntCC::Equal, some, 0),
                )
            }
            Decision::Ends {
                first,
                last,
                in_order,
            } => {
                let both = self.builder.ins().band(first, last);
                let all = self.builder.ins().band(both, in_order);
                let either = self.builder.ins().bor(first, last);
                let neither = self.builder.ins().bxor_imm_u(either, 1);
                let none = self.builder.ins().band(neither, in_order);
                (all, none)
            }
        }
    }

    /// Leaves what every thread keeps, and runs each alone from here.
    fn part_ways(&mut self, id: BlockId) {
        let Some(segment) = self.scope.segment else {
            return;
        };
        let (Some((entry, Parting { kept, .. })), Some(any)) =
            (segment.cut.parting(id), segment.any)
        else {
            return;
        };
        for register in kept {
            self.keep_in_step(*register);
        }
        let threads = self.scope.threads;
        let run = self
            .builder
            .ins()
            .load(types::I64, launch_field(), threads.context, field::RUN);
        self.set_all(run, entry as u32);
        let flag = threads.parted_flag(self.builder);
        let one = self.builder.ins().iconst(types::I8, 1);
        self.builder.ins().store(plain(), one, flag, 0);
        threads.run_alone(self.builder, any, self.scope.thread.next);
    }

    /// Leaves what every thread keeps and what the operation wants; the group waits there.
    fn wait_in_step(&mut self, resume: BlockId) {
        let Some(cut) = self.scope.segment.map(|segment| segment.cut) else {
            return;
        };
        let Some(place) = cut.place(resume) else {
            return;
        };
        let left = self.for_each_thread(|translator| {
            translator.leave_arguments(place);
            Ok(())
        });
        debug_assert!(left.is_ok());
        for register in &cut.suspensions[place].kept {
            self.keep_in_step(*register);
        }
        self.say_all_wait(place as u32);
        self.builder.ins().jump(self.scope.thread.next, &[]);
    }

    fn say_all_wait(&mut self, place: u32) {
        let threads = self.scope.threads;
        let waits =
            self.builder
                .ins()
                .load(types::I64, launch_field(), threads.context, field::WAITS);
        self.set_all(waits, place);
    }

    /// Sets the elements of an array of words that are the group's threads'.
    fn set_all(&mut self, array: Value, value: u32) {
        debug_assert!(value != NOTHING || value == ENDED);
        let place = self.scope.threads.of_thread(self.builder, array, 4);
        let value = self.builder.ins().iconst(types::I32, i64::from(value));
        let vector = self.builder.ins().splat(types::I32X4, value);
        for part in 0..self.group_size() / WIDTH {
            self.builder
                .ins()
                .store(plain(), vector, place, (16 * part) as i32);
        }
    }
}
