//! What an instruction's results are, and whether it may be done.
//!
//! Only what guards are made of is looked into. The results of everything else are unknown, which is always true.

use super::super::refusal::Reason;
use super::super::table::{Kind, type_bytes};
use super::super::text::{Base, Instruction, Operand};
use super::given;
use super::names::each_write;
use super::value::{Comparison, Given, Node, ValueId, largest};
use super::walk::State;

impl State<'_, '_> {
    pub(super) fn instruction(&mut self, instruction: &Instruction<'_>) -> Result<(), Reason> {
        let result = match instruction.name.row.kind {
            Kind::Pure => self.result(instruction),
            Kind::Order | Kind::Collective => None,
            Kind::Barrier => {
                let number = instruction.operands.iter().find_map(as_number);
                if number != Some(0) {
                    return Err(Reason::Barrier(instruction.name.text.to_owned()));
                }
                None
            }
            Kind::Parameter => self.parameter(instruction)?,
            Kind::Access => self.access(instruction)?,
            Kind::CopyAsync => self.copy(instruction)?,
            Kind::Rows => self.rows(instruction)?,
            Kind::Matrix => self.matrix(instruction)?,
        };
        self.write(instruction, result);
        Ok(())
    }

    /// Gives each register that is written its value: the result, or something.
    fn write(&mut self, instruction: &Instruction<'_>, result: Option<ValueId>) {
        let single = matches!(instruction.operands.first(), Some(Operand::Register(_)));
        let most = loaded_most(instruction);
        let guard = instruction.guard;
        let mut written = Vec::new();
        each_write(instruction, &mut |register| written.push(register));
        for register in written {
            let width = self.width(register);
            let fitting = result.filter(|value| single && self.values.width(*value) == width);
            let mut value = match fitting {
                Some(value) => value,
                None => self.values.unknown(width, most.min(largest(width))),
            };
            if let Some((predicate, negated)) = guard {
                let (new, old) = (value, self.held(register));
                let predicate = self.held(predicate);
                let (then, otherwise) = if negated { (old, new) } else { (new, old) };
                value = self.values.select(predicate, then, otherwise);
            }
            self.hold(register, value);
        }
    }

    /// The result of an instruction that does nothing else.
    fn result(&mut self, instruction: &Instruction<'_>) -> Option<ValueId> {
        let words: Vec<&str> = instruction.name.words().collect();
        let operands = instruction.operands.as_ref();
        match (instruction.name.row.name, words.as_slice(), operands) {
            ("setp", [how, ty], [_, a, b]) => self.comparison(how, ty, a, b),
            ("setp", [how, joined @ ("and" | "or"), ty], [_, a, b, with]) => {
                let with = self.operand(with, 1)?;
                let compared = self.comparison(how, ty, a, b);
                let compared = compared.unwrap_or_else(|| self.values.unknown(1, 1));
                Some(self.values.predicate(match *joined {
                    "and" => Node::Both(compared, with),
                    _ => Node::Either(compared, with),
                }))
            }
            ("not", ["pred"], [_, a]) => {
                let a = self.operand(a, 1)?;
                Some(self.values.predicate(Node::Not(a)))
            }
            ("and", ["pred"], [_, a, b]) => {
                let (a, b) = (self.operand(a, 1)?, self.operand(b, 1)?);
                Some(self.values.predicate(Node::Both(a, b)))
            }
            ("or", ["pred"], [_, a, b]) => {
                let (a, b) = (self.operand(a, 1)?, self.operand(b, 1)?);
                Some(self.values.predicate(Node::Either(a, b)))
            }
            ("selp", [ty], [_, a, b, condition]) => {
                let width = integer_width(ty)?;
                let (a, b) = (self.operand(a, width)?, self.operand(b, width)?);
                let condition = self.operand(condition, 1)?;
                Some(self.values.select(condition, a, b))
            }
            ("mul", ["wide", "u32"], [_, a, b]) => {
                let (a, b) = (self.operand(a, 32)?, self.operand(b, 32)?);
                Some(self.values.wide_product(a, b))
            }
            ("cvt", ["u64", "u32"], [_, a]) => {
                let a = self.operand(a, 32)?;
                Some(self.values.widened(a))
            }
            ("cvt", ["u32", "u64"], [_, a]) => {
                let a = self.operand(a, 64)?;
                Some(self.values.low(a))
            }
            ("mul", ["lo", ty], [_, a, b]) => {
                let (a, b) = self.pair(ty, a, b)?;
                self.product(a, b)
            }
            ("mad", ["lo", ty], [_, a, b, c]) => {
                let (a, b) = self.pair(ty, a, b)?;
                let product = self.product(a, b)?;
                let c = self.operand(c, integer_width(ty)?)?;
                Some(self.values.add_scaled(c, product, 1))
            }
            ("mov", [ty], [_, a]) => self.operand(a, integer_width(ty)?),
            (name, [ty], [_, a, b]) => self.binary(name, ty, a, b),
            _ => None,
        }
    }

