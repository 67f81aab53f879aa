//! Registers that may be read before they are written start as zero.
//!
//! `ptxas` was seen to put the stack pointer into one, and on the CPU device it would hold what the thread before left there.

use super::editor::instruction;
use crate::analysis::Liveness;
use crate::ir::{BlockId, Function, Instruction, Opcode, Operand, Register, Type};
use smallvec::smallvec;

pub(super) fn run(function: &mut Function) {
    let liveness = Liveness::of(function);
    let read_unwritten = liveness.at_start(BlockId(0));
    let zeroes: Vec<Instruction> = read_unwritten
        .map(|register| zero(register, function.registers[register.index()]))
        .collect();
    if let Some(prelude) = function.blocks.first_mut() {
        prelude.instructions.splice(0..0, zeroes);
    }
}

fn zero(register: Register, ty: Type) -> Instruction {
    let operands = smallvec![Operand::Register(register), Operand::Immediate(0)];
    match ty {
        // `mov` has no 8-bit types, `cvt` has.
        Type::B8 | Type::U8 | Type::S8 => Instruction {
            u: Some(Type::U32),
            ..instruction(Opcode::Cvt, Type::U8, operands)
        },
        ty => instruction(Opcode::Mov, plain(ty), operands),
    }
}

/// The type of bits that `mov` has for registers of this type.
fn plain(ty: Type) -> Type {
    match (ty, ty.bits()) {
        (Type::Pred | Type::F32 | Type::F64, _) => ty,
        (_, 16) => Type::B16,
        (_, 32) => Type::B32,
        _ => Type::B64,
    }
}
