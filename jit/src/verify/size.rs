//! Whether a module is small enough to be compiled in seconds, however it is written.

use crate::analysis::exposed_registers;
use crate::diagnostics::Diagnostics;
use crate::ir::{Effect, Function, Module};
use crate::limits::{MAX_ACCESSES, MAX_LIVE_CELLS};

pub(super) fn check(module: &Module, found: &mut Diagnostics) {
    let (mut squares, mut cells) = (0usize, 0usize);
    for function in &module.functions {
        let accesses = accesses(function) + function.sites.len();
        squares = squares.saturating_add(accesses.saturating_mul(accesses));
        if squares > MAX_ACCESSES * MAX_ACCESSES {
            let message = format!(
                "with the {accesses} memory accesses and operations that may fault of this kernel the module is too large: \
                 one kernel may have {MAX_ACCESSES}, several fewer; unroll loops less or split the module"
            );
            return found.error(function.span, message);
        }
        let (exposed, blocks) = (exposed(function), function.blocks.len());
        cells = cells.saturating_add(exposed.saturating_mul(blocks));
        if cells > MAX_LIVE_CELLS {
            let message = format!(
                "with the {exposed} registers that pass between {blocks} basic blocks of this kernel the module is too \
                 large: the products may sum to {MAX_LIVE_CELLS}; split the kernel"
            );
            return found.error(function.span, message);
        }
    }
}

fn accesses(function: &Function) -> usize {
    let instructions = function.blocks.iter().flat_map(|block| &block.instructions);
    let effects = instructions.map(|instruction| instruction.opcode().effect());
    effects
        .filter(|effect| matches!(effect, Effect::Load | Effect::Store))
        .count()
}

fn exposed(function: &Function) -> usize {
    exposed_registers(function)
        .into_iter()
        .filter(|exposed| *exposed)
        .count()
}
