//! Integer arithmetic, logic and comparisons.

use super::builder::holds;
use super::kernel::Lowering;
use super::stack::Value;
use crate::ir::{FaultCause, Modifier, Opcode, Operand, Predicate, Register, Type};
use wasmparser::Operator;

impl Lowering<'_, '_> {
    /// An integer instruction; false if it is none.
    pub(super) fn integer(&mut self, operator: &Operator<'_>) -> bool {
        if let Some((opcode, t, modifiers)) = arithmetic(operator) {
            self.binary(opcode, t, modifiers);
            return true;
        }
        if let Some((how, t)) = comparison(operator) {
            self.comparison(how, t);
            return true;
        }
        match operator {
            Operator::I32Eqz => self.is_zero(Type::U32),
            Operator::I64Eqz => self.is_zero(Type::U64),
            Operator::I32Clz => self.count(Opcode::Clz, Type::B32, false),
            Operator::I64Clz => self.count(Opcode::Clz, Type::B64, false),
            Operator::I32Ctz => self.count(Opcode::Clz, Type::B32, true),
            Operator::I64Ctz => self.count(Opcode::Clz, Type::B64, true),
            Operator::I32Popcnt => self.count(Opcode::Popc, Type::B32, false),
            Operator::I64Popcnt => self.count(Opcode::Popc, Type::B64, false),
            Operator::I32Shl => self.shift(Opcode::Shl, Type::B32),
            Operator::I64Shl => self.shift(Opcode::Shl, Type::B64),
            Operator::I32ShrS => self.shift(Opcode::Shr, Type::S32),
            Operator::I64ShrS => self.shift(Opcode::Shr, Type::S64),
            Operator::I32ShrU => self.shift(Opcode::Shr, Type::U32),
            Operator::I64ShrU => self.shift(Opcode::Shr, Type::U64),
            Operator::I32Rotl => self.rotate_word(Modifier::L),
            Operator::I32Rotr => self.rotate_word(Modifier::R),
            Operator::I64Rotl => self.rotate_double(Opcode::Shl, Opcode::Shr),
            Operator::I64Rotr => self.rotate_double(Opcode::Shr, Opcode::Shl),
            Operator::I32DivS => self.divide(Opcode::Div, Type::S32),
            Operator::I32DivU => self.divide(Opcode::Div, Type::U32),
            Operator::I32RemS => self.divide(Opcode::Rem, Type::S32),
            Operator::I32RemU => self.divide(Opcode::Rem, Type::U32),
            Operator::I64DivS => self.divide(Opcode::Div, Type::S64),
            Operator::I64DivU => self.divide(Opcode::Div, Type::U64),
            Operator::I64RemS => self.divide(Opcode::Rem, Type::S64),
            Operator::I64RemU => self.divide(Opcode::Rem, Type::U64),
            _ => return false,
        }
        true
    }

    /// The two uppermost values: the lower one in a register.
    pub(super) fn pop_pair(&mut self) -> (Operand, Operand) {
        let (b, a) = (self.stack.pop(), self.stack.pop());
        let b = self.code.operand(b);
        (Operand::Register(self.code.in_register(a)), b)
    }

    /// The uppermost value in a register.
    pub(super) fn pop_register(&mut self) -> Register {
        let value = self.stack.pop();
        self.code.in_register(value)
    }

    pub(super) fn binary(&mut self, opcode: Opcode, t: Type, modifiers: &[Modifier]) {
        let (a, b) = self.pop_pair();
        let result = self.code.compute(opcode, t, modifiers, [a, b]);
        self.stack.push_register(result);
    }

    pub(super) fn comparison(&mut self, how: Modifier, t: Type) {
        let (a, b) = self.pop_pair();
        let result = self.code.compare(how, t, a, b);
        self.stack.push(Value::Condition(holds(result)));
    }

