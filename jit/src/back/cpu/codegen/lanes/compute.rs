//! Instructions on vectors.

use super::super::super::target::fuses_vectors;
use super::super::compare::{float_condition, integer_condition};
use super::super::translate::Translator;
use super::{Held, flags, is_word, vector_type};
use crate::analysis::Lanes;
use crate::ir::{Instruction, Modifier, Opcode, Operand, Register, Role, Type};
use cranelift_codegen::ir::{InstBuilder, Value, types};

/// Modifiers that change what an instruction computes in a way that vectors do not know.
const UNKNOWN: [Modifier; 14] = [
    Modifier::Sat,
    Modifier::Ftz,
    Modifier::Hi,
    Modifier::Rz,
    Modifier::Rm,
    Modifier::Rp,
    Modifier::Relu,
    Modifier::NaN,
    Modifier::XorSign,
    Modifier::And,
    Modifier::Or,
    Modifier::Xor,
    Modifier::Cc,
    Modifier::SatFinite,
];

impl Translator<'_, '_> {
    /// Does an instruction on vectors; false if there is no such form.
    pub(super) fn compute_packed(&mut self, instruction: &Instruction) -> bool {
        let Some(register) = self.packed_destination(instruction) else {
            return false;
        };
        let is_supported = self.is_supported(instruction);
        if !is_supported {
            return false;
        }
        let mut results = Vec::new();
        for part in 0..self.group_size() / super::WIDTH {
            match self.packed_result(instruction, part) {
                Some(value) => results.push(value),
                None => return false,
            }
        }
        for (part, value) in results.into_iter().enumerate() {
            let value = self.under_predicate(instruction, register, part as u32, value);
            let ty = self.kernel.registers[register.index()];
            let value = self.as_vector(value, vector_type(ty));
            self.set_cell(register, part, value);
        }
        true
    }

    /// The only register that an instruction writes, if it is held in vectors.
    fn packed_destination(&self, instruction: &Instruction) -> Option<Register> {
        let roles = &instruction.form.form().roles;
        let written: Vec<(&Role, &Operand)> = roles
            .iter()
            .zip(&instruction.operands)
            .filter(|(role, operand)| role.destination && **operand != Operand::Absent)
            .collect();
        match written.as_slice() {
            [(_, Operand::Register(register))] if self.held(*register) == Held::Packed => {
                Some(*register)
            }
            _ => None,
        }
    }

    fn is_supported(&self, instruction: &Instruction) -> bool {
        let opcodes = [
            Opcode::Add,
            Opcode::Sub,
            Opcode::Mul,
            Opcode::Mad,
            Opcode::Fma,
            Opcode::And,
            Opcode::Or,
            Opcode::Xor,
            Opcode::Not,
            Opcode::Neg,
            Opcode::Abs,
            Opcode::Min,
            Opcode::Max,
            Opcode::Shl,
            Opcode::Shr,
            Opcode::Mov,
            Opcode::Selp,
            Opcode::Setp,
            Opcode::Cvt,
            Opcode::Div,
            Opcode::Sqrt,
            Opcode::Rcp,
        ];
        let is_word = instruction
            .t
            .is_some_and(|t| is_word(t) && (t == Type::F32 || t.is_integer()));
        let is_plain = !UNKNOWN.iter().any(|modifier| instruction.has(*modifier));
        // No processor compares floats so in one step.
        let is_odd = instruction.opcode() == Opcode::Setp
            && instruction.t == Some(Type::F32)
            && (instruction.has(Modifier::Ne) || instruction.has(Modifier::Equ));
        let fuses = instruction.opcode() != Opcode::Fma || fuses_vectors();
        is_word && is_plain && !is_odd && fuses && opcodes.contains(&instruction.opcode())
    }

    /// The value of four threads; none if there is no vector form after all.
    fn packed_result(&mut self, instruction: &Instruction, part: u32) -> Option<Value> {
        let t = instruction.t?;
        let operand = |index: usize| instruction.operands.get(index);
        let is_float = t == Type::F32;
        let opcode = instruction.opcode();
        match opcode {
            Opcode::Setp => {
                let (a, b) = (
                    self.vector(operand(2)?, t, part)?,
                    self.vector(operand(3)?, t, part)?,
                );
                return Some(if is_float {
                    self.builder.ins().fcmp(float_condition(instruction), a, b)
                } else {
                    self.builder
                        .ins()
                        .icmp(integer_condition(instruction, t), a, b)
                });
            }
            Opcode::Selp => {
                let (a, b) = (
                    self.vector(operand(1)?, t, part)?,
                    self.vector(operand(2)?, t, part)?,
                );
                let mask = self.vector(operand(3)?, Type::Pred, part)?;
                let mask = self.as_vector(mask, vector_type(t));
                return Some(self.builder.ins().bitselect(mask, a, b));
            }
            Opcode::Cvt => return self.convert_packed(instruction, t, part),
            Opcode::Shl | Opcode::Shr => return self.shift_packed(instruction, t, part),
            _ => {}
        }
        let a = self.vector(operand(1)?, t, part)?;
        let mut b = || self.vector(operand(2)?, t, part);
        Some(match opcode {
            Opcode::Mov => a,
            Opcode::Not => self.builder.ins().bnot(a),
            Opcode::Neg if is_float => self.builder.ins().fneg(a),
            Opcode::Neg => self.builder.ins().ineg(a),
            Opcode::Abs if is_float => self.builder.ins().fabs(a),
            Opcode::Abs => self.builder.ins().iabs(a),
            Opcode::Sqrt => self.builder.ins().sqrt(a),
            Opcode::Rcp => {
                let one = self.builder.ins().f32const(1.0);
                let one = self.builder.ins().splat(types::F32X4, one);
                self.builder.ins().fdiv(one, a)
            }
            Opcode::Fma => {
                let (b, c) = (b()?, self.vector(operand(3)?, t, part)?);
                self.builder.ins().fma(a, b, c)
            }
            Opcode::Mad => {
                let (b, c) = (b()?, self.vector(operand(3)?, t, part)?);
                let product = self.builder.ins().imul(a, b);
                self.builder.ins().iadd(product, c)
            }
            _ => {
                let b = b()?;
                let ins = self.builder.ins();
                match opcode {
                    Opcode::Add if is_float => ins.fadd(a, b),
                    Opcode::Sub if is_float => ins.fsub(a, b),
                    Opcode::Mul if is_float => ins.fmul(a, b),
                    Opcode::Div if is_float => ins.fdiv(a, b),
                    Opcode::Add => ins.iadd(a, b),
                    Opcode::Sub => ins.isub(a, b),
                    Opcode::Mul => ins.imul(a, b),
                    Opcode::And => ins.band(a, b),
                    Opcode::Or => ins.bor(a, b),
                    Opcode::Xor => ins.bxor(a, b),
                    Opcode::Min if !is_float && t.is_signed() => ins.smin(a, b),
                    Opcode::Min if !is_float => ins.umin(a, b),
                    Opcode::Max if !is_float && t.is_signed() => ins.smax(a, b),
                    Opcode::Max if !is_float => ins.umax(a, b),
                    _ => return None,
                }
            }
        })
    }