    fn pair(&mut self, ty: &str, a: &Operand<'_>, b: &Operand<'_>) -> Option<(ValueId, ValueId)> {
        let width = integer_width(ty)?;
        Some((self.operand(a, width)?, self.operand(b, width)?))
    }

    fn product(&mut self, a: ValueId, b: ValueId) -> Option<ValueId> {
        match (self.values.as_constant(a), self.values.as_constant(b)) {
            (_, Some(factor)) => Some(self.values.scaled(a, factor)),
            (Some(factor), _) => Some(self.values.scaled(b, factor)),
            _ => None,
        }
    }

    fn binary(
        &mut self,
        name: &str,
        ty: &str,
        a: &Operand<'_>,
        b: &Operand<'_>,
    ) -> Option<ValueId> {
        let width = integer_width(ty)?;
        if let "shl" | "shr" = name {
            let (a, count) = (self.operand(a, width)?, as_number(b)?);
            let count = u32::try_from(count).ok().filter(|count| *count < width)?;
            return match name {
                "shl" => Some(self.values.scaled(a, 1 << count)),
                _ if ty.starts_with('s') => None,
                _ => Some(self.values.shift_right(a, count)),
            };
        }
        let (a, b) = self.pair(ty, a, b)?;
        match name {
            "add" => Some(self.values.add_scaled(a, b, 1)),
            "sub" => Some(self.values.add_scaled(a, b, u64::MAX)),
            "and" => {
                let mask = self.values.as_constant(b)?;
                Some(self.values.and(a, mask))
            }
            "min" if ty.starts_with('u') => {
                let limit = self.values.as_constant(b)?;
                Some(self.values.at_most(a, limit))
            }
            _ => None,
        }
    }

    /// A comparison without sign, or for equality.
    fn comparison(
        &mut self,
        how: &str,
        ty: &str,
        a: &Operand<'_>,
        b: &Operand<'_>,
    ) -> Option<ValueId> {
        let (a, b) = self.pair(ty, a, b)?;
        let is_unsigned = ty.starts_with('u');
        let (comparison, a, b) = match how {
            "eq" | "ne" => (Comparison::Equal, a, b),
            "lt" | "lo" if is_unsigned => (Comparison::Less, a, b),
            "gt" | "hi" if is_unsigned => (Comparison::Less, b, a),
            "le" | "ls" if is_unsigned => (Comparison::AtMost, a, b),
            "ge" | "hs" if is_unsigned => (Comparison::AtMost, b, a),
            _ => return None,
        };
        let result = self.values.predicate(Node::Compare(comparison, a, b));
        match how {
            "ne" => Some(self.values.predicate(Node::Not(result))),
            _ => Some(result),
        }
    }

    /// A read of a parameter, or of a field of the launch record.
    fn parameter(&mut self, instruction: &Instruction<'_>) -> Result<Option<ValueId>, Reason> {
        let bytes = access_bytes(instruction)?;
        let Some(Operand::Address(base, offset)) = instruction.operands.get(1) else {
            return Err(Reason::Operands(instruction.name.text.to_owned()));
        };
        let index = match base {
            Base::Record => {
                let given: Option<Given> = given::at(*offset);
                let is_whole = instruction.name.text == "ld.param.u64";
                return match given.filter(|_| is_whole) {
                    Some(given) => Ok(Some(self.given(given))),
                    None => Err(Reason::OwnState),
                };
            }
            Base::Parameter(index) => *index as usize,
            Base::Register(_) => return Err(Reason::WrongMemory(instruction.name.text.to_owned())),
        };
        self.read_parameter(index, *offset, bytes)
    }
}

fn as_number(operand: &Operand<'_>) -> Option<u64> {
    match operand {
        Operand::Number(number) => Some(*number),
        _ => None,
    }
}

/// Bits of an integer type of 32 or 64, or of a predicate.
fn integer_width(ty: &str) -> Option<u32> {
    match ty {
        "u32" | "s32" | "b32" => Some(32),
        "u64" | "s64" | "b64" => Some(64),
        "pred" => Some(1),
        _ => None,
    }
}

/// The largest number that a load without sign puts into a register.
fn loaded_most(instruction: &Instruction<'_>) -> u64 {
    let ty = instruction.name.words().last().unwrap_or("");
    let is_load = matches!(instruction.name.row.name, "ld" | "ld.param" | "ldu");
    match type_bytes(ty) {
        Some(bytes) if is_load && ty.starts_with(['u', 'b']) => largest(8 * bytes),
        _ => u64::MAX,
    }
}

/// Bytes of an access: of its one type, times its vector.
pub(super) fn access_bytes(instruction: &Instruction<'_>) -> Result<u32, Reason> {
    let mut types = instruction.name.words().filter_map(type_bytes);
    let mut vectors = instruction.name.words().filter_map(|word| match word {
        "v2" => Some(2),
        "v4" => Some(4),
        _ => None,
    });
    match (types.next(), types.next(), vectors.next(), vectors.next()) {
        (Some(bytes), None, vector, None) => Ok(bytes * vector.unwrap_or(1)),
        _ => Err(Reason::NotAllowed(instruction.name.text.to_owned())),
    }
}