    fn is_zero(&mut self, t: Type) {
        let value = match self.stack.pop() {
            Value::Condition(predicate) => Predicate {
                negated: !predicate.negated,
                ..predicate
            },
            value => {
                let a = Operand::Register(self.code.in_register(value));
                let zero = Operand::Immediate(0);
                holds(self.code.compare(Modifier::Eq, t, a, zero))
            }
        };
        self.stack.push(Value::Condition(value));
    }

    /// Counts bits, of the reversed value if asked to; the count is as wide as what it counts in.
    fn count(&mut self, opcode: Opcode, t: Type, reversed: bool) {
        let mut a = self.pop_register();
        if reversed {
            a = self
                .code
                .compute(Opcode::Brev, t, &[], [Operand::Register(a)]);
        }
        let count = self.code.register(Type::B32);
        let operands = [Operand::Register(count), Operand::Register(a)];
        self.code.emit(opcode, (t, None), &[], operands);
        let count = match t.bits() {
            64 => self
                .code
                .convert(Type::B64, Type::U64, Type::U32, &[], count),
            _ => count,
        };
        self.stack.push_register(count);
    }

    /// A shift's amount as `shl` and `shr` take it: 32 bits, modulo the width.
    fn amount(&mut self, value: Value, t: Type) -> Operand {
        let mask = u64::from(t.bits()) - 1;
        if let Value::Constant(bits, _) = value {
            return Operand::Immediate(bits & mask);
        }
        let mut amount = self.code.in_register(value);
        if t.bits() == 64 {
            amount = self
                .code
                .convert(Type::B32, Type::U32, Type::U64, &[], amount);
        }
        let operands = [Operand::Register(amount), Operand::Immediate(mask)];
        Operand::Register(self.code.compute(Opcode::And, Type::B32, &[], operands))
    }

    fn shift(&mut self, opcode: Opcode, t: Type) {
        let amount = self.stack.pop();
        let amount = self.amount(amount, t);
        let a = Operand::Register(self.pop_register());
        let result = self.code.compute(opcode, t, &[], [a, amount]);
        self.stack.push_register(result);
    }

    /// A funnel shift of a word beside itself.
    fn rotate_word(&mut self, direction: Modifier) {
        let amount = self.stack.pop();
        let amount = self.code.operand(amount);
        let a = Operand::Register(self.pop_register());
        let modifiers = [direction, Modifier::Wrap];
        let operands = [a.clone(), a, amount];
        let result = self
            .code
            .compute(Opcode::Shf, Type::B32, &modifiers, operands);
        self.stack.push_register(result);
    }

    /// What is shifted out on one side, by the amount, comes in on the other, by the rest.
    fn rotate_double(&mut self, out: Opcode, back: Opcode) {
        let shift_type = |opcode| match opcode {
            Opcode::Shl => Type::B64,
            _ => Type::U64,
        };
        let amount = self.stack.pop();
        let amount = self.amount(amount, Type::B64);
        let amount = match amount {
            Operand::Immediate(bits) => Value::Constant(bits, Type::B32),
            Operand::Register(register) => Value::Register(register),
            _ => return,
        };
        let amount = Operand::Register(self.code.in_register(amount));
        let a = Operand::Register(self.pop_register());
        let shifted = [a.clone(), amount.clone()];
        let shifted = self.code.compute(out, shift_type(out), &[], shifted);
        let zero = Operand::Register(self.code.in_register(Value::Constant(0, Type::B32)));
        let rest = self
            .code
            .compute(Opcode::Sub, Type::U32, &[], [zero, amount]);
        let operands = [Operand::Register(rest), Operand::Immediate(63)];
        let rest = self.code.compute(Opcode::And, Type::B32, &[], operands);
        let operands = [a, Operand::Register(rest)];
        let returned = self.code.compute(back, shift_type(back), &[], operands);
        let operands = [Operand::Register(shifted), Operand::Register(returned)];
        let result = self.code.compute(Opcode::Or, Type::B64, &[], operands);
        self.stack.push_register(result);
    }

