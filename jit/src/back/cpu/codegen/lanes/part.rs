//! Where the threads of a group may part, and where they wait.

use super::super::super::block::{ENDED, NOTHING};
use super::super::super::launch::field;
use super::super::super::suspension::{Parting, Segmented};
use super::super::Untranslatable;
use super::super::check_operations;
use super::super::threads::{RowLoop, ThreadLoop, launch_field, leave_with, plain};
use super::super::translate::Translator;
use super::WIDTH;
use super::order::Answers;
use crate::analysis::order::Region;
use crate::ir::{BlockId, Instruction, Register, Terminator, Type};
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
                let runs_not = builder.ins().bxor_imm_u(runs, 1);
                let alone = builder.create_block();
                builder.set_cold_block(alone);
                builder.ins().brif(runs_not, alone, &[], body, &[]);
                builder.seal_block(alone);
                builder.seal_block(body);
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
        builder.seal_block(failed);
        builder.switch_to_block(failed);
        leave_with(builder, status);
    }
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
        let guard = self.guard(id);
        let put_off = match &guard {
            Some(guard) => guard.ordering,
            None => self.ordering_of_next(id),
        };
        let put_off = put_off.map(|ordering| ordering.place);
        let shuffle = self.shuffle_in(id);
        let is_last = waits || shuffle.is_some();
        let count = source
            .instructions
            .len()
            .saturating_sub(usize::from(is_last));
        self.instructions_in_step(&source.instructions[..count], put_off)?;
        if let Some(shuffle) = shuffle {
            self.shuffle_at_once(shuffle);
        }
        match (guard, &source.terminator) {
            (Some(guard), _) => self.guard_in_step(guard)?,
            (None, Terminator::Jump(resume)) if waits => self.wait_in_step(*resume),
            (None, terminator) => self.terminator_in_step(id, terminator)?,
        }
        Ok(())
    }

    /// Instructions for a group, without the one that is put off.
    pub(super) fn instructions_in_step(
        &mut self,
        instructions: &[Instruction],
        put_off: Option<usize>,
    ) -> Result<(), Untranslatable> {
        for (place, instruction) in instructions.iter().enumerate() {
            if put_off == Some(place) {
                continue;
            }
            self.instruction_in_step(instruction)?;
            check_operations(self.builder, self.kernel, self.scope.most_operations)?;
        }
        Ok(())
    }

    fn terminator_in_step(
        &mut self,
        id: BlockId,
        terminator: &Terminator,
    ) -> Result<(), Untranslatable> {
        let is_parting = self
            .scope
            .segment
            .is_some_and(|segment| segment.cut.parting(id).is_some());
        match terminator {
            Terminator::Branch {
                predicate,
                then,
                otherwise,
            } if is_parting => {
                let ways = match predicate.negated {
                    true => (*otherwise, *then),
                    false => (*then, *otherwise),
                };
                self.branch_in_step(id, predicate.register, ways)?;
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
        Ok(())
    }

    /// What each thread says of a predicate.
    pub(super) fn masks(&mut self, register: Register) -> Vec<Value> {
        let parts = 0..self.group_size() / WIDTH;
        parts.map(|part| self.packed(register, part)).collect()
    }

    fn waits_anywhere(&self) -> bool {
        let segment = self.scope.segment;
        segment.is_some_and(|segment| !segment.cut.suspensions.is_empty())
    }

    /// Goes on together where all threads answer alike, else each alone; where an ordering tells what they answer, that may be so though
    /// they do.
    fn branch_in_step(
        &mut self,
        id: BlockId,
        predicate: Register,
        (yes, no): (BlockId, BlockId),
    ) -> Result<(), Untranslatable> {
        let ordering = self.ordering_of(id);
        if let Some(ordering) = &ordering {
            let answers = self.answers(ordering);
            self.branch_alike(&answers, yes, no);
            // What was not computed for each thread is wanted now.
            self.instruction_in_step(ordering.instruction)?;
            self.part_ways(id);
            return Ok(());
        }
        let masks = self.masks(predicate);
        let every = masks
            .iter()
            .copied()
            .reduce(|a, b| self.builder.ins().band(a, b));
        let some = masks
            .iter()
            .copied()
            .reduce(|a, b| self.builder.ins().bor(a, b));
        let (Some(every), Some(some)) = (every, some) else {
            return Ok(());
        };
        let every = self.builder.ins().vhigh_bits(types::I32, every);
        let some = self.builder.ins().vhigh_bits(types::I32, some);
        let every_one = (1 << WIDTH) - 1;
        let answers = Answers {
            not_all: self
                .builder
                .ins()
                .icmp_imm_u(IntCC::NotEqual, every, every_one),
            some: self.builder.ins().icmp_imm_u(IntCC::NotEqual, some, 0),
        };
        self.branch_alike(&answers, yes, no);
        self.part_ways(id);
        Ok(())
    }

    /// To where all threads go if they answer alike; leaves the builder, in a cold block, where they do not.
    fn branch_alike(&mut self, answers: &Answers, yes: BlockId, no: BlockId) {
        let (other, differ) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(differ);
        let likely_no = self.goes_on_at_first(no, yes);
        let (yes, no) = (self.block(yes), self.block(no));
        let (some, not_all) = (answers.some, answers.not_all);
        // Where the loop goes on stands last, as in `goes_on_at_first`.
        if likely_no {
            self.builder.ins().brif(some, other, &[], no, &[]);
            self.begin_helper(other);
            self.builder.ins().brif(not_all, differ, &[], yes, &[]);
        } else {
            self.builder.ins().brif(not_all, other, &[], yes, &[]);
            self.begin_helper(other);
            self.builder.ins().brif(some, differ, &[], no, &[]);
        }
        self.begin_helper(differ);
    }

    /// Goes on in a block to which all ways lead that ever will.
    pub(super) fn begin_helper(&mut self, block: Block) {
        self.builder.seal_block(block);
        self.builder.switch_to_block(block);
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
        for index in 0..cut.suspensions[place].operation.arguments() {
            if !self.leave_packed_argument(place, index) {
                let left = self.for_each_thread(|translator| {
                    translator.leave_argument(place, index);
                    Ok(())
                });
                debug_assert!(left.is_ok());
            }
        }
        for register in &cut.suspensions[place].kept {
            self.keep_in_step(*register);
        }
        self.say_all_wait(place as u32);
        self.builder.ins().jump(self.scope.thread.next, &[]);
    }

    /// Leaves one value of what the operation at a place wants, as vectors; false if it is not held so.
    fn leave_packed_argument(&mut self, place: usize, index: usize) -> bool {
        let Some(cut) = self.scope.segment.map(|segment| segment.cut) else {
            return false;
        };
        let operation = &cut.suspensions[place].operation;
        let (operand, Some(ty)) = &operation.sources[index] else {
            return false;
        };
        if ty.bits() != 32 && *ty != Type::Pred {
            return false;
        }
        let slot = cut.frames.argument(index, 4);
        for part in 0..self.group_size() / WIDTH {
            let Some(vector) = self.vector(operand, *ty, part) else {
                return false;
            };
            self.store_packed_slot(slot, *ty, part, vector);
        }
        true
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
