//! Loads and stores: global memory at the address that the kernel computed.

use super::kernel::Lowering;
use crate::ir::{Address, AddressBase, Modifier, Opcode, Operand, Type};
use wasmparser::{MemArg, Operator};

impl Lowering<'_, '_> {
    /// A load or a store; false if it is none.
    pub(super) fn memory(&mut self, operator: &Operator<'_>) -> bool {
        if let Some((memory, stored, result)) = load(operator) {
            let address = self.address(memory);
            let value = self.code.register(result);
            let operands = [Operand::Register(value), address];
            let global = [Modifier::Global];
            self.code
                .emit(Opcode::Ld, (stored, None), &global, operands);
            self.stack.push_register(value);
            return true;
        }
        if let Some((memory, stored)) = store(operator) {
            let value = self.stack.pop();
            let value = self.code.in_register(value);
            let operands = [self.address(memory), Operand::Register(value)];
            let global = [Modifier::Global];
            self.code
                .emit(Opcode::St, (stored, None), &global, operands);
            return true;
        }
        false
    }

    fn address(&mut self, memory: &MemArg) -> Operand {
        let base = self.stack.pop();
        Operand::Address(Address::new(
            AddressBase::Register(self.code.in_register(base)),
            memory.offset.cast_signed(),
        ))
    }
}

/// What a load reads, and what it makes of it.
fn load<'o>(operator: &'o Operator<'_>) -> Option<(&'o MemArg, Type, Type)> {
    use Operator as O;
    use Type::{B32, B64, F32, F64, S8, S16, S32, U8, U16, U32, U64};
    Some(match operator {
        O::I32Load { memarg } => (memarg, U32, B32),
        O::I32Load8S { memarg } => (memarg, S8, B32),
        O::I32Load8U { memarg } => (memarg, U8, B32),
        O::I32Load16S { memarg } => (memarg, S16, B32),
        O::I32Load16U { memarg } => (memarg, U16, B32),
        O::I64Load { memarg } => (memarg, U64, B64),
        O::I64Load8S { memarg } => (memarg, S8, B64),
        O::I64Load8U { memarg } => (memarg, U8, B64),
        O::I64Load16S { memarg } => (memarg, S16, B64),
        O::I64Load16U { memarg } => (memarg, U16, B64),
        O::I64Load32S { memarg } => (memarg, S32, B64),
        O::I64Load32U { memarg } => (memarg, U32, B64),
        O::F32Load { memarg } => (memarg, F32, F32),
        O::F64Load { memarg } => (memarg, F64, F64),
        _ => return None,
    })
}

/// What a store writes: the low bits of the value.
fn store<'o>(operator: &'o Operator<'_>) -> Option<(&'o MemArg, Type)> {
    use Operator as O;
    Some(match operator {
        O::I32Store8 { memarg } | O::I64Store8 { memarg } => (memarg, Type::U8),
        O::I32Store16 { memarg } | O::I64Store16 { memarg } => (memarg, Type::U16),
        O::I32Store { memarg } | O::I64Store32 { memarg } => (memarg, Type::U32),
        O::I64Store { memarg } => (memarg, Type::U64),
        O::F32Store { memarg } => (memarg, Type::F32),
        O::F64Store { memarg } => (memarg, Type::F64),
        _ => return None,
    })
}
