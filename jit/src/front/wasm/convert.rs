//! Conversions.

use super::builder::{held, holds};
use super::kernel::Lowering;
use crate::ir::{FaultCause, Modifier, Opcode, Operand, Predicate, Register, Type};
use wasmparser::Operator;

impl Lowering<'_, '_> {
    /// A conversion; false if it is none.
    pub(super) fn conversion(&mut self, operator: &Operator<'_>) -> bool {
        if let Some((to, from, rounding)) = plain(operator) {
            let a = self.pop_register();
            let result = self.code.convert(held(to), to, from, rounding, a);
            self.stack.push_register(result);
        } else if let Some((to, from)) = truncation(operator) {
            self.truncate(to, from);
        } else if let Some((to, from)) = saturating_truncation(operator) {
            self.truncate_saturating(to, from);
        } else if let Some(to) = reinterpretation(operator) {
            let a = self.pop_register();
            let result = self.code.register(to);
            let bits = if to.bits() == 64 {
                Type::B64
            } else {
                Type::B32
            };
            let operands = [Operand::Register(result), Operand::Register(a)];
            self.code.emit(Opcode::Mov, (bits, None), &[], operands);
            self.stack.push_register(result);
        } else {
            return false;
        }
        true
    }

    /// Faults unless the truncated number fits, which no comparison with NaN says.
    fn truncate(&mut self, to: Type, from: Type) {
        let a = self.pop_register();
        let (how, least, most) = range(to, from);
        let least = self
            .code
            .compare(how, from, Operand::Register(a), Operand::Immediate(least));
        let most = self.code.compare(
            Modifier::Lt,
            from,
            Operand::Register(a),
            Operand::Immediate(most),
        );
        let operands = [Operand::Register(least), Operand::Register(most)];
        let fits = self.code.compute(Opcode::And, Type::Pred, &[], operands);
        let outside = Predicate {
            register: fits,
            negated: true,
        };
        self.code.fault_if(outside, FaultCause::IntegerOverflow);
        let result = self.truncated(to, from, a);
        self.stack.push_register(result);
    }

    /// `cvt` holds what it converts to the type's range; what it makes of NaN depends on the types.
    fn truncate_saturating(&mut self, to: Type, from: Type) {
        let a = self.pop_register();
        let integer = self.truncated(to, from, a);
        let (left, right) = (Operand::Register(a), Operand::Register(a));
        let number = self.code.compare(Modifier::Num, from, left, right);
        let (integer, zero) = (Operand::Register(integer), Operand::Immediate(0));
        let result = self.code.choose(held(to), integer, zero, holds(number));
        self.stack.push_register(result);
    }

    fn truncated(&mut self, to: Type, from: Type, a: Register) -> Register {
        self.code.convert(held(to), to, from, &[Modifier::Rzi], a)
    }
}

/// What a number must be above, or not below, and what it must be below, to fit a type when it is truncated.
fn range(to: Type, from: Type) -> (Modifier, u64, u64) {
    let (how, least, most) = match (to, from) {
        // The number below -2^31 is one less for f64; for f32, and for 2^63, the next one is further away.
        (Type::S32, Type::F64) => (Modifier::Gt, -2_147_483_649.0, 2_147_483_648.0),
        (Type::S32, _) => (Modifier::Ge, -2_147_483_648.0, 2_147_483_648.0),
        (Type::S64, _) => (
            Modifier::Ge,
            -9_223_372_036_854_775_808.0,
            9_223_372_036_854_775_808.0,
        ),
        (Type::U32, _) => (Modifier::Gt, -1.0, 4_294_967_296.0),
        _ => (Modifier::Gt, -1.0, 18_446_744_073_709_551_616.0),
    };
    let bits = |value: f64| match from {
        Type::F64 => value.to_bits(),
        // Each is a power of two, give or take a sign, and so is exact.
        _ => u64::from((value as f32).to_bits()),
    };
    (how, bits(least), bits(most))
}

fn plain(operator: &Operator<'_>) -> Option<(Type, Type, &'static [Modifier])> {
    use Operator as O;
    use Type::{F32, F64, S8, S16, S32, S64, U32, U64};
    const RN: &[Modifier] = &[Modifier::Rn];
    Some(match operator {
        O::I32WrapI64 => (U32, U64, &[]),
        O::I64ExtendI32S | O::I64Extend32S => (S64, S32, &[]),
        O::I64ExtendI32U => (U64, U32, &[]),
        O::I32Extend8S => (S32, S8, &[]),
        O::I32Extend16S => (S32, S16, &[]),
        O::I64Extend8S => (S64, S8, &[]),
        O::I64Extend16S => (S64, S16, &[]),
        O::F32ConvertI32S => (F32, S32, RN),
        O::F32ConvertI32U => (F32, U32, RN),
        O::F32ConvertI64S => (F32, S64, RN),
        O::F32ConvertI64U => (F32, U64, RN),
        O::F64ConvertI32S => (F64, S32, RN),
        O::F64ConvertI32U => (F64, U32, RN),
        O::F64ConvertI64S => (F64, S64, RN),
        O::F64ConvertI64U => (F64, U64, RN),
        O::F32DemoteF64 => (F32, F64, RN),
        O::F64PromoteF32 => (F64, F32, &[]),
        _ => return None,
    })
}

fn truncation(operator: &Operator<'_>) -> Option<(Type, Type)> {
    use Operator as O;
    Some(match operator {
        O::I32TruncF32S => (Type::S32, Type::F32),
        O::I32TruncF32U => (Type::U32, Type::F32),
        O::I32TruncF64S => (Type::S32, Type::F64),
        O::I32TruncF64U => (Type::U32, Type::F64),
        O::I64TruncF32S => (Type::S64, Type::F32),
        O::I64TruncF32U => (Type::U64, Type::F32),
        O::I64TruncF64S => (Type::S64, Type::F64),
        O::I64TruncF64U => (Type::U64, Type::F64),
        _ => return None,
    })
}

fn saturating_truncation(operator: &Operator<'_>) -> Option<(Type, Type)> {
    use Operator as O;
    Some(match operator {
        O::I32TruncSatF32S => (Type::S32, Type::F32),
        O::I32TruncSatF32U => (Type::U32, Type::F32),
        O::I32TruncSatF64S => (Type::S32, Type::F64),
        O::I32TruncSatF64U => (Type::U32, Type::F64),
        O::I64TruncSatF32S => (Type::S64, Type::F32),
        O::I64TruncSatF32U => (Type::U64, Type::F32),
        O::I64TruncSatF64S => (Type::S64, Type::F64),
        O::I64TruncSatF64U => (Type::U64, Type::F64),
        _ => return None,
    })
}

/// What the bits become.
fn reinterpretation(operator: &Operator<'_>) -> Option<Type> {
    use Operator as O;
    Some(match operator {
        O::I32ReinterpretF32 => Type::B32,
        O::I64ReinterpretF64 => Type::B64,
        O::F32ReinterpretI32 => Type::F32,
        O::F64ReinterpretI64 => Type::F64,
        _ => return None,
    })
}
