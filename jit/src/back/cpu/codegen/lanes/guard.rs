//! Guards of a group: where one of its threads is stopped, the launch ends.

use super::super::super::suspension::guarded_by;
use super::super::Untranslatable;
use super::super::threads::plain;
use super::super::translate::Translator;
use super::order::Ordering;
use crate::analysis::Lanes;
use crate::ir::{BlockId, Register, Terminator};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    self, InstBuilder, StackSlot, StackSlotData, StackSlotKind, Value, types,
};

/// A guard at a block's end.
pub(super) struct Guard<'a> {
    predicate: Register,
    fault: BlockId,
    next: BlockId,
    /// The comparison that decides it and nothing else, if the first and the last thread tell what all answer.
    pub(super) ordering: Option<Ordering<'a>>,
}

impl<'a> Translator<'a, '_> {
    /// The guard at a block's end that threads may answer differently.
    pub(super) fn guard(&self, id: BlockId) -> Option<Guard<'a>> {
        let kernel = self.kernel;
        let (fault, next) = guarded_by(kernel, id.index())?;
        let predicate = kernel.blocks[id.index()].terminator.reads()?;
        if self.lanes_of(predicate) == Lanes::Uniform {
            return None;
        }
        let lives = self.scope.segment?.cut.in_step.as_ref()?.decider_lives[id.index()];
        let ordering = self.ordering_in(id, predicate);
        Some(Guard {
            predicate,
            fault,
            next,
            ordering: ordering.filter(|_| !lives),
        })
    }

    pub(super) fn guard_in_step(&mut self, guard: Guard<'_>) -> Result<(), Untranslatable> {
        let (may_fault, next) = (self.builder.create_block(), self.block(guard.next));
        self.builder.set_cold_block(may_fault);
        if let Some(ordering) = guard.ordering {
            let some = self.answers(&ordering).some;
            self.builder.ins().brif(some, may_fault, &[], next, &[]);
            self.begin_helper(may_fault);
            let way = self.way_around(guard.next);
            self.fault_of_first(&guard, way, |this, lane| this.answer_of(&ordering, lane));
            return match way {
                Some(way) => self.go_around(guard.next, way),
                None => Ok(()),
            };
        }
        let masks = self.masks(guard.predicate);
        let some = masks
            .iter()
            .copied()
            .reduce(|a, b| self.builder.ins().bor(a, b));
        let Some(some) = some else { return Ok(()) };
        let some = self.builder.ins().vhigh_bits(types::I32, some);
        self.builder.ins().brif(some, may_fault, &[], next, &[]);
        self.begin_helper(may_fault);
        let answers = self.lay_out(&masks);
        self.fault_of_first(&guard, None, |this, lane| {
            this.laid_out(answers, types::I32, lane)
        });
        Ok(())
    }

    /// Records the fault of the first thread that is stopped. If none is, the group goes on at a block, or without one the last is taken
    /// for it. A loop over the threads is less to compile than code for each.
    fn fault_of_first(
        &mut self,
        guard: &Guard<'_>,
        goes_on: Option<ir::Block>,
        stops: impl Fn(&mut Self, Value) -> Value,
    ) {
        let Terminator::Fault { site, offset } = self.kernel.blocks[guard.fault.index()].terminator
        else {
            return;
        };
        let laid_out = offset.and_then(|offset| self.lay_out_register(offset));
        let (test, following, faults) = (
            self.builder.create_block(),
            self.builder.create_block(),
            self.builder.create_block(),
        );
        let lane = self.builder.append_block_param(test, types::I32);
        let first = self.builder.ins().iconst(types::I32, 0);
        self.builder.ins().jump(test, &[first.into()]);
        self.builder.switch_to_block(test);
        let stops = stops(self, lane);
        self.builder.ins().brif(stops, faults, &[], following, &[]);
        self.begin_helper(following);
        let size = i64::from(self.group_size());
        let after = self.builder.ins().iadd_imm_u(lane, 1);
        let is_one = IntCC::UnsignedLessThan;
        let is_one = self.builder.ins().icmp_imm_u(is_one, after, size);
        let again = [after.into()];
        let behind = goes_on.unwrap_or(faults);
        self.builder.ins().brif(is_one, test, &again, behind, &[]);
        self.builder.seal_block(test);
        self.begin_helper(faults);
        let offset = offset.map(|offset| match laid_out {
            Some(slot) => self.laid_out(slot, types::I64, lane),
            None => self.stepped(offset, lane),
        });
        self.fault(site, offset, Some(lane));
    }

    /// Lays out a register's values one behind the other, if they do not step evenly.
    fn lay_out_register(&mut self, register: Register) -> Option<StackSlot> {
        if self.lanes_of(register) != Lanes::Varying {
            return None;
        }
        let mut values = Vec::new();
        for lane in 0..self.group_size() {
            self.scope.threads.lane.set(lane);
            values.push(self.register(register));
        }
        self.scope.threads.lane.set(0);
        Some(self.lay_out(&values))
    }

    /// Lays out what is known of all threads one behind the other.
    fn lay_out(&mut self, values: &[Value]) -> StackSlot {
        let size = |value: &Value| self.builder.func.dfg.value_type(*value).bytes();
        let width = values.first().map_or(0, size);
        let bytes = width * values.len() as u32;
        let slot = self.slot_of(bytes);
        for (place, value) in values.iter().enumerate() {
            let place = (place as u32 * width) as i32;
            self.builder
                .ins()
                .stack_store(types::I64, *value, slot, place);
        }
        slot
    }

    /// A place of so many bytes in the frame of the running function, the same one for every guard.
    fn slot_of(&mut self, bytes: u32) -> StackSlot {
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 4);
        let Some(group) = &mut self.group else {
            return self.builder.create_sized_stack_slot(data);
        };
        let known = group.laid_out.iter().find(|(size, _)| *size == bytes);
        if let Some((_, slot)) = known {
            return *slot;
        }
        let slot = self.builder.create_sized_stack_slot(data);
        group.laid_out.push((bytes, slot));
        slot
    }

    /// One of the values that were laid out.
    fn laid_out(&mut self, slot: StackSlot, ty: ir::Type, lane: Value) -> Value {
        let base = self.builder.ins().stack_addr(types::I64, slot, 0);
        let lane = self.builder.ins().uextend(types::I64, lane);
        let distance = self.builder.ins().imul_imm_u(lane, i64::from(ty.bytes()));
        let place = self.builder.ins().iadd(base, distance);
        self.builder.ins().load(ty, plain(), place, 0)
    }
}
