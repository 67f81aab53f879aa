//! The loop over the threads of a block.

use super::super::launch::field;
use super::translate::{Status, Translator};
use crate::ir::SpecialRegister;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Value, types};
use cranelift_frontend::{FunctionBuilder, Variable};

/// The loop, and the values that its threads share.
pub(super) struct ThreadLoop {
    /// The launch record.
    pub(super) launch: Value,
    /// Where the index of the block in the grid is.
    pub(super) block_index: Value,
    /// Index of the thread in its block.
    pub(super) thread_index: [Variable; 3],
    /// Where a thread begins.
    body: Block,
    /// Where a thread goes when it ends.
    pub(super) next: Block,
}

impl ThreadLoop {
    pub(super) fn new(builder: &mut FunctionBuilder<'_>) -> Self {
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        let parameters: Vec<Value> = builder.block_params(entry).to_vec();
        Self {
            launch: parameters[0],
            block_index: parameters[1],
            thread_index: [(); 3].map(|()| builder.declare_var(types::I32)),
            body: builder.create_block(),
            next: builder.create_block(),
        }
    }
}

impl Translator<'_> {
    /// Leaves the builder where the first thread begins.
    pub(super) fn begin_threads(&mut self) {
        let zero = self.builder.ins().iconst(types::I32, 0);
        for variable in self.threads.thread_index {
            self.builder.def_var(variable, zero);
        }
        let body = self.threads.body;
        self.builder.ins().jump(body, &[]);
        self.builder.switch_to_block(body);
    }

    /// Goes to the next thread, x fastest, or returns after the last.
    pub(super) fn end_threads(&mut self) {
        let next = self.threads.next;
        self.builder.switch_to_block(next);
        let extents = [
            SpecialRegister::NtidX,
            SpecialRegister::NtidY,
            SpecialRegister::NtidZ,
        ];
        for (variable, extent) in self.threads.thread_index.into_iter().zip(extents) {
            let extent = self.special(extent);
            let index = self.builder.use_var(variable);
            let following = self.builder.ins().iadd_imm_u(index, 1);
            self.builder.def_var(variable, following);
            let more = self
                .builder
                .ins()
                .icmp(IntCC::UnsignedLessThan, following, extent);
            let carry = self.builder.create_block();
            self.builder
                .ins()
                .brif(more, self.threads.body, &[], carry, &[]);
            self.builder.switch_to_block(carry);
            let zero = self.builder.ins().iconst(types::I32, 0);
            self.builder.def_var(variable, zero);
        }
        self.leave(Status::Completed);
    }

    /// A special register's value.
    pub(super) fn special(&mut self, special: SpecialRegister) -> Value {
        use SpecialRegister as S;
        match special {
            S::TidX => self.builder.use_var(self.threads.thread_index[0]),
            S::TidY => self.builder.use_var(self.threads.thread_index[1]),
            S::TidZ => self.builder.use_var(self.threads.thread_index[2]),
            S::CtaidX => self.block_index(0),
            S::CtaidY => self.block_index(4),
            S::CtaidZ => self.block_index(8),
            S::NtidX => self.extent(field::BLOCK),
            S::NtidY => self.extent(field::BLOCK + 4),
            S::NtidZ => self.extent(field::BLOCK + 8),
            S::NctaidX => self.extent(field::GRID),
            S::NctaidY => self.extent(field::GRID + 4),
            S::NctaidZ => self.extent(field::GRID + 8),
            S::LaneId => self.lane(),
        }
    }

    fn block_index(&mut self, offset: i32) -> Value {
        let place = self.threads.block_index;
        self.builder
            .ins()
            .load(types::I32, launch_field(), place, offset)
    }

    fn extent(&mut self, offset: i32) -> Value {
        self.builder
            .ins()
            .load(types::I32, launch_field(), self.threads.launch, offset)
    }

    /// Threads are numbered x fastest; 32 in a row are a warp (CUDA C++ programming guide, "Hardware Multithreading").
    fn lane(&mut self) -> Value {
        let [x, y, z] = self
            .threads
            .thread_index
            .map(|variable| self.builder.use_var(variable));
        let (width, height) = (
            self.special(SpecialRegister::NtidX),
            self.special(SpecialRegister::NtidY),
        );
        let rows = self.builder.ins().imul(z, height);
        let row = self.builder.ins().iadd(rows, y);
        let before = self.builder.ins().imul(row, width);
        let number = self.builder.ins().iadd(before, x);
        self.builder.ins().band_imm_u(number, 31)
    }
}

/// The launch record and the block's index never change while a kernel runs, so their loads may be moved out of loops.
pub(super) fn launch_field() -> MemFlagsData {
    MemFlagsData::trusted().with_readonly().with_can_move()
}
