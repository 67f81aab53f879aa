//! Special registers (PTX ISA, "Special Registers").

use super::super::launch::field;
use super::super::runtime::Runtime;
use super::threads::{ThreadLoop, launch_field};
use super::translate::Translator;
use crate::ir::SpecialRegister as S;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use cranelift_frontend::FunctionBuilder;

impl ThreadLoop {
    /// The value of a special register that the launch and the thread's index tell.
    pub(super) fn special(&self, builder: &mut FunctionBuilder<'_>, special: S) -> Value {
        match special {
            S::TidX => {
                let first = builder.use_var(self.thread_index[0]);
                self.add_lane(builder, first)
            }
            S::TidY => builder.use_var(self.thread_index[1]),
            S::TidZ => builder.use_var(self.thread_index[2]),
            S::CtaidX | S::ClusterIdX => word(builder, self.context, field::INDEX),
            S::CtaidY | S::ClusterIdY => word(builder, self.context, field::INDEX + 4),
            S::CtaidZ | S::ClusterIdZ => word(builder, self.context, field::INDEX + 8),
            S::NtidX => word(builder, self.launch, field::BLOCK),
            S::NtidY => word(builder, self.launch, field::BLOCK + 4),
            S::NtidZ => word(builder, self.launch, field::BLOCK + 8),
            S::NctaidX | S::NclusterIdX => word(builder, self.launch, field::GRID),
            S::NctaidY | S::NclusterIdY => word(builder, self.launch, field::GRID + 4),
            S::NctaidZ | S::NclusterIdZ => word(builder, self.launch, field::GRID + 8),
            S::DynamicSmemSize => word(builder, self.launch, field::DYNAMIC_SHARED),
            S::TotalSmemSize => word(builder, self.context, field::SHARED_SIZE),
            S::LaneId => {
                let number = self.number(builder);
                builder.ins().band_imm_u(number, 31)
            }
            S::WarpId => {
                let number = self.number(builder);
                builder.ins().ushr_imm_u(number, 5)
            }
            S::NwarpId => {
                let threads = self.count(builder);
                let rounded = builder.ins().iadd_imm_u(threads, 31);
                builder.ins().ushr_imm_u(rounded, 5)
            }
            S::LanemaskEq | S::LanemaskLe | S::LanemaskLt | S::LanemaskGe | S::LanemaskGt => {
                self.lane_mask(builder, special)
            }
            // A cluster is one block, and the device one processor.
            S::ClusterNctaidX
            | S::ClusterNctaidY
            | S::ClusterNctaidZ
            | S::ClusterNctarank
            | S::NsmId => builder.ins().iconst(types::I32, 1),
            S::IsExplicitCluster => builder.ins().iconst(types::I8, 0),
            S::GridId | S::Clock64 | S::GlobalTimer => builder.ins().iconst(types::I64, 0),
            S::SmId
            | S::ClusterCtaidX
            | S::ClusterCtaidY
            | S::ClusterCtaidZ
            | S::ClusterCtarank
            | S::Clock
            | S::ClockHi
            | S::GlobalTimerLo
            | S::GlobalTimerHi => builder.ins().iconst(types::I32, 0),
        }
    }

    /// The thread's number in its block: x fastest (CUDA C++ programming guide, "Thread Hierarchy").
    pub(super) fn number(&self, builder: &mut FunctionBuilder<'_>) -> Value {
        if let Some(number) = self.linear {
            let first = builder.use_var(number);
            return self.add_lane(builder, first);
        }
        let [_, y, z] = self.thread_index.map(|variable| builder.use_var(variable));
        let x = self.special(builder, S::TidX);
        let (width, height) = (
            self.special(builder, S::NtidX),
            self.special(builder, S::NtidY),
        );
        let rows = builder.ins().imul(z, height);
        let row = builder.ins().iadd(rows, y);
        let before = builder.ins().imul(row, width);
        builder.ins().iadd(before, x)
    }

    fn add_lane(&self, builder: &mut FunctionBuilder<'_>, first: Value) -> Value {
        match self.lane.get() {
            0 => first,
            lane => builder.ins().iadd_imm_u(first, i64::from(lane)),
        }
    }

