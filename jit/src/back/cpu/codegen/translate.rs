//! The walk over a kernel's blocks.

use super::super::block::ENDED;
use super::super::runtime::OUTSIDE_WINDOW;
use super::cells::Cells;
use super::half::{half_of, is_half};
use super::lanes::Group;
use super::rows::RowBase;
use super::segments::Segment;
use super::threads::{RowLoop, ThreadLoop, leave};
use super::{Externals, Untranslatable, check_operations};
use crate::analysis::order::{self, Region};
use crate::analysis::{back_edges, loop_depths};
use crate::ir::{
    self, BlockId, Effect, FaultCause, Instruction, Opcode, Operand, Register, Terminator,
};
use crate::limits::MAX_THREADS_PER_BLOCK;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, FuncRef, InstBuilder, Type, Value, types};
use cranelift_frontend::FunctionBuilder;

/// What a block of a kernel returns to [`super::super::kernel::Kernel::run_blocks`].
#[derive(Clone, Copy)]
pub(super) enum Status {
    Completed = 0,
    Faulted = 1,
    Stopped = 2,
}

/// What a variant of a kernel is translated into.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) threads: &'a ThreadLoop,
    /// The loop that its threads are.
    pub(super) thread: &'a RowLoop,
    pub(super) externals: &'a Externals<FuncRef>,
    /// The places of accesses that are proved by rows.
    pub(super) rows: &'a [RowBase],
    /// What its first fault site is counted as.
    pub(super) first_site: u32,
    /// The segment that is translated, if the kernel was cut.
    pub(super) segment: Option<Segment<'a>>,
    /// How many operations the function may have.
    pub(super) most_operations: usize,
}

pub(super) struct Translator<'a, 'f> {
    pub(super) kernel: &'a ir::Function,
    pub(super) builder: &'a mut FunctionBuilder<'f>,
    pub(super) scope: Scope<'a>,
    /// The kernel's registers.
    pub(super) cells: Cells,
    /// The kernel's blocks.
    pub(super) blocks: Vec<Block>,
    /// By block of the kernel, in how many loops it lies.
    depths: Vec<u32>,
    /// By register, whether threads have its value in their frames from where they waited last.
    pub(super) in_frame: Vec<bool>,
    /// What is known of the threads that run in step, if more than one does.
    pub(super) group: Option<Group<'a>>,
}

impl<'a, 'f> Translator<'a, 'f> {
    pub(super) fn new(
        kernel: &'a ir::Function,
        builder: &'a mut FunctionBuilder<'f>,
        scope: Scope<'a>,
    ) -> Self {
        let cut = scope.segment.map(|segment| segment.cut);
        let cells = Cells::new(kernel, cut, builder, |register| {
            (1, register_type(kernel.registers[register.index()]))
        });
        let blocks = kernel
            .blocks
            .iter()
            .map(|_| builder.create_block())
            .collect();
        Self {
            kernel,
            builder,
            scope,
            cells,
            blocks,
            depths: loop_depths(kernel),
            in_frame: vec![false; kernel.registers.len()],
            group: None,
        }
    }

    pub(super) fn run(mut self) -> Result<(), Untranslatable> {
        let kernel = self.kernel;
        for (block, source) in self.blocks.iter().zip(&kernel.blocks) {
            if source.cold {
                self.builder.set_cold_block(*block);
            }
        }
        self.builder.switch_to_block(self.scope.thread.body);
        let region = self
            .scope
            .segment
            .map_or(Region::WHOLE, |segment| segment.region);
        match self.scope.segment {
            Some(segment) => self.enter(&segment),
            None => {
                self.zero_local();
                let first = self.block(BlockId(0));
                self.builder.ins().jump(first, &[]);
            }
        }
        let order = order::reverse_postorder_of(kernel, &region);
        self.find_what_stays_in_frames(&order);
        let mut unfilled = order::predecessor_counts(kernel, &order, &region);
        let mut filled = vec![false; kernel.blocks.len()];
        for id in order {
            let block = self.block(id);
            self.builder.switch_to_block(block);
            if unfilled[id.index()] == 0 {
                // Values then come straight from where they were computed; an unsealed block takes a parameter for each.
                self.builder.seal_block(block);
            }
            self.fill(id, &region)?;
            filled[id.index()] = true;
            for successor in region.successors(kernel, id) {
                unfilled[successor.index()] -= 1;
                if unfilled[successor.index()] == 0 && filled[successor.index()] {
                    self.builder.seal_block(self.blocks[successor.index()]);
                }
            }
        }
        self.scope.threads.end_thread(
            self.builder,
            self.scope.thread,
            threads_between_polls(kernel),
        );
        Ok(())
    }

