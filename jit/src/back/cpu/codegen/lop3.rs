//! `lop3`: any function of three bits, from its table.

use super::translate::{Translator, Written};
use crate::ir::{Instruction, Modifier, Operand, Type};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

/// The function of two bits, the first of which counts twice in its table.
fn table_of_two(table: u8, first: bool) -> u8 {
    if first { table >> 4 } else { table & 0xf }
}

impl Translator<'_, '_> {
    /// Writes the word and, in the forms that have one, the predicate.
    pub(super) fn lop3(&mut self, instruction: &Instruction) {
        let combines = instruction.has(Modifier::Or) || instruction.has(Modifier::And);
        let first = if combines { 2 } else { 1 };
        let [a, b, c] = [0, 1, 2].map(|place| self.read(instruction, first + place, Type::B32));
        let table = match instruction.operands.get(first + 3) {
            Some(Operand::Immediate(table)) => *table as u8,
            _ => 0,
        };
        let value = self.function_of_three(table, a, b, c);
        let mut results = vec![Written::new(0, value, Type::B32)];
        if combines {
            let other = self.read(instruction, first + 4, Type::Pred);
            let any = self.builder.ins().icmp_imm_u(IntCC::NotEqual, value, 0);
            let predicate = if instruction.has(Modifier::Or) {
                self.builder.ins().bor(any, other)
            } else {
                self.builder.ins().band(any, other)
            };
            results.push(Written::new(1, predicate, Type::Pred));
        }
        self.write_all(instruction, &results);
    }

    /// What `b` and `c` give where the bit of `a` is set, and where it is not.
    fn function_of_three(&mut self, table: u8, a: Value, b: Value, c: Value) -> Value {
        let (set, clear) = (table_of_two(table, true), table_of_two(table, false));
        let otherwise = self.function_of_two(clear, b, c);
        if set == clear {
            return otherwise;
        }
        if set == clear ^ 0xf {
            return self.builder.ins().bxor(a, otherwise);
        }
        let then = self.function_of_two(set, b, c);
        match (set, clear) {
            (_, 0) => self.builder.ins().band(a, then),
            (0xf, _) => self.builder.ins().bor(a, otherwise),
            (0, _) => self.builder.ins().band_not(otherwise, a),
            _ => self.builder.ins().bitselect(a, then, otherwise),
        }
    }

    fn function_of_two(&mut self, table: u8, b: Value, c: Value) -> Value {
        let ins = self.builder.ins();
        let (value, opposite) = match table {
            0b0000 => (ins.iconst(types::I32, 0), false),
            0b1111 => (ins.iconst(types::I32, 0xffff_ffff), false),
            0b1100 => (b, false),
            0b0011 => (b, true),
            0b1010 => (c, false),
            0b0101 => (c, true),
            0b1000 => (ins.band(b, c), false),
            0b0111 => (ins.band(b, c), true),
            0b1110 => (ins.bor(b, c), false),
            0b0001 => (ins.bor(b, c), true),
            0b0110 => (ins.bxor(b, c), false),
            0b1001 => (ins.bxor(b, c), true),
            0b0100 => (ins.band_not(b, c), false),
            0b1011 => (ins.band_not(b, c), true),
            0b0010 => (ins.band_not(c, b), false),
            _ => (ins.band_not(c, b), true),
        };
        if opposite {
            self.builder.ins().bnot(value)
        } else {
            value
        }
    }
}
