//! One segment of a kernel that was cut: a function that runs some threads from one place where they waited to the next.

use super::super::launch::field;
use super::super::runtime::Runtime;
use super::super::suspension::{Segmented, Slot};
use super::threads::{ThreadLoop, launch_field};
use super::translate::{Scope, Translator, register_type};
use super::{Externals, Untranslatable, check_operations};
use crate::analysis::order::Region;
use crate::ir::{self, BlockId, Instruction, Operand, Register};
use cranelift_codegen::ir::{FuncRef, Function, InstBuilder, MemFlagsData, Value, types};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

/// A segment while it is translated.
#[derive(Clone, Copy)]
pub(super) struct Segment<'a> {
    pub(super) cut: &'a Segmented,
    /// Its number: 0 begins the kernel, the others go on behind the suspension before.
    entry: usize,
    pub(super) region: Region<'a>,
}

/// Fills a function with one segment of a kernel.
pub(in super::super) fn translate_segment(
    cut: &Segmented,
    entry: usize,
    target: TargetFrontendConfig,
    function: &mut Function,
    frontend: &mut FunctionBuilderContext,
    externals: &Externals<FuncRef>,
    most_operations: usize,
) -> Result<(), Untranslatable> {
    let start = match entry.checked_sub(1) {
        Some(before) => cut.suspensions[before].resume,
        None => BlockId(0),
    };
    let region = Region {
        start,
        ends: Some(&cut.ends),
    };
    let mut builder = FunctionBuilder::new(function, frontend);
    let (threads, thread) = ThreadLoop::begin_segment(&mut builder, entry as u32);
    let scope = Scope {
        threads: &threads,
        thread: &thread,
        externals,
        rows: &[],
        first_site: 0,
        segment: Some(Segment { cut, entry, region }),
        most_operations,
    };
    Translator::new(&cut.function, &mut builder, scope).run()?;
    threads.end(&mut builder, externals.get(Runtime::RecordFault));
    builder.seal_all_blocks();
    check_operations(&builder, &cut.function, most_operations)?;
    builder.finalize(target);
    Ok(())
}

impl Translator<'_, '_> {
    /// Takes from the thread's frame what it kept and what the operation gave it.
    pub(super) fn resume(&mut self) {
        let Some(Segment { cut, entry, .. }) = self.scope.segment else {
            return;
        };
        let Some(suspension) = entry.checked_sub(1).map(|before| &cut.suspensions[before]) else {
            return self.zero_local();
        };
        for register in &suspension.kept {
            if let Some(slot) = cut.frames.slot(*register) {
                let value = self.load_slot(slot, *register);
                self.builder
                    .def_var(self.registers[register.index()], value);
            }
        }
        for (index, operand) in suspension.operation.destinations.iter().enumerate() {
            if let Operand::Register(register) = operand {
                let value = self.load_slot(cut.frames.result(index), *register);
                self.builder
                    .def_var(self.registers[register.index()], value);
            }
        }
    }

    /// Leaves in the thread's frame what it keeps and what the operation at the end of the block wants.
    pub(super) fn suspend(&mut self, instruction: &Instruction, resume: BlockId) {
        let Some(Segment { cut, .. }) = self.scope.segment else {
            return;
        };
        let place = cut
            .suspensions
            .iter()
            .position(|suspension| suspension.resume == resume);
        let Some(place) = place else { return };
        let suspension = &cut.suspensions[place];
        for (index, (operand, ty)) in suspension.operation.sources.iter().enumerate() {
            let value = match (operand, ty) {
                (Operand::Address(address), _) => self.space_offset(address),
                (operand, Some(ty)) => {
                    let value = self.value(operand, *ty);
                    let value = self.as_integer(value);
                    self.extend(value, types::I64, false)
                }
                (_, None) => continue,
            };
            let address = self.slot_address(cut.frames.argument(index));
            self.store_slot(address, value);
        }
        debug_assert_eq!(instruction.effect(), ir::Effect::Collective);
        for register in &suspension.kept {
            if let Some(slot) = cut.frames.slot(*register) {
                let value = self.register(*register);
                let address = self.slot_address(slot);
                self.store_slot(address, value);
            }
        }
        self.scope.threads.wait(self.builder, place as u32);
        self.builder.ins().jump(self.scope.thread.next, &[]);
    }

    fn load_slot(&mut self, slot: Slot, register: Register) -> Value {
        let ty = register_type(self.kernel.registers[register.index()]);
        let (base, offset) = self.slot_address(slot);
        self.builder
            .ins()
            .load(ty, MemFlagsData::trusted(), base, offset)
    }

    fn store_slot(&mut self, (base, offset): (Value, i32), value: Value) {
        self.builder
            .ins()
            .store(MemFlagsData::trusted(), value, base, offset);
    }

    /// Where a slot of the running thread is.
    fn slot_address(&mut self, slot: Slot) -> (Value, i32) {
        let frames = self.scope.threads.frames(self.builder, slot.size);
        (frames, slot.start as i32)
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