    /// Translates one block of the kernel.
    fn fill(&mut self, id: BlockId, region: &Region<'_>) -> Result<(), Untranslatable> {
        if self.group.is_some() {
            return self.fill_in_step(id, region);
        }
        let source = &self.kernel.blocks[id.index()];
        let waits = if region.ends_at(id) {
            source.instructions.split_last()
        } else {
            None
        };
        let instructions = waits.map_or(source.instructions.as_slice(), |(_, before)| before);
        for instruction in instructions {
            self.instruction(instruction)?;
            check_operations(self.builder, self.kernel, self.scope.most_operations)?;
        }
        match (waits, &source.terminator) {
            (Some(_), Terminator::Jump(resume)) => self.suspend(*resume),
            (_, terminator) => self.terminator(terminator),
        }
        Ok(())
    }

    pub(super) fn block(&self, id: BlockId) -> Block {
        self.blocks[id.index()]
    }

    pub(super) fn is_in_loop(&self, id: BlockId) -> bool {
        self.depths[id.index()] > 0
    }

    /// Whether the loop goes on at the first of two blocks rather than at the second. A branch names that one last, which Cranelift then
    /// visits first: it moves what does not change out of a loop only until it has met a block outside.
    pub(super) fn goes_on_at_first(&self, first: BlockId, second: BlockId) -> bool {
        let rank = |id: BlockId| {
            let is_warm = !self.kernel.blocks[id.index()].cold;
            (is_warm, self.depths[id.index()])
        };
        rank(first) > rank(second)
    }

    pub(super) fn terminator(&mut self, terminator: &Terminator) {
        match terminator {
            Terminator::Jump(target) => {
                let target = self.block(*target);
                self.builder.ins().jump(target, &[]);
            }
            Terminator::Branch {
                predicate,
                then,
                otherwise,
            } => {
                let mut condition = self.register(predicate.register);
                let (mut yes, mut no) = (*then, *otherwise);
                if predicate.negated {
                    std::mem::swap(&mut yes, &mut no);
                }
                if self.goes_on_at_first(yes, no) {
                    condition = self.builder.ins().icmp_imm_u(IntCC::Equal, condition, 0);
                    std::mem::swap(&mut yes, &mut no);
                }
                let (yes, no) = (self.block(yes), self.block(no));
                self.builder.ins().brif(condition, yes, &[], no, &[]);
            }
            Terminator::Switch { index, targets } => self.switch(*index, targets),
            Terminator::Exit => {
                if self.scope.segment.is_some() {
                    self.scope.threads.wait(self.builder, ENDED);
                }
                self.builder.ins().jump(self.scope.thread.next, &[]);
            }
            Terminator::Fault { site, offset } => {
                let offset = offset.map(|register| self.register(register));
                self.fault(*site, offset, None);
            }
            // The sandbox turns traps into faults; one that is left ends the launch all the same.
            Terminator::Stop | Terminator::Trap(_) => leave(self.builder, Status::Stopped),
        }
    }

    pub(super) fn instruction(&mut self, instruction: &Instruction) -> Result<(), Untranslatable> {
        match instruction.opcode() {
            Opcode::Ld | Opcode::Ldu | Opcode::LdParam | Opcode::LdSandbox => {
                self.load(instruction)
            }
            Opcode::St => {
                self.store(instruction);
                Ok(())
            }
            Opcode::Atom | Opcode::Red => self.atomic(instruction),
            Opcode::CpAsync => {
                self.copy(instruction);
                Ok(())
            }
            _ if instruction.effect() == Effect::Fence => {
                self.fence(instruction);
                Ok(())
            }
            _ if instruction.effect() == Effect::Hint => Ok(()),
            _ if self.several(instruction) => Ok(()),
            _ => {
                let (value, ty) = self.compute(instruction)?;
                self.write(instruction, 0, value, ty);
                Ok(())
            }
        }
    }

