//! Which kernels run their threads in step, and how many at once.

use super::suspension;
use crate::analysis::{Lanes, Liveness, back_edges, lanes};
use crate::ir::{BlockId, Function, Instruction, Opcode, Operand, Register, Type};

/// The most instructions of a kernel that is compiled for threads in step, too: compiling takes a time that grows faster than the
/// kernel.
const MAX_INSTRUCTIONS: usize = 4000;

/// The most vectors that are live at once where a loop begins: as many as there are registers, less some for what a loop
/// computes.
const VECTORS: usize = 8;

/// How many threads of a kernel run in step; none if each runs alone.
pub(super) fn group(function: &Function) -> Option<u32> {
    let is_checked = |instruction: &Instruction| {
        instruction.opcode() == Opcode::LdSandbox && instruction.t == Some(Type::U16)
    };
    if function.instruction_count() > MAX_INSTRUCTIONS
        || function.variable_bytes(crate::ir::Space::Local) > 0
        || function.instructions().any(is_checked)
    {
        return None;
    }
    let lanes = lanes(function, 4);
    if !is_worth_it(function, &lanes) {
        return None;
    }
    let live = most_live(function, &lanes);
    let fitting = [32u32, 16, 8]
        .into_iter()
        .find(|group| live * (*group as usize / 4) <= VECTORS);
    Some(fitting.unwrap_or(4))
}

/// Whether most of what differs between threads is held four to a vector.
fn is_worth_it(function: &Function, lanes: &[Lanes]) -> bool {
    let (mut packed, mut single) = (0usize, 0usize);
    for instruction in function.instructions() {
        let Some(Operand::Register(register)) = instruction.operands.first() else {
            continue;
        };
        let writes = instruction
            .form
            .form()
            .roles
            .first()
            .is_some_and(|role| role.destination);
        if !writes || lanes[register.index()] != Lanes::Varying {
            continue;
        }
        match function.registers[register.index()].bits() {
            32 => packed += 1,
            1 => {}
            _ => single += 1,
        }
    }
    // A loop is run in step however much is exchanged behind it.
    let has_loop = !back_edges(function).is_empty();
    packed > 0 && single <= packed && (has_loop || !suspension::exchanges_much(function))
}

/// The most registers held in vectors that are live where some block begins.
fn most_live(function: &Function, lanes: &[Lanes]) -> usize {
    let liveness = Liveness::of(function);
    let is_vector = |register: &Register| {
        lanes[register.index()] == Lanes::Varying
            && function.registers[register.index()].bits() == 32
    };
    let blocks = (0..function.blocks.len()).map(|index| BlockId(index as u32));
    let counts = blocks.map(|block| liveness.at_start(block).filter(is_vector).count());
    counts.max().unwrap_or(0)
}
