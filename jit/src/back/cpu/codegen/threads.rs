//! The loop over the threads of a block, row by row.
//!
//! ```text
//!  entry ──▶ row ──▶ body ──▶ … ──▶ next ──▶ row_end ──▶ return
//!             ▲       ▲  (one thread) │         │
//!             │       └───────────────┘         │
//!             └─────────────────────────────────┘
//! ```

use super::super::launch::field;
use super::translate::Status;
use crate::ir::SpecialRegister;
use crate::limits::MAX_THREADS_PER_BLOCK;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, BlockArg, FuncRef, InstBuilder, MemFlagsData, Value, types};
use cranelift_frontend::{FunctionBuilder, Variable};
use std::cell::Cell;

/// Threads of a row at most; the stop word is looked at after each row.
const LONGEST_ROW: u32 = MAX_THREADS_PER_BLOCK;

/// The loop, and the values that its threads share.
pub(super) struct ThreadLoop {
    /// The launch record.
    pub(super) launch: Value,
    /// The block's context.
    pub(super) context: Value,
    /// Index of the thread in its block.
    pub(super) thread_index: [Variable; 3],
    /// Its number in the block, where threads are counted so.
    pub(super) linear: Option<Variable>,
    /// The number to end before, where threads are counted so.
    last: Variable,
    /// Where the running thread's slots of 4 and of 8 bytes lie, the first one's start not counted.
    pub(super) slots: [Variable; 2],
    /// Which of the threads that run in step is meant: what is added to the first one's index.
    pub(super) lane: Cell<u32>,
    /// How many threads run in step.
    pub(super) group: u32,
    /// Where a row begins.
    pub(super) row: Block,
    /// Where a row ends.
    row_end: Block,
    /// Where every fault goes.
    faulted: Block,
}

/// The inner loop of one variant of the kernel.
pub(super) struct RowLoop {
    /// Where a thread begins.
    pub(super) body: Block,
    /// Where a thread goes when it ends.
    pub(super) next: Block,
}

impl ThreadLoop {
    /// Leaves the builder where a row begins.
    pub(super) fn begin(builder: &mut FunctionBuilder<'_>) -> Self {
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        let parameters: Vec<Value> = builder.block_params(entry).to_vec();
        let threads = Self {
            launch: parameters[0],
            context: parameters[1],
            linear: None,
            last: builder.declare_var(types::I32),
            slots: [(); 2].map(|()| builder.declare_var(types::I64)),
            lane: Cell::new(0),
            group: 1,
            thread_index: [(); 3].map(|()| builder.declare_var(types::I32)),
            row: builder.create_block(),
            row_end: builder.create_block(),
            faulted: builder.create_block(),
        };
        let zero = builder.ins().iconst(types::I32, 0);
        for variable in threads.thread_index {
            builder.def_var(variable, zero);
        }
        builder.ins().jump(threads.row, &[]);
        builder.switch_to_block(threads.row);
        threads
    }

    /// The loop over a range of threads, counted through the block, of which those run that shall run this entry; all if none
    /// is given. Leaves the builder where a thread begins.
    pub(super) fn begin_segment(
        builder: &mut FunctionBuilder<'_>,
        entry: Option<u32>,
    ) -> (Self, RowLoop) {
        let mut threads = Self::begin(builder);
        let test = threads.count_from_first(builder);
        let (body, next) = (builder.create_block(), builder.create_block());
        match entry {
            Some(entry) => {
                let runs = threads.runs(builder, entry);
                builder.ins().brif(runs, body, &[], next, &[]);
            }
            None => {
                builder.ins().jump(body, &[]);
            }
        }
        builder.seal_block(body);
        threads.row = test;
        (threads, RowLoop { body, next })
    }

    /// Counts threads from the first one that the context names; leaves the builder in a block to which each one's loop comes
    /// back.
    pub(super) fn count_from_first(&mut self, builder: &mut FunctionBuilder<'_>) -> Block {
        let threads = self;
        let linear = builder.declare_var(types::I32);
        threads.linear = Some(linear);
        let first = threads.context_word(builder, field::FIRST);
        builder.def_var(linear, first);
        let (width, height) = (
            threads.special(builder, SpecialRegister::NtidX),
            threads.special(builder, SpecialRegister::NtidY),
        );
        let row = builder.ins().udiv(first, width);
        let rows = builder.ins().udiv(row, height);
        let index = [
            builder.ins().urem(first, width),
            builder.ins().urem(row, height),
            rows,
        ];
        for (variable, value) in threads.thread_index.into_iter().zip(index) {
            builder.def_var(variable, value);
        }
        // Read once: whoever runs threads that have parted changes it meanwhile.
        let last = threads.context_word(builder, field::LAST);
        builder.def_var(threads.last, last);
        let test = builder.create_block();
        builder.ins().jump(test, &[]);
        builder.switch_to_block(test);
        test
    }

