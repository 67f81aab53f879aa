//! Threads that run in step: a group of neighbours of a row takes the same way through the kernel, and where all of its threads do the
//! same, one vector operation does it for four of them.
//!
//! A register whose value is the same in a group's threads, or steps evenly, is held once, as the first thread's. Others of 32 bits are held
//! four to a vector, predicates as masks; the rest one by one. An instruction for which there is no vector form is done for one
//! thread after the other, by the code that runs threads alone. Where the threads of a group take different ways they
//! part: each is run to its next wait, or its end, alone.

mod again;
mod compute;
mod guard;
mod memory;
mod order;
mod part;
mod shuffle;

use super::super::suspension::{EntryPoint, InStep, Slot};
use super::Untranslatable;
use super::cells::Cells;
use super::threads::plain;
use super::translate::{Translator, register_type};
use crate::analysis::Lanes;
use crate::ir::{Instruction, Opcode, Operand, Register, Type};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{self, InstBuilder, MemFlagsData, StackSlot, Value, types};
use smallvec::SmallVec;

/// Lanes of a vector.
pub(super) const WIDTH: u32 = 4;

/// How the threads that run in step hold their registers.
pub(super) struct Group<'a> {
    pub(super) size: u32,
    lanes: &'a [Lanes],
    /// What an instruction has written for the thread that it is done for now.
    pub(super) written: Vec<(Register, Value)>,
    /// Where guards lay out what each thread says, by the bytes of it.
    laid_out: SmallVec<[(u32, StackSlot); 2]>,
}

/// How a register's values are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// As the first thread's value.
    Once,
    /// In vectors.
    Packed,
    /// One by one.
    Singly,
}