    /// Translates an instruction that may have several destinations; not if it has one.
    fn several(&mut self, instruction: &Instruction) -> bool {
        let Some(t) = instruction.t else {
            return false;
        };
        match (instruction.opcode(), half_of(t)) {
            (Opcode::Unpack, _) => self.unpack(instruction, t),
            (Opcode::Setp, _) => self.setp(instruction, t),
            (Opcode::SetpPair, Some(half)) => self.setp_pair(instruction, t, half),
            (Opcode::Lop3, _) => self.lop3(instruction),
            (Opcode::AddCarry | Opcode::SubCarry | Opcode::MadCarry, _) => {
                self.with_carry(instruction, t);
            }
            _ => return false,
        }
        true
    }

    /// The value of an instruction with one destination, and the type that it has.
    fn compute(&mut self, instruction: &Instruction) -> Result<(Value, ir::Type), Untranslatable> {
        let unexpected = || Untranslatable {
            too_large: false,
            span: instruction.span,
            message: format!(
                "`{}` has no translation for this processor",
                instruction.form.form().name
            ),
        };
        if instruction.opcode() == Opcode::IsSpace {
            return Ok((self.is_space(instruction), ir::Type::Pred));
        }
        if let Some(value) = self.video(instruction) {
            return Ok((value, ir::Type::B32));
        }
        let t = instruction.t.ok_or_else(unexpected)?;
        let result = match instruction.opcode() {
            Opcode::Mov => (self.read(instruction, 1, t), t),
            Opcode::Cvta => (self.cast(instruction, t), t),
            Opcode::CreatePolicy => (self.constant(0, t), t),
            Opcode::Pack => (self.pack(instruction, t), t),
            Opcode::Dp4a | Opcode::Dp2a => {
                let u = instruction.u.ok_or_else(unexpected)?;
                (self.dot_product(instruction, t, u), ir::Type::U32)
            }
            Opcode::Selp => (self.select(instruction, t), t),
            Opcode::Slct => {
                let u = instruction.u.ok_or_else(unexpected)?;
                (self.select_by_sign(instruction, t, u), t)
            }
            Opcode::Set => (self.set(instruction, t), t),
            Opcode::SetPair => {
                let half = half_of(t).ok_or_else(unexpected)?;
                (self.set_pair(instruction, t, half), t)
            }
            Opcode::Testp => (self.testp(instruction, t), ir::Type::Pred),
            Opcode::Cvt => (
                self.convert(instruction, t, instruction.u.ok_or_else(unexpected)?),
                t,
            ),
            Opcode::MulWide | Opcode::MadWide => {
                let wide = t.widened().ok_or_else(unexpected)?;
                (self.multiply_wide(instruction, t, wide), wide)
            }
            Opcode::CvtTf32 => (self.convert_tf32(instruction), ir::Type::B32),
            Opcode::CvtPack => (self.convert_saturated(instruction, t), ir::Type::B32),
            Opcode::CvtPair => {
                let u = instruction.u.ok_or_else(unexpected)?;
                (self.convert_pair(instruction, t, u), t)
            }
            Opcode::Popc | Opcode::Clz => (self.count_bits(instruction, t), ir::Type::U32),
            Opcode::Bfind => (self.find_highest(instruction, t), ir::Type::U32),
            Opcode::Fns => (self.find_nth_set(instruction), ir::Type::B32),
            _ if is_half(t) => {
                let operands = self.sources(instruction, t);
                let value = self.half_value(instruction, t, &operands);
                (value.ok_or_else(unexpected)?, t)
            }
            _ if half_of(t).is_some() => (self.pair(instruction, t).ok_or_else(unexpected)?, t),
            _ if t.is_float() => (self.float(instruction, t).ok_or_else(unexpected)?, t),
            _ => (self.integer(instruction, t).ok_or_else(unexpected)?, t),
        };
        Ok(result)
    }

    /// Records a fault, and ends the block of threads.
    pub(super) fn fault(&mut self, site: u32, offset: Option<Value>, lane: Option<Value>) {
        let cause = self.kernel.sites.get(site as usize).map(|site| site.cause);
        let mut site = self.scope.first_site + site;
        if cause.is_some_and(FaultCause::is_in_small_space) {
            site |= OUTSIDE_WINDOW;
        }
        self.scope.threads.fault(self.builder, site, offset, lane);
    }