    /// A field of the block's context that has 32 bits.
    fn context_word(&self, builder: &mut FunctionBuilder<'_>, offset: i32) -> Value {
        builder
            .ins()
            .load(types::I32, plain(), self.context, offset)
    }

    /// The inner loop of one more variant of the kernel.
    pub(super) fn new_body(&self, builder: &mut FunctionBuilder<'_>) -> RowLoop {
        RowLoop {
            body: builder.create_block(),
            next: builder.create_block(),
        }
    }

    /// From one thread to the next of its row. The stop word is looked at after so many threads, a power of two.
    pub(super) fn end_thread(
        &self,
        builder: &mut FunctionBuilder<'_>,
        thread: &RowLoop,
        between_polls: u32,
    ) {
        builder.seal_block(thread.next);
        builder.switch_to_block(thread.next);
        let between_polls = between_polls.max(self.group);
        if between_polls < LONGEST_ROW {
            let index = builder.use_var(self.linear.unwrap_or(self.thread_index[0]));
            let low = builder
                .ins()
                .band_imm_u(index, i64::from(between_polls) - 1);
            let is_due =
                builder
                    .ins()
                    .icmp_imm_u(IntCC::Equal, low, i64::from(between_polls - self.group));
            let (poll, following) = (builder.create_block(), builder.create_block());
            builder.ins().brif(is_due, poll, &[], following, &[]);
            builder.seal_block(poll);
            builder.switch_to_block(poll);
            self.poll(builder, following);
            builder.seal_block(following);
            builder.switch_to_block(following);
        }
        match self.linear {
            Some(linear) => {
                self.advance_linear(builder, linear);
                builder.seal_block(self.row);
            }
            None => {
                self.advance(builder, 0, thread.body, self.row_end);
                builder.seal_block(thread.body);
            }
        }
    }

    /// Goes on with the next thread of the block, or leaves.
    fn advance_linear(&self, builder: &mut FunctionBuilder<'_>, linear: Variable) {
        let number = builder.use_var(linear);
        let following = builder.ins().iadd_imm_u(number, i64::from(self.group));
        builder.def_var(linear, following);
        let [x, y, z] = self.thread_index;
        let (width, height) = (
            self.special(builder, SpecialRegister::NtidX),
            self.special(builder, SpecialRegister::NtidY),
        );
        let carry = self.count_up(builder, x, width, None);
        let carry = self.count_up(builder, y, height, Some(carry));
        let level = builder.use_var(z);
        let carry = builder.ins().uextend(types::I32, carry);
        let level = builder.ins().iadd(level, carry);
        builder.def_var(z, level);
        let last = builder.use_var(self.last);
        let more = builder.ins().icmp(IntCC::UnsignedLessThan, following, last);
        builder.ins().brif(more, self.row, &[], self.row_end, &[]);
    }

    /// Adds one, or the carry, to an index that begins anew at its extent; gives the carry.
    fn count_up(
        &self,
        builder: &mut FunctionBuilder<'_>,
        variable: Variable,
        extent: Value,
        carry: Option<Value>,
    ) -> Value {
        let index = builder.use_var(variable);
        let following = match carry {
            Some(carry) => {
                let carry = builder.ins().uextend(types::I32, carry);
                builder.ins().iadd(index, carry)
            }
            None => builder.ins().iadd_imm_u(index, i64::from(self.group)),
        };
        let ends = builder
            .ins()
            .icmp(IntCC::UnsignedGreaterThanOrEqual, following, extent);
        let zero = builder.ins().iconst(types::I32, 0);
        let index = builder.ins().select(ends, zero, following);
        builder.def_var(variable, index);
        ends
    }

