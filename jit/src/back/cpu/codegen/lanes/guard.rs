//! Guards of a group: where one of its threads is stopped, the launch ends.

use super::super::super::suspension::guarded_by;
use super::super::Untranslatable;
use super::super::compare::integer_condition;
use super::super::translate::Translator;
use crate::analysis::Lanes;
use crate::ir::{BlockId, Instruction, Modifier, Opcode, Operand, Register, Terminator, Type};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

/// A guard at a block's end.
pub(super) struct Guard<'a> {
    predicate: Register,
    fault: BlockId,
    next: BlockId,
    /// The comparison that decides it and nothing else, if what the first and the last thread compare tells what all do.
    pub(super) comparison: Option<&'a Instruction>,
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
        let comparison = kernel.blocks[id.index()].instructions.last();
        let comparison = comparison.filter(|comparison| {
            !lives
                && comparison.operands.first() == Some(&Operand::Register(predicate))
                && self.compares_in_order(comparison)
        });
        Some(Guard {
            predicate,
            fault,
            next,
            comparison,
        })
    }

    /// Whether it is an ordering of values that step evenly upwards and one value.
    fn compares_in_order(&self, comparison: &Instruction) -> bool {
        use Modifier as M;
        let is_plain = comparison.opcode() == Opcode::Setp
            && comparison.predicate.is_none()
            && comparison.operands[1] == Operand::Absent
            && comparison.operands[4] == Operand::Absent
            && comparison.t == Some(Type::U64);
        let orders = [M::Lt, M::Le, M::Gt, M::Ge];
        let lanes = |operand: &Operand| match operand {
            Operand::Register(register) => Some(self.lanes_of(*register)),
            Operand::Immediate(_) | Operand::Hidden(_) => Some(Lanes::Uniform),
            _ => None,
        };
        let is_up = |lanes| matches!(lanes, Some(Lanes::Even(step)) if step > 0 && step < 1 << 20);
        is_plain
            && orders.iter().any(|order| comparison.has(*order))
            && is_up(lanes(&comparison.operands[2]))
            && lanes(&comparison.operands[3]) == Some(Lanes::Uniform)
    }

    pub(super) fn guard_in_step(&mut self, guard: Guard<'_>) -> Result<(), Untranslatable> {
        let (may_fault, next) = (self.builder.create_block(), self.block(guard.next));
        self.builder.set_cold_block(may_fault);
        let suspicious = match guard.comparison {
            Some(comparison) => self.ends_or_wraps(comparison),
            None => {
                let masks = self.masks(guard.predicate);
                let some = masks
                    .into_iter()
                    .reduce(|a, b| self.builder.ins().bor(a, b));
                let Some(some) = some else { return Ok(()) };
                self.builder.ins().vhigh_bits(types::I32, some)
            }
        };
        self.builder
            .ins()
            .brif(suspicious, may_fault, &[], next, &[]);
        self.builder.switch_to_block(may_fault);
        if let Some(comparison) = guard.comparison {
            // What was not computed for each thread is wanted now.
            self.for_each_thread(|translator| translator.instruction(comparison))?;
        }
        self.fault_of_first(&guard);
        Ok(())
    }

    /// Whether the first or the last thread is stopped, or what they compare wraps around between them.
    fn ends_or_wraps(&mut self, comparison: &Instruction) -> Value {
        let condition = integer_condition(comparison, Type::U64);
        let first = self.read(comparison, 2, Type::U64);
        let bound = self.read(comparison, 3, Type::U64);
        self.scope.threads.lane.set(self.group_size() - 1);
        let last = self.read(comparison, 2, Type::U64);
        self.scope.threads.lane.set(0);
        let first_stops = self.builder.ins().icmp(condition, first, bound);
        let last_stops = self.builder.ins().icmp(condition, last, bound);
        let wraps = self
            .builder
            .ins()
            .icmp(IntCC::UnsignedLessThan, last, first);
        let stops = self.builder.ins().bor(first_stops, last_stops);
        self.builder.ins().bor(stops, wraps)
    }

    /// Records the fault of the first thread that is stopped; goes on if there is none.
    fn fault_of_first(&mut self, guard: &Guard<'_>) {
        let Terminator::Fault { site, offset } = self.kernel.blocks[guard.fault.index()].terminator
        else {
            return;
        };
        for lane in 0..self.group_size() {
            self.scope.threads.lane.set(lane);
            let stops = self.register(guard.predicate);
            let (faults, following) = (self.builder.create_block(), self.builder.create_block());
            self.builder.ins().brif(stops, faults, &[], following, &[]);
            self.builder.switch_to_block(faults);
            let offset = offset.map(|register| self.register(register));
            let distance = self.builder.ins().iconst(types::I32, i64::from(lane));
            self.fault(site, offset, Some(distance));
            self.builder.switch_to_block(following);
        }
        self.scope.threads.lane.set(0);
        let next = self.block(guard.next);
        self.builder.ins().jump(next, &[]);
    }
}
