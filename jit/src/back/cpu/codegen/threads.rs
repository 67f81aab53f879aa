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

/// Threads of a row at most; the stop word is looked at after each row.
const LONGEST_ROW: u32 = MAX_THREADS_PER_BLOCK;

/// The loop, and the values that its threads share.
pub(super) struct ThreadLoop {
    /// The launch record.
    pub(super) launch: Value,
    /// Where the index of the block in the grid is.
    block_index: Value,
    /// Index of the thread in its block.
    thread_index: [Variable; 3],
    /// Where a row begins.
    row: Block,
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
            block_index: parameters[1],
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
        builder.switch_to_block(thread.next);
        if between_polls < LONGEST_ROW {
            let index = builder.use_var(self.thread_index[0]);
            let low = builder
                .ins()
                .band_imm_u(index, i64::from(between_polls) - 1);
            let is_due = builder
                .ins()
                .icmp_imm_u(IntCC::Equal, low, i64::from(between_polls) - 1);
            let (poll, following) = (builder.create_block(), builder.create_block());
            builder.ins().brif(is_due, poll, &[], following, &[]);
            builder.switch_to_block(poll);
            self.poll(builder, following);
            builder.switch_to_block(following);
        }
        self.advance(builder, 0, thread.body, self.row_end);
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
        builder.switch_to_block(stopped);
        leave(builder, Status::Stopped);
    }

    /// What comes after all rows, and where faults go: one call for all of them keeps the register allocator's work small.
    pub(super) fn end(&self, builder: &mut FunctionBuilder<'_>, record_fault: FuncRef) {
        builder.switch_to_block(self.row_end);
        let following = builder.create_block();
        self.poll(builder, following);
        builder.switch_to_block(following);
        for dimension in [1, 2] {
            let carry = builder.create_block();
            self.advance(builder, dimension, self.row, carry);
            builder.switch_to_block(carry);
        }
        leave(builder, Status::Completed);
        builder.set_cold_block(self.faulted);
        builder.switch_to_block(self.faulted);
        let site = builder.append_block_param(self.faulted, types::I32);
        let offset = builder.append_block_param(self.faulted, types::I64);
        let [x, y, z] = self.thread_index.map(|variable| builder.use_var(variable));
        let arguments = [self.launch, self.block_index, site, offset, x, y, z];
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
        builder.switch_to_block(last);
        let zero = builder.ins().iconst(types::I32, 0);
        builder.def_var(variable, zero);
        builder.ins().jump(leave, &[]);
    }

    /// Records a fault and ends the block of threads.
    pub(super) fn fault(
        &self,
        builder: &mut FunctionBuilder<'_>,
        site: u32,
        offset: Option<Value>,
    ) {
        let site = builder.ins().iconst(types::I32, i64::from(site));
        let offset = offset.unwrap_or_else(|| builder.ins().iconst(types::I64, 0));
        let arguments: [BlockArg; 2] = [site.into(), offset.into()];
        builder.ins().jump(self.faulted, &arguments);
    }

    /// A special register's value.
    pub(super) fn special(
        &self,
        builder: &mut FunctionBuilder<'_>,
        special: SpecialRegister,
    ) -> Value {
        use SpecialRegister as S;
        match special {
            S::TidX => builder.use_var(self.thread_index[0]),
            S::TidY => builder.use_var(self.thread_index[1]),
            S::TidZ => builder.use_var(self.thread_index[2]),
            S::CtaidX => word(builder, self.block_index, 0),
            S::CtaidY => word(builder, self.block_index, 4),
            S::CtaidZ => word(builder, self.block_index, 8),
            S::NtidX => word(builder, self.launch, field::BLOCK),
            S::NtidY => word(builder, self.launch, field::BLOCK + 4),
            S::NtidZ => word(builder, self.launch, field::BLOCK + 8),
            S::NctaidX => word(builder, self.launch, field::GRID),
            S::NctaidY => word(builder, self.launch, field::GRID + 4),
            S::NctaidZ => word(builder, self.launch, field::GRID + 8),
            S::LaneId => self.lane(builder),
        }
    }

    /// Threads are numbered x fastest; 32 in a row are a warp (CUDA C++ programming guide, "Hardware Multithreading").
    fn lane(&self, builder: &mut FunctionBuilder<'_>) -> Value {
        let [x, y, z] = self.thread_index.map(|variable| builder.use_var(variable));
        let (width, height) = (
            self.special(builder, SpecialRegister::NtidX),
            self.special(builder, SpecialRegister::NtidY),
        );
        let rows = builder.ins().imul(z, height);
        let row = builder.ins().iadd(rows, y);
        let before = builder.ins().imul(row, width);
        let number = builder.ins().iadd(before, x);
        builder.ins().band_imm_u(number, 31)
    }

    /// A field of the launch record that has 64 bits.
    pub(super) fn field(&self, builder: &mut FunctionBuilder<'_>, offset: i32) -> Value {
        builder
            .ins()
            .load(types::I64, launch_field(), self.launch, offset)
    }
}

fn word(builder: &mut FunctionBuilder<'_>, base: Value, offset: i32) -> Value {
    builder.ins().load(types::I32, launch_field(), base, offset)
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