    fn count(&self, builder: &mut FunctionBuilder<'_>) -> Value {
        let [x, y, z] = [S::NtidX, S::NtidY, S::NtidZ].map(|extent| self.special(builder, extent));
        let row = builder.ins().imul(x, y);
        builder.ins().imul(row, z)
    }

    fn lane_mask(&self, builder: &mut FunctionBuilder<'_>, special: S) -> Value {
        let lane = self.special(builder, S::LaneId);
        let one = builder.ins().iconst(types::I32, 1);
        let equal = builder.ins().ishl(one, lane);
        let less = builder.ins().iadd_imm_s(equal, -1);
        match special {
            S::LanemaskLt => less,
            S::LanemaskLe => builder.ins().bor(less, equal),
            S::LanemaskGe => builder.ins().bnot(less),
            S::LanemaskGt => {
                let not_greater = builder.ins().bor(less, equal);
                builder.ins().bnot(not_greater)
            }
            _ => equal,
        }
    }

    /// Finds where the running thread's slots lie.
    pub(super) fn find_slots(&self, builder: &mut FunctionBuilder<'_>) {
        let frames = builder
            .ins()
            .load(types::I64, launch_field(), self.context, field::FRAMES);
        for (size, variable) in [4, 8].into_iter().zip(self.slots) {
            let place = self.of_thread(builder, frames, size);
            builder.def_var(variable, place);
        }
    }

    /// Where the first running thread's slots of this size lie, the first one's start not counted.
    pub(super) fn slots(&self, builder: &mut FunctionBuilder<'_>, size: u32) -> Value {
        builder.use_var(self.slots[usize::from(size > 4)])
    }

    /// The running thread's element of an array.
    pub(super) fn of_thread(
        &self,
        builder: &mut FunctionBuilder<'_>,
        array: Value,
        size: u32,
    ) -> Value {
        let number = self.number(builder);
        let number = builder.ins().uextend(types::I64, number);
        let offset = builder.ins().imul_imm_u(number, i64::from(size));
        builder.ins().iadd(array, offset)
    }

    /// Says where the running thread waits.
    pub(super) fn wait(&self, builder: &mut FunctionBuilder<'_>, place: u32) {
        let waits = builder
            .ins()
            .load(types::I64, launch_field(), self.context, field::WAITS);
        let element = self.of_thread(builder, waits, 4);
        let place = builder.ins().iconst(types::I32, i64::from(place));
        builder
            .ins()
            .store(super::threads::plain(), place, element, 0);
    }

    /// The entry that the running thread shall run.
    pub(super) fn wanted_entry(&self, builder: &mut FunctionBuilder<'_>) -> Value {
        let run = builder
            .ins()
            .load(types::I64, launch_field(), self.context, field::RUN);
        let element = self.of_thread(builder, run, 4);
        builder
            .ins()
            .load(types::I32, super::threads::plain(), element, 0)
    }

    /// Whether the running thread shall run this entry.
    pub(super) fn runs(&self, builder: &mut FunctionBuilder<'_>, entry: u32) -> Value {
        let wanted = self.wanted_entry(builder);
        builder
            .ins()
            .icmp_imm_u(IntCC::Equal, wanted, i64::from(entry))
    }
}

fn word(builder: &mut FunctionBuilder<'_>, base: Value, offset: i32) -> Value {
    builder.ins().load(types::I32, launch_field(), base, offset)
}

impl Translator<'_, '_> {
    /// The value of any special register.
    pub(super) fn special(&mut self, special: S) -> Value {
        let is_clock = matches!(
            special,
            S::Clock
                | S::ClockHi
                | S::Clock64
                | S::GlobalTimer
                | S::GlobalTimerLo
                | S::GlobalTimerHi
        );
        if !is_clock {
            return self.scope.threads.special(self.builder, special);
        }
        let now = self.call_runtime(Runtime::Clock, &[]);
        match special {
            S::Clock | S::GlobalTimerLo => self.builder.ins().ireduce(types::I32, now),
            S::ClockHi | S::GlobalTimerHi => {
                let high = self.builder.ins().ushr_imm_u(now, 32);
                self.builder.ins().ireduce(types::I32, high)
            }
            _ => now,
        }
    }
}
