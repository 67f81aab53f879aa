//! Instructions by group.

use super::kernel::Lowering;
use super::refuse;
use super::stack::Value;
use crate::diagnostics::Diagnostic;
use crate::ir::{Register, Type};
use wasmparser::Operator;

impl Lowering<'_, '_> {
    /// Lowers one instruction.
    pub(super) fn operator(&mut self, operator: &Operator<'_>) -> Result<(), Diagnostic> {
        if let Some(opened) = self.dead {
            self.skip(operator, opened);
            return Ok(());
        }
        let done = self.control(operator)?
            || self.variable(operator)
            || self.memory(operator)
            || self.integer(operator)
            || self.float(operator)
            || self.conversion(operator);
        if done {
            return Ok(());
        }
        let name = refuse::name(operator);
        Err(self.error(format!("the instruction `{name}` has no place in a kernel")))
    }

    /// Locals, constants and what moves values; false if it is no such instruction.
    fn variable(&mut self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::LocalGet { local_index } => {
                if let Some(body) = self.bodies.last_mut() {
                    let local = body.locals.register(*local_index, &mut self.code);
                    self.stack.borrow(local);
                }
            }
            Operator::LocalSet { local_index } => {
                let value = self.stack.pop();
                self.set_local(*local_index, value);
            }
            Operator::LocalTee { local_index } => {
                let is_local = self.stack.top_is_borrowed();
                let value = self.stack.pop();
                let value = Value::Register(self.code.in_register(value));
                let local = self.set_local(*local_index, value);
                // What is in a local's register may be written over; the value is also in the local set just now.
                match local {
                    Some(local) if is_local => self.stack.borrow(local),
                    _ => self.stack.push(value),
                }
            }
            Operator::I32Const { value } => {
                self.constant(u64::from(value.cast_unsigned()), Type::B32);
            }
            Operator::I64Const { value } => self.constant(value.cast_unsigned(), Type::B64),
            Operator::F32Const { value } => self.constant(u64::from(value.bits()), Type::F32),
            Operator::F64Const { value } => self.constant(value.bits(), Type::F64),
            Operator::Drop => {
                self.stack.pop();
            }
            Operator::Select | Operator::TypedSelect { .. } => self.select(),
            _ => return false,
        }
        true
    }

    fn constant(&mut self, bits: u64, ty: Type) {
        self.stack.push(Value::Constant(bits, ty));
    }

    /// Writes a local, and tells its register.
    fn set_local(&mut self, local: u32, value: Value) -> Option<Register> {
        self.stack.settle(&mut self.code);
        let body = self.bodies.last_mut()?;
        let local = body.locals.register(local, &mut self.code);
        self.code.put(local, value);
        Some(local)
    }

    fn select(&mut self) {
        let (condition, b, a) = (self.stack.pop(), self.stack.pop(), self.stack.pop());
        let condition = self.code.condition(condition);
        let ty = self.code.value_type(a);
        let (a, b) = (self.code.operand(a), self.code.operand(b));
        let chosen = self.code.choose(ty, a, b, condition);
        self.stack.push_register(chosen);
    }
}
