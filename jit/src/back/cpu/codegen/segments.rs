//! One segment of a kernel that was cut: a function that runs some threads from one place where they waited to the next.

use super::super::launch::field;
use super::super::runtime::Runtime;
use super::super::suspension::{EntryPoint, Segmented, Slot};
use super::threads::{ThreadLoop, launch_field, plain};
use super::translate::{Scope, Translator, register_type};
use super::{Externals, Untranslatable, check_operations};
use crate::analysis::order::Region;
use crate::ir::{self, BlockId, Operand, Register, Type};
use cranelift_codegen::ir::{FuncRef, Function, InstBuilder, MemFlagsData, Value, types};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Switch};

/// Which threads a segment's function runs, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Way {
    /// Those that go on at this entry, one after the other.
    Alone(usize),
    /// Those that go on at this entry, in groups that run in step. Groups that part are run by the function for any entry.
    InStep(usize),
    /// Each from its own entry.
    Any,
}

/// A segment while it is translated.
#[derive(Clone, Copy)]
pub(super) struct Segment<'a> {
    pub(super) cut: &'a Segmented,
    pub(super) way: Way,
    pub(super) region: Region<'a>,
    /// The function that runs each thread from its own entry.
    pub(super) any: Option<FuncRef>,
}

/// What a function is translated into.
pub(in super::super) struct Destination<'a> {
    pub(in super::super) target: TargetFrontendConfig,
    pub(in super::super) function: &'a mut Function,
    pub(in super::super) frontend: &'a mut FunctionBuilderContext,
    pub(in super::super) externals: &'a Externals<FuncRef>,
    /// The function that runs each thread from its own entry, if there is one.
    pub(in super::super) any: Option<FuncRef>,
    /// How many operations it may have.
    pub(in super::super) most_operations: usize,
}

/// Fills a function with one segment of a kernel.
pub(in super::super) fn translate_segment(
    cut: &Segmented,
    way: Way,
    destination: Destination<'_>,
) -> Result<(), Untranslatable> {
    let starts: Vec<BlockId> = match way {
        Way::Alone(entry) | Way::InStep(entry) => vec![cut.entry(entry).start],
        Way::Any => (0..cut.entries())
            .map(|entry| cut.entry(entry).start)
            .collect(),
    };
    let ends = match (way, &cut.in_step) {
        (Way::InStep(_), Some(in_step)) => &in_step.ends,
        _ => &cut.ends,
    };
    let region = Region {
        starts: &starts,
        ends: Some(ends),
    };
    let Destination {
        externals,
        most_operations,
        ..
    } = destination;
    let mut builder = FunctionBuilder::new(destination.function, destination.frontend);
    let (threads, thread) = match way {
        Way::Alone(entry) => ThreadLoop::begin_segment(&mut builder, Some(entry as u32)),
        Way::Any => ThreadLoop::begin_segment(&mut builder, None),
        Way::InStep(entry) => {
            ThreadLoop::begin_in_step(&mut builder, cut, entry as u32, destination.any)
        }
    };
    let scope = Scope {
        threads: &threads,
        thread: &thread,
        externals,
        rows: &[],
        first_site: 0,
        segment: Some(Segment {
            cut,
            way,
            region,
            any: destination.any,
        }),
        most_operations,
    };
    let mut translator = Translator::new(&cut.function, &mut builder, scope);
    if let (Way::InStep(_), Some(in_step)) = (way, &cut.in_step) {
        translator.hold_in_step(in_step);
    }
    translator.run()?;
    threads.end(&mut builder, externals.get(Runtime::RecordFault));
    builder.seal_all_blocks();
    check_operations(&builder, &cut.function, most_operations)?;
    builder.finalize(destination.target);
    Ok(())
}

impl Translator<'_, '_> {
    /// Goes to where a thread goes on, with what it kept.
    pub(super) fn enter(&mut self, segment: &Segment<'_>) {
        self.scope.threads.find_slots(self.builder);
        match segment.way {
            Way::Alone(entry) => self.restore_and_go(segment.cut.entry(entry)),
            Way::InStep(entry) => {
                let point = segment.cut.entry(entry);
                let start = self.block(point.start);
                self.restore_in_step(&point);
                self.builder.ins().jump(start, &[]);
            }
            Way::Any => self.dispatch(segment.cut),
        }
    }

    /// What threads kept where they waited last and nothing writes since need not be kept again.
    pub(super) fn find_what_stays_in_frames(&mut self, order: &[BlockId]) {
        let Some(Segment { cut, way, .. }) = self.scope.segment else {
            return;
        };
        let (Way::Alone(entry) | Way::InStep(entry)) = way else {
            return;
        };
        for register in cut.entry(entry).kept {
            self.in_frame[register.index()] = cut.frames.slot(*register).is_some();
        }
        for block in order {
            for instruction in &self.kernel.blocks[block.index()].instructions {
                for register in instruction.destinations() {
                    self.in_frame[register.index()] = false;
                }
            }
        }
    }

    fn restore_and_go(&mut self, point: EntryPoint<'_>) {
        let start = self.block(point.start);
        self.restore(&point);
        self.builder.ins().jump(start, &[]);
    }

    /// To the entry that the thread shall run, if it shall run at all.
    fn dispatch(&mut self, cut: &Segmented) {
        let entry = self.scope.threads.wanted_entry(self.builder);
        let mut switch = Switch::new();
        let blocks: Vec<_> = (0..cut.entries())
            .map(|_| self.builder.create_block())
            .collect();
        for (number, block) in blocks.iter().enumerate() {
            switch.set_entry(number as u128, *block);
        }
        switch.emit(self.builder, entry, self.scope.thread.next);
        for (number, block) in blocks.into_iter().enumerate() {
            self.builder.seal_block(block);
            self.builder.switch_to_block(block);
            self.restore_and_go(cut.entry(number));
        }
    }

