//! Floating-point arithmetic and comparisons.

use super::builder::holds;
use super::kernel::Lowering;
use crate::ir::{Modifier, Opcode, Operand, Type};
use wasmparser::Operator;

impl Lowering<'_, '_> {
    /// A floating-point instruction; false if it is none.
    pub(super) fn float(&mut self, operator: &Operator<'_>) -> bool {
        if let Some((opcode, t)) = arithmetic(operator) {
            // Without `.rn`, `ptxas` may make one rounding of a product and a sum.
            self.binary(opcode, t, &[Modifier::Rn]);
            return true;
        }
        if let Some((how, t)) = comparison(operator) {
            self.comparison(how, t);
            return true;
        }
        if let Some((how, t)) = rounding(operator) {
            let a = self.pop_register();
            let rounded = self.code.convert(t, t, t, &[how], a);
            self.stack.push_register(rounded);
            return true;
        }
        match operator {
            Operator::F32Sqrt => self.square_root(Type::F32),
            Operator::F64Sqrt => self.square_root(Type::F64),
            Operator::F32Min => self.extreme_word(Opcode::Min),
            Operator::F32Max => self.extreme_word(Opcode::Max),
            Operator::F64Min => self.extreme_double(Opcode::Min),
            Operator::F64Max => self.extreme_double(Opcode::Max),
            Operator::F32Abs => self.with_sign(Type::F32, Opcode::And, !sign(Type::F32)),
            Operator::F64Abs => self.with_sign(Type::F64, Opcode::And, !sign(Type::F64)),
            Operator::F32Neg => self.with_sign(Type::F32, Opcode::Xor, sign(Type::F32)),
            Operator::F64Neg => self.with_sign(Type::F64, Opcode::Xor, sign(Type::F64)),
            Operator::F32Copysign => self.copy_sign(Type::F32),
            Operator::F64Copysign => self.copy_sign(Type::F64),
            _ => return false,
        }
        true
    }

    fn square_root(&mut self, t: Type) {
        let a = Operand::Register(self.pop_register());
        let root = self.code.compute(Opcode::Sqrt, t, &[Modifier::Rn], [a]);
        self.stack.push_register(root);
    }

    fn extreme_word(&mut self, opcode: Opcode) {
        self.binary(opcode, Type::F32, &[Modifier::NaN]);
    }

    /// `min.f64` and `max.f64` have no `.NaN`: they give the number where one operand is NaN. The sum is NaN then.
    fn extreme_double(&mut self, opcode: Opcode) {
        let (b, a) = (self.pop_register(), self.pop_register());
        let both = [Operand::Register(a), Operand::Register(b)];
        let extreme = self.code.compute(opcode, Type::F64, &[], both.clone());
        let [a, b] = both.clone();
        let nan = self.code.compare(Modifier::Nan, Type::F64, a, b);
        let sum = self
            .code
            .compute(Opcode::Add, Type::F64, &[Modifier::Rn], both);
        let (sum, extreme) = (Operand::Register(sum), Operand::Register(extreme));
        let chosen = self.code.choose(Type::F64, sum, extreme, holds(nan));
        self.stack.push_register(chosen);
    }

    /// Changes the sign as bits: PTX's `abs` and `neg` leave open what becomes of a NaN.
    fn with_sign(&mut self, t: Type, opcode: Opcode, mask: u64) {
        let a = Operand::Register(self.pop_register());
        let d = self.code.register(t);
        let mask = Operand::Immediate(mask & bits_mask(t));
        let operands = [Operand::Register(d), a, mask];
        self.code.emit(opcode, (bits(t), None), &[], operands);
        self.stack.push_register(d);
    }

    fn copy_sign(&mut self, t: Type) {
        let (b, a) = (self.pop_register(), self.pop_register());
        let mask = Operand::Immediate(sign(t));
        let from = [Operand::Register(b), mask];
        let sign_bit = self.code.compute(Opcode::And, bits(t), &[], from);
        let mask = Operand::Immediate(!sign(t) & bits_mask(t));
        let from = [Operand::Register(a), mask];
        let magnitude = self.code.compute(Opcode::And, bits(t), &[], from);
        let d = self.code.register(t);
        let operands = [d, sign_bit, magnitude].map(Operand::Register);
        self.code.emit(Opcode::Or, (bits(t), None), &[], operands);
        self.stack.push_register(d);
    }
}

/// The type of a float's bits.
fn bits(t: Type) -> Type {
    match t {
        Type::F64 => Type::B64,
        _ => Type::B32,
    }
}

fn bits_mask(t: Type) -> u64 {
    u64::MAX >> (64 - t.bits())
}

/// The bit that makes a float negative.
fn sign(t: Type) -> u64 {
    1 << (t.bits() - 1)
}

fn arithmetic(operator: &Operator<'_>) -> Option<(Opcode, Type)> {
    use Operator as O;
    Some(match operator {
        O::F32Add => (Opcode::Add, Type::F32),
        O::F32Sub => (Opcode::Sub, Type::F32),
        O::F32Mul => (Opcode::Mul, Type::F32),
        O::F32Div => (Opcode::Div, Type::F32),
        O::F64Add => (Opcode::Add, Type::F64),
        O::F64Sub => (Opcode::Sub, Type::F64),
        O::F64Mul => (Opcode::Mul, Type::F64),
        O::F64Div => (Opcode::Div, Type::F64),
        _ => return None,
    })
}

fn comparison(operator: &Operator<'_>) -> Option<(Modifier, Type)> {
    use Operator as O;
    Some(match operator {
        O::F32Eq => (Modifier::Eq, Type::F32),
        O::F32Ne => (Modifier::Neu, Type::F32),
        O::F32Lt => (Modifier::Lt, Type::F32),
        O::F32Gt => (Modifier::Gt, Type::F32),
        O::F32Le => (Modifier::Le, Type::F32),
        O::F32Ge => (Modifier::Ge, Type::F32),
        O::F64Eq => (Modifier::Eq, Type::F64),
        O::F64Ne => (Modifier::Neu, Type::F64),
        O::F64Lt => (Modifier::Lt, Type::F64),
        O::F64Gt => (Modifier::Gt, Type::F64),
        O::F64Le => (Modifier::Le, Type::F64),
        O::F64Ge => (Modifier::Ge, Type::F64),
        _ => return None,
    })
}

fn rounding(operator: &Operator<'_>) -> Option<(Modifier, Type)> {
    use Operator as O;
    Some(match operator {
        O::F32Ceil => (Modifier::Rpi, Type::F32),
        O::F32Floor => (Modifier::Rmi, Type::F32),
        O::F32Trunc => (Modifier::Rzi, Type::F32),
        O::F32Nearest => (Modifier::Rni, Type::F32),
        O::F64Ceil => (Modifier::Rpi, Type::F64),
        O::F64Floor => (Modifier::Rmi, Type::F64),
        O::F64Trunc => (Modifier::Rzi, Type::F64),
        O::F64Nearest => (Modifier::Rni, Type::F64),
        _ => return None,
    })
}