    /// A quotient or a remainder, behind what faults.
    fn divide(&mut self, opcode: Opcode, t: Type) {
        let (divisor, dividend) = (self.stack.pop(), self.stack.pop());
        let ones = u64::MAX >> (64 - t.bits());
        let known = match divisor {
            Value::Constant(bits, _) => Some(bits),
            _ => None,
        };
        let a = Operand::Register(self.code.in_register(dividend));
        let b = Operand::Register(self.code.in_register(divisor));
        let equal = |lowering: &mut Self, value: &Operand, bits| {
            let bits = Operand::Immediate(bits);
            lowering.code.compare(Modifier::Eq, t, value.clone(), bits)
        };
        if known.is_none_or(|bits| bits == 0) {
            let zero = equal(self, &b, 0);
            self.code.fault_if(holds(zero), FaultCause::DivideByZero);
        }
        let overflows = opcode == Opcode::Div && t.is_signed();
        if overflows && known.is_none_or(|bits| bits == ones) {
            let least = equal(self, &a, 1 << (t.bits() - 1));
            let minus_one = equal(self, &b, ones);
            let operands = [Operand::Register(least), Operand::Register(minus_one)];
            let both = self.code.compute(Opcode::And, Type::Pred, &[], operands);
            self.code.fault_if(holds(both), FaultCause::IntegerOverflow);
        }
        let result = self.code.compute(opcode, t, &[], [a, b]);
        self.stack.push_register(result);
    }
}

fn arithmetic(operator: &Operator<'_>) -> Option<(Opcode, Type, &'static [Modifier])> {
    use Operator as O;
    Some(match operator {
        O::I32Add => (Opcode::Add, Type::U32, &[]),
        O::I32Sub => (Opcode::Sub, Type::U32, &[]),
        O::I32Mul => (Opcode::Mul, Type::U32, &[Modifier::Lo]),
        O::I32And => (Opcode::And, Type::B32, &[]),
        O::I32Or => (Opcode::Or, Type::B32, &[]),
        O::I32Xor => (Opcode::Xor, Type::B32, &[]),
        O::I64Add => (Opcode::Add, Type::U64, &[]),
        O::I64Sub => (Opcode::Sub, Type::U64, &[]),
        O::I64Mul => (Opcode::Mul, Type::U64, &[Modifier::Lo]),
        O::I64And => (Opcode::And, Type::B64, &[]),
        O::I64Or => (Opcode::Or, Type::B64, &[]),
        O::I64Xor => (Opcode::Xor, Type::B64, &[]),
        _ => return None,
    })
}

fn comparison(operator: &Operator<'_>) -> Option<(Modifier, Type)> {
    use Operator as O;
    Some(match operator {
        O::I32Eq => (Modifier::Eq, Type::U32),
        O::I32Ne => (Modifier::Ne, Type::U32),
        O::I32LtS => (Modifier::Lt, Type::S32),
        O::I32LtU => (Modifier::Lt, Type::U32),
        O::I32GtS => (Modifier::Gt, Type::S32),
        O::I32GtU => (Modifier::Gt, Type::U32),
        O::I32LeS => (Modifier::Le, Type::S32),
        O::I32LeU => (Modifier::Le, Type::U32),
        O::I32GeS => (Modifier::Ge, Type::S32),
        O::I32GeU => (Modifier::Ge, Type::U32),
        O::I64Eq => (Modifier::Eq, Type::U64),
        O::I64Ne => (Modifier::Ne, Type::U64),
        O::I64LtS => (Modifier::Lt, Type::S64),
        O::I64LtU => (Modifier::Lt, Type::U64),
        O::I64GtS => (Modifier::Gt, Type::S64),
        O::I64GtU => (Modifier::Gt, Type::U64),
        O::I64LeS => (Modifier::Le, Type::S64),
        O::I64LeU => (Modifier::Le, Type::U64),
        O::I64GeS => (Modifier::Ge, Type::S64),
        O::I64GeU => (Modifier::Ge, Type::U64),
        _ => return None,
    })
}