    /// Takes from the thread's frame what it kept and what the operation gave it.
    pub(super) fn restore(&mut self, point: &EntryPoint<'_>) {
        let Some(Segment { cut, .. }) = self.scope.segment else {
            return;
        };
        if point.start == BlockId(0) && point.operation.is_none() {
            self.zero_local();
        }
        for register in point.kept {
            if let Some(slot) = cut.frames.slot(*register) {
                let value = self.load_slot(slot, *register);
                self.define(*register, value);
            }
        }
        self.take_results(point);
    }

    /// Takes what the operation gave the thread.
    pub(super) fn take_results(&mut self, point: &EntryPoint<'_>) {
        let (Some(Segment { cut, .. }), Some(operation)) = (self.scope.segment, point.operation)
        else {
            return;
        };
        for (index, (operand, _)) in operation.destinations.iter().enumerate() {
            if let Operand::Register(register) = operand {
                let slot = cut.frames.result(index, operation.result_size(index));
                let value = self.load_slot(slot, *register);
                self.define(*register, value);
            }
        }
    }

    /// Leaves in the thread's frame what it keeps and what the operation at the end of the block wants.
    pub(super) fn suspend(&mut self, resume: BlockId) {
        let Some(Segment { cut, .. }) = self.scope.segment else {
            return;
        };
        let Some(place) = cut.place(resume) else {
            return;
        };
        self.leave_arguments(place);
        for register in &cut.suspensions[place].kept {
            self.keep(*register);
        }
        self.scope.threads.wait(self.builder, place as u32);
        self.builder.ins().jump(self.scope.thread.next, &[]);
    }

    /// Leaves what the operation at a place wants.
    pub(super) fn leave_arguments(&mut self, place: usize) {
        let Some(Segment { cut, .. }) = self.scope.segment else {
            return;
        };
        for index in 0..cut.suspensions[place].operation.arguments() {
            self.leave_argument(place, index);
        }
    }

    /// Leaves one value of what the operation at a place wants.
    pub(super) fn leave_argument(&mut self, place: usize, index: usize) {
        let Some(Segment { cut, .. }) = self.scope.segment else {
            return;
        };
        let operation = &cut.suspensions[place].operation;
        let size = operation.argument_size(index);
        let value = match &operation.sources[index] {
            (Operand::Address(address), _) if operation.in_window => self.window_offset(address),
            (Operand::Address(address), _) => self.space_offset(address),
            (operand, Some(ty)) => {
                let value = self.value(operand, *ty);
                let value = self.as_integer(value);
                let wide = if size == 4 { types::I32 } else { types::I64 };
                self.extend(value, wide, false)
            }
            (_, None) => return,
        };
        let address = self.slot_address(cut.frames.argument(index, size));
        self.store_slot(address, value);
    }

    /// Leaves a register's value in the thread's frame.
    pub(super) fn keep(&mut self, register: Register) {
        let Some(Segment { cut, .. }) = self.scope.segment else {
            return;
        };
        if self.in_frame[register.index()] {
            return;
        }
        let Some(slot) = cut.frames.slot(register) else {
            return;
        };
        let mut value = self.register(register);
        if self.kernel.registers[register.index()] == Type::Pred {
            // Threads that run in step read it in 32 bits.
            value = self.builder.ins().uextend(types::I32, value);
        }
        let address = self.slot_address(slot);
        self.store_slot(address, value);
    }

    fn load_slot(&mut self, slot: Slot, register: Register) -> Value {
        let ty = register_type(self.kernel.registers[register.index()]);
        let (base, offset) = self.slot_address(slot);
        self.builder
            .ins()
            .load(ty, MemFlagsData::trusted(), base, offset)
    }

    fn store_slot(&mut self, (base, offset): (Value, i32), value: Value) {
        self.builder.ins().store(plain(), value, base, offset);
    }

    /// Where a slot of the running thread is.
    pub(super) fn slot_address(&mut self, slot: Slot) -> (Value, i32) {
        let threads = self.scope.threads;
        let slots = threads.slots(self.builder, slot.size);
        (slots, (slot.start + threads.lane.get() * slot.size) as i32)
    }

    /// Local memory that was never written reads as zero.
    pub(super) fn zero_local(&mut self) {
        let bytes = self.kernel.variable_bytes(ir::Space::Local);
        if bytes == 0 {
            return;
        }
        let place = self.local_base();
        let size = self.builder.ins().iconst(types::I64, bytes as i64);
        let zero = self.scope.externals.get(Runtime::Zero);
        self.builder.ins().call(zero, &[place, size]);
    }

    /// Where the running thread's local memory begins.
    pub(super) fn local_base(&mut self) -> Value {
        let threads = self.scope.threads;
        let base =
            self.builder
                .ins()
                .load(types::I64, launch_field(), threads.context, field::LOCAL);
        if self.scope.segment.is_none() {
            return base;
        }
        let stride =
            super::super::arena::local_stride(self.kernel.variable_bytes(ir::Space::Local));
        let thread = threads.number(self.builder);
        let thread = self.builder.ins().uextend(types::I64, thread);
        let offset = self.builder.ins().imul_imm_u(thread, stride as i64);
        self.builder.ins().iadd(base, offset)
    }
}
