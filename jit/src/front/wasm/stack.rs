//! The operand stack and the locals: both are registers.

use super::builder::{Builder, holds};
use crate::ir::{BlockId, Modifier, Operand, Predicate, Register, Type};
use std::collections::HashMap;

/// A value on the operand stack.
#[derive(Clone, Copy)]
pub(super) enum Value {
    /// In a register.
    Register(Register),
    /// Known bits.
    Constant(u64, Type),
    /// An i32 that is 1 where the predicate holds, else 0.
    Condition(Predicate),
}

/// The operand stack of a kernel, those of inlined functions on top.
#[derive(Default)]
pub(super) struct Stack {
    values: Vec<Value>,
    /// Where on the stack registers of locals lie, which may be written before the value is used; from low to high.
    borrowed: Vec<usize>,
}

impl Stack {
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn push(&mut self, value: Value) {
        self.values.push(value);
    }

    pub(super) fn push_register(&mut self, register: Register) {
        self.push(Value::Register(register));
    }

    /// Pushes the register of a local.
    pub(super) fn borrow(&mut self, local: Register) {
        self.borrowed.push(self.values.len());
        self.push_register(local);
    }

    /// Whether the uppermost value is the register of a local.
    pub(super) fn top_is_borrowed(&self) -> bool {
        let top = self.values.len().checked_sub(1);
        top.is_some() && self.borrowed.last().copied() == top
    }

    /// Takes the uppermost value. A valid module has one wherever one is asked for.
    pub(super) fn pop(&mut self) -> Value {
        let value = self.values.pop().unwrap_or(Value::Constant(0, Type::B32));
        self.forget_borrowed();
        value
    }

    /// Takes the uppermost values.
    pub(super) fn pop_many(&mut self, count: usize) -> Vec<Value> {
        let values = self
            .values
            .split_off(self.values.len().saturating_sub(count));
        self.forget_borrowed();
        values
    }

    /// The uppermost values, the lowest first.
    pub(super) fn top(&self, count: usize) -> &[Value] {
        &self.values[self.values.len().saturating_sub(count)..]
    }

    /// Drops what lies above a height.
    pub(super) fn truncate(&mut self, height: usize) {
        self.values.truncate(height);
        self.forget_borrowed();
    }

    fn forget_borrowed(&mut self) {
        while self
            .borrowed
            .last()
            .is_some_and(|place| *place >= self.values.len())
        {
            self.borrowed.pop();
        }
    }

    /// Copies each local's register that lies on the stack: what comes may write the local.
    pub(super) fn settle(&mut self, code: &mut Builder<'_>) {
        for place in std::mem::take(&mut self.borrowed) {
            if let Some(Value::Register(local)) = self.values.get(place).copied() {
                let copy = code.register(code.type_of(local));
                code.copy(copy, Operand::Register(local));
                self.values[place] = Value::Register(copy);
            }
        }
    }
}

impl Builder<'_> {
    /// The type of registers that hold a value.
    pub(super) fn value_type(&self, value: Value) -> Type {
        match value {
            Value::Register(register) => self.type_of(register),
            Value::Constant(_, ty) => ty,
            Value::Condition(_) => Type::B32,
        }
    }

    /// A value as an operand.
    pub(super) fn operand(&mut self, value: Value) -> Operand {
        match value {
            Value::Constant(bits, _) => Operand::Immediate(bits),
            _ => Operand::Register(self.in_register(value)),
        }
    }

    /// A value in a register.
    pub(super) fn in_register(&mut self, value: Value) -> Register {
        if let Value::Register(register) = value {
            return register;
        }
        let register = self.register(self.value_type(value));
        self.put(register, value);
        register
    }

    /// Writes a value to a register.
    pub(super) fn put(&mut self, d: Register, value: Value) {
        match value {
            Value::Register(register) => self.copy(d, Operand::Register(register)),
            Value::Constant(bits, _) => self.copy(d, Operand::Immediate(bits)),
            Value::Condition(predicate) => {
                let (one, zero) = (Operand::Immediate(1), Operand::Immediate(0));
                self.choose_into(d, Type::B32, one, zero, predicate);
            }
        }
    }

    /// Whether an i32 is not zero.
    pub(super) fn condition(&mut self, value: Value) -> Predicate {
        if let Value::Condition(predicate) = value {
            return predicate;
        }
        let value = Operand::Register(self.in_register(value));
        holds(self.compare(Modifier::Ne, Type::U32, value, Operand::Immediate(0)))
    }
}

/// The locals of one function body.
pub(super) struct Locals {
    /// Where each run of locals of one type ends.
    runs: Vec<(u32, Type)>,
    /// The registers of those that were used so far.
    registers: HashMap<u32, Register>,
    /// The block in which they become zero.
    entry: BlockId,
}

impl Locals {
    /// Locals as runs of one type, of which the first are parameters and have their registers.
    pub(super) fn new(runs: Vec<(u32, Type)>, parameters: &[Register], entry: BlockId) -> Self {
        Self {
            runs,
            registers: (0..).zip(parameters.iter().copied()).collect(),
            entry,
        }
    }

    /// The register of a local.
    pub(super) fn register(&mut self, local: u32, code: &mut Builder<'_>) -> Register {
        if let Some(register) = self.registers.get(&local) {
            return *register;
        }
        let run = self.runs.partition_point(|(end, _)| *end <= local);
        let ty = self.runs.get(run).map_or(Type::B32, |(_, ty)| *ty);
        let register = code.register(ty);
        let current = code.current();
        code.enter(self.entry);
        code.copy(register, Operand::Immediate(0));
        code.enter(current);
        self.registers.insert(local, register);
        register
    }
}
