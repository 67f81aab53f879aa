//! Holding a row of threads against the window.
//!
//! An access that steps evenly goes, in the variant without its guard, to `base + step * %tid.x`, where `base` is the place of the
//! row's first access, which is checked here together with the last one's. Nothing that the kernel computes takes part: if a plan
//! were wrong, the access would still lie between two places that were found inside.

use super::super::launch::field;
use super::threads::{ThreadLoop, launch_field};
use crate::analysis::rows::{Node, Operation, Plan, RowAccess};
use crate::ir::SpecialRegister;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use cranelift_frontend::FunctionBuilder;

/// What is known of a row.
pub(super) struct Rows {
    /// Whether every access of the plan lies inside in every thread of the row.
    pub(super) hold: Value,
    /// For each access of the plan its place in the host's memory in the row's first thread, and the bytes to the next one's.
    pub(super) bases: Vec<RowBase>,
}

/// The places of one access.
#[derive(Clone, Copy)]
pub(super) struct RowBase {
    pub(super) first: Value,
    pub(super) step: u64,
}

/// Computes a plan where a row begins.
pub(super) fn prove(plan: &Plan, threads: &ThreadLoop, builder: &mut FunctionBuilder<'_>) -> Rows {
    let width = threads.special(builder, SpecialRegister::NtidX);
    let width = builder.ins().uextend(types::I64, width);
    let last = builder.ins().iadd_imm_s(width, -1);
    let hold = builder.ins().iconst(types::I8, 1);
    let mut row = Row {
        threads,
        builder,
        last,
        hold,
        values: Vec::with_capacity(plan.nodes.len()),
    };
    for node in &plan.nodes {
        let value = row.node(plan, node);
        row.values.push(value);
    }
    let bases = plan
        .accesses
        .iter()
        .map(|access| row.access(access))
        .collect();
    Rows {
        hold: row.hold,
        bases,
    }
}

struct Row<'a, 'f> {
    threads: &'a ThreadLoop,
    builder: &'a mut FunctionBuilder<'f>,
    /// `%tid.x` of the row's last thread.
    last: Value,
    hold: Value,
    /// The nodes so far, each in its width.
    values: Vec<Value>,
}

impl Row<'_, '_> {
    fn node(&mut self, plan: &Plan, node: &Node) -> Value {
        let ty = if node.wide { types::I64 } else { types::I32 };
        match node.operation {
            Operation::Constant(bits) if node.wide => self.builder.ins().iconst(ty, bits as i64),
            Operation::Constant(bits) => self.builder.ins().iconst(ty, i64::from(bits as u32)),
            Operation::Parameter { offset } => {
                let parameters = self.threads.field(self.builder, field::PARAMETERS);
                self.builder
                    .ins()
                    .load(ty, launch_field(), parameters, offset as i32)
            }
            // The row's first thread.
            Operation::Special(SpecialRegister::TidX) => self.builder.ins().iconst(ty, 0),
            Operation::Special(special) => self.threads.special(self.builder, special),
            Operation::Add(a, b) => {
                let (a, b) = (self.values[a.index()], self.values[b.index()]);
                self.builder.ins().iadd(a, b)
            }
            Operation::Subtract(a, b) => {
                let (a, b) = (self.values[a.index()], self.values[b.index()]);
                self.builder.ins().isub(a, b)
            }
            Operation::Multiply(a, b) => {
                let (a, b) = (self.values[a.index()], self.values[b.index()]);
                self.builder.ins().imul(a, b)
            }
            Operation::ShiftLeft(a, amount) => {
                let a = self.values[a.index()];
                self.builder.ins().ishl_imm_u(a, i64::from(amount))
            }
            Operation::Widen { of, signed } => {
                let constant = matches!(plan.node(of).operation, Operation::Constant(_));
                self.widen(
                    self.values[of.index()],
                    plan.node(of).step,
                    signed,
                    constant,
                )
            }
        }
    }

    /// Widens a value of 32 bits that wraps around in no thread of the row.
    fn widen(&mut self, value: Value, step: u64, signed: bool, constant: bool) -> Value {
        if signed && constant {
            return self.builder.ins().sextend(types::I64, value);
        }
        let wide = self.builder.ins().uextend(types::I64, value);
        let growth = self.builder.ins().imul_imm_u(self.last, step as i64);
        let highest = self.builder.ins().iadd(wide, growth);
        let limit = 1i64 << if signed { 31 } else { 32 };
        let limit = self.builder.ins().iconst(types::I64, limit);
        self.require(IntCC::UnsignedLessThan, highest, limit);
        wide
    }

    fn access(&mut self, access: &RowAccess) -> RowBase {
        let address = self.values[access.address.index()];
        let window = self.threads.field(self.builder, field::WINDOW_BASE);
        let mapped = self.threads.field(self.builder, field::WINDOW_MAPPED);
        let host = self.threads.field(self.builder, field::WINDOW_HOST);
        let address = self.builder.ins().iadd_imm_s(address, access.offset);
        let first = self.builder.ins().isub(address, window);
        // The first lies inside, so that adding a row's length cannot wrap around; both are multiples of the size, and so is what is mapped.
        self.require(IntCC::UnsignedLessThan, first, mapped);
        let growth = self.builder.ins().imul_imm_u(self.last, access.step as i64);
        let last = self.builder.ins().iadd(first, growth);
        self.require(IntCC::UnsignedLessThan, last, mapped);
        let rest = self
            .builder
            .ins()
            .band_imm_u(first, i64::from(access.size) - 1);
        let zero = self.builder.ins().iconst(types::I64, 0);
        self.require(IntCC::Equal, rest, zero);
        RowBase {
            first: self.builder.ins().iadd(host, first),
            step: access.step,
        }
    }

    fn require(&mut self, condition: IntCC, left: Value, right: Value) {
        let holds = self.builder.ins().icmp(condition, left, right);
        self.hold = self.builder.ins().band(self.hold, holds);
    }
}