impl<'a> Translator<'a, '_> {
    /// Makes registers for groups of threads.
    pub(super) fn hold_in_step(&mut self, in_step: &'a InStep) {
        let kernel = self.kernel;
        let cut = self.scope.segment.map(|segment| segment.cut);
        self.cells = Cells::new(kernel, cut, self.builder, |register| {
            let ty = kernel.registers[register.index()];
            match held(in_step.lanes[register.index()], ty) {
                Held::Once => (1, register_type(ty)),
                Held::Packed => (in_step.group / WIDTH, vector_type(ty)),
                Held::Singly => (in_step.group, register_type(ty)),
            }
        });
        self.group = Some(Group {
            size: in_step.group,
            lanes: &in_step.lanes,
            written: Vec::new(),
            laid_out: SmallVec::new(),
        });
    }

    pub(super) fn group_size(&self) -> u32 {
        self.group.as_ref().map_or(1, |group| group.size)
    }

    fn lanes_of(&self, register: Register) -> Lanes {
        let group = self.group.as_ref();
        group.map_or(Lanes::Uniform, |group| group.lanes[register.index()])
    }

    fn held(&self, register: Register) -> Held {
        held(
            self.lanes_of(register),
            self.kernel.registers[register.index()],
        )
    }

    /// A register's value in the thread that is meant now.
    pub(super) fn register_of_lane(&mut self, register: Register) -> Value {
        let lane = self.scope.threads.lane.get();
        match self.held(register) {
            Held::Once => {
                let first = self.cell(register, 0);
                match self.lanes_of(register) {
                    Lanes::Even(step) if lane > 0 => {
                        let ty = self.kernel.registers[register.index()];
                        let distance = step.wrapping_mul(i64::from(lane));
                        let distance = self.constant(distance as u64, ty);
                        self.builder.ins().iadd(first, distance)
                    }
                    _ => first,
                }
            }
            Held::Packed => {
                let vector = self.cell(register, (lane / WIDTH) as usize);
                let value = self.builder.ins().extractlane(vector, (lane % WIDTH) as u8);
                if self.kernel.registers[register.index()] == Type::Pred {
                    return self.builder.ins().icmp_imm_u(IntCC::NotEqual, value, 0);
                }
                value
            }
            Held::Singly => self.cell(register, lane as usize),
        }
    }

    /// An instruction, for all threads of the group.
    pub(super) fn instruction_in_step(
        &mut self,
        instruction: &Instruction,
    ) -> Result<(), Untranslatable> {
        if self.is_done_once(instruction) {
            self.instruction(instruction)?;
            self.settle_once();
            return Ok(());
        }
        if self.compute_packed(instruction) || self.access_packed(instruction) {
            return Ok(());
        }
        self.for_each_thread(|translator| translator.instruction(instruction))
    }

    /// Whether what an instruction does for the first thread is what it does for all.
    fn is_done_once(&self, instruction: &Instruction) -> bool {
        let mut writes = false;
        for register in instruction.destinations() {
            writes = true;
            if self.held(register) != Held::Once {
                return false;
            }
        }
        let has_no_effect = !instruction.is_access() || instruction.opcode() == Opcode::LdSandbox;
        writes || has_no_effect
    }

    /// Does something for one thread after the other; each sees the registers as they were before.
    pub(super) fn for_each_thread(
        &mut self,
        mut body: impl FnMut(&mut Self) -> Result<(), Untranslatable>,
    ) -> Result<(), Untranslatable> {
        let size = self.group_size();
        let mut written: Vec<Vec<(Register, Value)>> = Vec::new();
        for lane in 0..size {
            self.scope.threads.lane.set(lane);
            body(self)?;
            if let Some(group) = &mut self.group {
                written.push(std::mem::take(&mut group.written));
            }
        }
        self.scope.threads.lane.set(0);
        self.settle(&written);
        Ok(())
    }

    /// Gives registers that hold one value for all threads what was computed for the first.
    fn settle_once(&mut self) {
        let written = self
            .group
            .as_mut()
            .map(|group| std::mem::take(&mut group.written));
        for (register, value) in written.unwrap_or_default() {
            self.set_cell(register, 0, value);
        }
    }

    /// Gives registers what was computed for each thread: all have written the same ones in the same order.
    fn settle(&mut self, written: &[Vec<(Register, Value)>]) {
        let Some(first) = written.first() else { return };
        for (place, (register, value)) in first.iter().enumerate() {
            match self.held(*register) {
                Held::Once => self.set_cell(*register, 0, *value),
                Held::Singly => {
                    for (lane, written) in written.iter().enumerate() {
                        self.set_cell(*register, lane, written[place].1);
                    }
                }
                Held::Packed => {
                    let values: Vec<Value> =
                        written.iter().map(|written| written[place].1).collect();
                    let is_predicate = self.kernel.registers[register.index()] == Type::Pred;
                    for (part, values) in values.chunks(WIDTH as usize).enumerate() {
                        let vector = self.pack_values(values, is_predicate);
                        self.set_cell(*register, part, vector);
                    }
                }
            }
        }
    }

    /// Four values in one vector; predicates become a mask.
    fn pack_lanes(&mut self, values: &[Value]) -> Value {
        let ty = self.builder.func.dfg.value_type(values[0]);
        let mut vector = self
            .builder
            .ins()
            .splat(ty.by(WIDTH).unwrap_or(types::I32X4), values[0]);
        for (lane, value) in values.iter().enumerate().skip(1) {
            if *value != values[0] {
                vector = self.builder.ins().insertlane(vector, *value, lane as u8);
            }
        }
        vector
    }

    fn pack_values(&mut self, values: &[Value], are_predicates: bool) -> Value {
        if !are_predicates {
            return self.pack_lanes(values);
        }
        let masks: Vec<Value> = values
            .iter()
            .map(|value| {
                let wide = self.builder.ins().uextend(types::I32, *value);
                self.builder.ins().ineg(wide)
            })
            .collect();
        self.pack_lanes(&masks)
    }

    /// Takes from the threads' frames what they kept, and what an operation gave them.
    pub(super) fn restore_in_step(&mut self, point: &EntryPoint<'_>) {
        let Some(cut) = self.scope.segment.map(|segment| segment.cut) else {
            return;
        };
        for register in point.kept {
            if let Some(slot) = cut.frames.slot(*register) {
                self.restore_register(*register, slot);
            }
        }
        let Some(operation) = point.operation else {
            return;
        };
        let mut others = Vec::new();
        for (index, (operand, _)) in operation.destinations.iter().enumerate() {
            let Operand::Register(register) = operand else {
                continue;
            };
            let slot = cut.frames.result(index, operation.result_size(index));
            if slot.size == 4 && self.held(*register) == Held::Packed {
                self.restore_register(*register, slot);
            } else {
                others.push(*register);
            }
        }
        if !others.is_empty() {
            let taken = self.for_each_thread(|translator| {
                translator.take_results(point);
                Ok(())
            });
            debug_assert!(taken.is_ok());
        }
    }

    fn restore_register(&mut self, register: Register, slot: Slot) {
        let ty = self.kernel.registers[register.index()];
        let (base, offset) = self.slot_address(slot);
        match self.held(register) {
            Held::Once => {
                let value = self
                    .builder
                    .ins()
                    .load(register_type(ty), plain(), base, offset);
                self.set_cell(register, 0, value);
            }
            Held::Packed => {
                for part in 0..self.group_size() / WIDTH {
                    let place = offset + (part * WIDTH * slot.size) as i32;
                    let mut vector = self
                        .builder
                        .ins()
                        .load(vector_type(ty), plain(), base, place);
                    if ty == Type::Pred {
                        vector = self.mask_of(vector);
                    }
                    self.set_cell(register, part as usize, vector);
                }
            }
            Held::Singly => {
                for lane in 0..self.group_size() {
                    let place = offset + (lane * slot.size) as i32;
                    let value = self
                        .builder
                        .ins()
                        .load(register_type(ty), plain(), base, place);
                    self.set_cell(register, lane as usize, value);
                }
            }
        }
    }

    /// All bits where a lane is not zero.
    fn mask_of(&mut self, vector: Value) -> Value {
        let zero = self.builder.ins().iconst(types::I32, 0);
        let zero = self.builder.ins().splat(types::I32X4, zero);
        self.builder.ins().icmp(IntCC::NotEqual, vector, zero)
    }

    /// Leaves a register's values in the threads' frames.
    pub(super) fn keep_in_step(&mut self, register: Register) {
        let Some(cut) = self.scope.segment.map(|segment| segment.cut) else {
            return;
        };
        let Some(slot) = cut.frames.slot(register) else {
            return;
        };
        if self.in_frame[register.index()] {
            return;
        }
        let ty = self.kernel.registers[register.index()];
        let packs = slot.size == 4 && ty.bits() == 32 || ty == Type::Pred;
        if !packs {
            let kept = self.for_each_thread(|translator| {
                translator.keep(register);
                Ok(())
            });
            debug_assert!(kept.is_ok());
            return;
        }
        for part in 0..self.group_size() / WIDTH {
            let vector = self.packed(register, part);
            self.store_packed_slot(slot, ty, part, vector);
        }
    }

    /// Leaves four threads' values in their frames; of a mask a 1 where it is set.
    fn store_packed_slot(&mut self, slot: Slot, ty: Type, part: u32, vector: Value) {
        let mut vector = vector;
        if ty == Type::Pred {
            let one = self.builder.ins().iconst(types::I32, 1);
            let one = self.builder.ins().splat(types::I32X4, one);
            vector = self.builder.ins().band(vector, one);
        }
        let (base, offset) = self.slot_address(slot);
        let place = offset + (part * WIDTH * slot.size) as i32;
        self.builder.ins().store(plain(), vector, base, place);
    }

    /// Four threads' values of a register of 32 bits, or their mask.
    fn packed(&mut self, register: Register, part: u32) -> Value {
        let ty = self.kernel.registers[register.index()];
        match self.held(register) {
            Held::Packed => self.cell(register, part as usize),
            _ => {
                let first = self.cell(register, 0);
                self.spread(first, self.lanes_of(register), ty, part)
            }
        }
    }

    /// What the first thread's value says of four threads.
    fn spread(&mut self, first: Value, lanes: Lanes, ty: Type, part: u32) -> Value {
        if ty == Type::Pred {
            let wide = self.builder.ins().uextend(types::I32, first);
            let mask = self.builder.ins().ineg(wide);
            return self.builder.ins().splat(types::I32X4, mask);
        }
        let vector = self.builder.ins().splat(vector_type(ty), first);
        match lanes {
            Lanes::Even(step) => {
                let steps = self.steps(step, part);
                self.builder.ins().iadd(vector, steps)
            }
            _ => vector,
        }
    }

    /// How far four threads' values are from the first thread's.
    fn steps(&mut self, step: i64, part: u32) -> Value {
        let mut bytes = Vec::with_capacity(16);
        for lane in 0..WIDTH {
            let distance = (step as i32).wrapping_mul((part * WIDTH + lane) as i32);
            bytes.extend_from_slice(&distance.to_le_bytes());
        }
        let constant = self
            .builder
            .func
            .dfg
            .constants
            .insert(bytes.as_slice().into());
        self.builder.ins().vconst(types::I32X4, constant)
    }
}

fn held(lanes: Lanes, ty: Type) -> Held {
    match lanes {
        Lanes::Uniform | Lanes::Even(_) => Held::Once,
        Lanes::Varying if ty == Type::Pred || is_word(ty) => Held::Packed,
        Lanes::Varying => Held::Singly,
    }
}

/// Whether four values of a type fill a vector that there are operations for.
fn is_word(ty: Type) -> bool {
    ty.bits() == 32
}

/// The vector that four registers of 32 bits, or four predicates, are held in.
fn vector_type(ty: Type) -> ir::Type {
    match ty {
        Type::F32 => types::F32X4,
        _ => types::I32X4,
    }
}

/// A vector's bits for a type of the same width.
fn flags() -> MemFlagsData {
    MemFlagsData::new()
}