    /// To the block that a register counts; the last one where it counts too far.
    fn switch(&mut self, index: Register, targets: &[BlockId]) {
        let Some((last, others)) = targets.split_last() else {
            return leave(self.builder, Status::Stopped);
        };
        let mut switch = cranelift_frontend::Switch::new();
        for (number, target) in others.iter().enumerate() {
            switch.set_entry(number as u128, self.block(*target));
        }
        let index = self.register(index);
        let last = self.block(*last);
        switch.emit(self.builder, index, last);
    }

    fn select(&mut self, instruction: &Instruction, t: ir::Type) -> Value {
        let (a, b) = (self.read(instruction, 1, t), self.read(instruction, 2, t));
        let condition = self.read(instruction, 3, ir::Type::Pred);
        self.builder.ins().select(condition, a, b)
    }

    /// Writes several values, where the instruction's predicate allows: as it was before any of them was written.
    pub(super) fn write_all(&mut self, instruction: &Instruction, results: &[Written]) {
        let guard = instruction
            .predicate
            .map(|guard| (self.register(guard.register), guard.negated));
        for result in results {
            if let Some(Operand::Register(register)) = instruction.operands.get(result.index) {
                self.write_guarded(guard, *register, result.value, result.ty);
            }
        }
    }

    /// Writes a value of type `ty` to the destination at `index`, where the instruction's predicate allows.
    pub(super) fn write(
        &mut self,
        instruction: &Instruction,
        index: usize,
        value: Value,
        ty: ir::Type,
    ) {
        if let Some(Operand::Register(register)) = instruction.operands.get(index) {
            self.write_register(instruction, *register, value, ty);
        }
    }

    pub(super) fn write_register(
        &mut self,
        instruction: &Instruction,
        register: Register,
        value: Value,
        ty: ir::Type,
    ) {
        let guard = instruction
            .predicate
            .map(|guard| (self.register(guard.register), guard.negated));
        self.write_guarded(guard, register, value, ty);
    }

    /// Writes a register where a condition holds, or where it does not if it is negated.
    fn write_guarded(
        &mut self,
        guard: Option<(Value, bool)>,
        register: Register,
        value: Value,
        ty: ir::Type,
    ) {
        let mut value = self.fit_register(register, value, ty);
        if let Some((condition, negated)) = guard {
            let old = self.register(register);
            let (taken, kept) = if negated { (old, value) } else { (value, old) };
            value = self.builder.ins().select(condition, taken, kept);
        }
        self.define(register, value);
    }
}

/// What an instruction writes to the destination at a place.
pub(super) struct Written {
    index: usize,
    value: Value,
    ty: ir::Type,
}

impl Written {
    pub(super) fn new(index: usize, value: Value, ty: ir::Type) -> Self {
        Self { index, value, ty }
    }
}

/// How a register is held: predicates as 0 or 1 in a byte.
pub(super) fn register_type(ty: ir::Type) -> Type {
    match ty {
        ir::Type::F32 => types::F32,
        ir::Type::F64 => types::F64,
        _ => integer_type(ty),
    }
}

/// The integer type of the same width.
pub(super) fn integer_type(ty: ir::Type) -> Type {
    match ty.bits() {
        1 | 8 => types::I8,
        16 => types::I16,
        32 => types::I32,
        _ => types::I64,
    }
}

/// Instructions that may run between two looks at the stop word, about: less than a millisecond's.
const UNSEEN_INSTRUCTIONS: usize = 1 << 16;

/// After how many threads the stop word is looked at; a power of two. A kernel with loops looks at it in them, too, but each
/// thread begins anew to count.
fn threads_between_polls(kernel: &ir::Function) -> u32 {
    let instructions = kernel.instruction_count();
    let loops = if back_edges(kernel).is_empty() {
        0
    } else {
        UNSEEN_INSTRUCTIONS / 4
    };
    let threads = UNSEEN_INSTRUCTIONS / (instructions + loops).max(1);
    let threads = threads.clamp(1, MAX_THREADS_PER_BLOCK as usize);
    1 << threads.ilog2()
}