    /// Ends the block of threads if the stop word is set.
    fn poll(&self, builder: &mut FunctionBuilder<'_>, following: Block) {
        let stop = self.field(builder, field::STOP);
        let word = builder
            .ins()
            .atomic_load(types::I32, MemFlagsData::trusted(), stop);
        let stopped = builder.create_block();
        builder.set_cold_block(stopped);
        builder.ins().brif(word, stopped, &[], following, &[]);
        builder.seal_block(stopped);
        builder.switch_to_block(stopped);
        leave(builder, Status::Stopped);
    }

    /// What comes after all rows, and where faults go: one call for all of them keeps the register allocator's work small.
    pub(super) fn end(&self, builder: &mut FunctionBuilder<'_>, record_fault: FuncRef) {
        builder.seal_block(self.row_end);
        builder.switch_to_block(self.row_end);
        let following = builder.create_block();
        self.poll(builder, following);
        builder.seal_block(following);
        builder.switch_to_block(following);
        let counted_dimensions: &[usize] = if self.linear.is_some() { &[] } else { &[1, 2] };
        for dimension in counted_dimensions {
            let carry = builder.create_block();
            self.advance(builder, *dimension, self.row, carry);
            builder.seal_block(carry);
            builder.switch_to_block(carry);
        }
        leave(builder, Status::Completed);
        builder.set_cold_block(self.faulted);
        builder.switch_to_block(self.faulted);
        let site = builder.append_block_param(self.faulted, types::I32);
        let offset = builder.append_block_param(self.faulted, types::I64);
        let lane = builder.append_block_param(self.faulted, types::I32);
        let [x, y, z] = self.thread_index.map(|variable| builder.use_var(variable));
        let x = builder.ins().iadd(x, lane);
        let arguments = [self.launch, self.context, site, offset, x, y, z];
        builder.ins().call(record_fault, &arguments);
        leave(builder, Status::Faulted);
    }

    /// Goes on with the next index of a dimension, or sets it back to zero and leaves.
    fn advance(
        &self,
        builder: &mut FunctionBuilder<'_>,
        dimension: usize,
        again: Block,
        leave: Block,
    ) {
        let extents = [
            SpecialRegister::NtidX,
            SpecialRegister::NtidY,
            SpecialRegister::NtidZ,
        ];
        let extent = self.special(builder, extents[dimension]);
        let variable = self.thread_index[dimension];
        let index = builder.use_var(variable);
        let following = builder.ins().iadd_imm_u(index, 1);
        let more = builder
            .ins()
            .icmp(IntCC::UnsignedLessThan, following, extent);
        let last = builder.create_block();
        builder.def_var(variable, following);
        builder.ins().brif(more, again, &[], last, &[]);
        builder.seal_block(last);
        builder.switch_to_block(last);
        let zero = builder.ins().iconst(types::I32, 0);
        builder.def_var(variable, zero);
        builder.ins().jump(leave, &[]);
    }

    /// Records a fault, of a thread that is so far from the first one of those in step, and ends the block of threads.
    pub(super) fn fault(
        &self,
        builder: &mut FunctionBuilder<'_>,
        site: u32,
        offset: Option<Value>,
        lane: Option<Value>,
    ) {
        let site = builder.ins().iconst(types::I32, i64::from(site));
        let offset = offset.unwrap_or_else(|| builder.ins().iconst(types::I64, 0));
        let lane = lane.unwrap_or_else(|| builder.ins().iconst(types::I32, 0));
        let arguments: [BlockArg; 3] = [site.into(), offset.into(), lane.into()];
        builder.ins().jump(self.faulted, &arguments);
    }

    /// A field of the launch record that has 64 bits.
    pub(super) fn field(&self, builder: &mut FunctionBuilder<'_>, offset: i32) -> Value {
        builder
            .ins()
            .load(types::I64, launch_field(), self.launch, offset)
    }
}

/// Ends the block of threads.
pub(super) fn leave(builder: &mut FunctionBuilder<'_>, status: Status) {
    let status = builder.ins().iconst(types::I32, status as i64);
    builder.ins().return_(&[status]);
}

/// The launch record and the block's index never change while a kernel runs, so their loads may be moved out of loops.
pub(super) fn launch_field() -> MemFlagsData {
    MemFlagsData::trusted().with_readonly().with_can_move()
}

/// Ends the block of threads with a status that was computed.
pub(super) fn leave_with(builder: &mut FunctionBuilder<'_>, status: Value) {
    builder.ins().return_(&[status]);
}

/// Memory of the host's own, which changes.
pub(super) fn plain() -> MemFlagsData {
    MemFlagsData::trusted()
}