    fn convert_packed(&mut self, instruction: &Instruction, to: Type, part: u32) -> Option<Value> {
        let from = instruction.u.filter(|from| is_word(*from))?;
        let a = self.vector(instruction.operands.get(1)?, from, part)?;
        match (from == Type::F32, to == Type::F32) {
            (false, true) if from.is_signed() => {
                Some(self.builder.ins().fcvt_from_sint(types::F32X4, a))
            }
            (false, true) => Some(self.builder.ins().fcvt_from_uint(types::F32X4, a)),
            (false, false) if from.is_integer() && to.is_integer() => Some(a),
            _ => None,
        }
    }

    /// A shift by a constant.
    fn shift_packed(&mut self, instruction: &Instruction, t: Type, part: u32) -> Option<Value> {
        let Some(Operand::Immediate(amount)) = instruction.operands.get(2) else {
            return None;
        };
        let a = self.vector(instruction.operands.get(1)?, t, part)?;
        let amount = i64::try_from(*amount).ok().filter(|amount| *amount < 32)?;
        Some(match instruction.opcode() {
            Opcode::Shl => self.builder.ins().ishl_imm_u(a, amount),
            _ if t.is_signed() => self.builder.ins().sshr_imm_u(a, amount),
            _ => self.builder.ins().ushr_imm_u(a, amount),
        })
    }

    /// An operand's values in four threads, as a vector for its type; none if it is not held so that there is one.
    pub(super) fn vector(&mut self, operand: &Operand, ty: Type, part: u32) -> Option<Value> {
        let wanted = vector_type(ty);
        let vector = match operand {
            Operand::Register(register) => {
                let held = self.kernel.registers[register.index()];
                if (held == Type::Pred) != (ty == Type::Pred)
                    || (held.bits() != 32 && held != Type::Pred)
                {
                    return None;
                }
                self.packed(*register, part)
            }
            Operand::Negated(register) => {
                let mask = self.packed(*register, part);
                self.builder.ins().bnot(mask)
            }
            Operand::Immediate(_) | Operand::Special(_) if ty != Type::Pred => {
                let first = self.value(operand, ty);
                let lanes = self.lanes_of_operand(operand)?;
                self.spread(first, lanes, ty, part)
            }
            _ => return None,
        };
        Some(self.as_vector(vector, wanted))
    }

    /// How an operand that is no register differs between threads; none if it has to be asked for each.
    fn lanes_of_operand(&self, operand: &Operand) -> Option<Lanes> {
        use crate::ir::SpecialRegister as S;
        match operand {
            Operand::Special(S::TidX | S::LaneId) => Some(Lanes::Even(1)),
            Operand::Special(
                S::LanemaskEq | S::LanemaskLe | S::LanemaskLt | S::LanemaskGe | S::LanemaskGt,
            ) => None,
            _ => Some(Lanes::Uniform),
        }
    }

    pub(super) fn as_vector(&mut self, value: Value, wanted: cranelift_codegen::ir::Type) -> Value {
        if self.builder.func.dfg.value_type(value) == wanted {
            value
        } else {
            self.builder
                .ins()
                .bitcast(wanted, flags_of_vectors(), value)
        }
    }

    /// The new value where the predicate holds, else the old one.
    fn under_predicate(
        &mut self,
        instruction: &Instruction,
        register: Register,
        part: u32,
        value: Value,
    ) -> Value {
        let Some(predicate) = instruction.predicate else {
            return value;
        };
        let old = self.packed(register, part);
        let ty = self.builder.func.dfg.value_type(old);
        let value = self.as_vector(value, ty);
        let mask = self.packed(predicate.register, part);
        let mask = self.as_vector(mask, ty);
        let (taken, kept) = if predicate.negated {
            (old, value)
        } else {
            (value, old)
        };
        self.builder.ins().bitselect(mask, taken, kept)
    }
}

/// Vectors of all types lie in the same order.
fn flags_of_vectors() -> cranelift_codegen::ir::MemFlagsData {
    flags().with_endianness(cranelift_codegen::ir::Endianness::Little)
}
