//! Whether a module is small enough to be compiled in seconds, however it is written.

use crate::analysis::{back_edges, exposed_registers, values_at_joins};
use crate::diagnostics::Diagnostics;
use crate::ir::{Function, Module};
use crate::limits::{MAX_BLOCKS, MAX_LIVE_CELLS, max_operations};

pub(super) fn check(module: &Module, found: &mut Diagnostics) {
    let (mut squares, mut cells) = (0usize, 0usize);
    for function in &module.functions {
        let guarded = guarded_blocks(function);
        squares = squares.saturating_add(guarded.saturating_mul(guarded));
        if squares > MAX_BLOCKS * MAX_BLOCKS {
            let message = format!(
                "with the {guarded} basic blocks of this kernel, those of its memory accesses' and loops' guards included, \
                 the module is too large: one kernel may have {MAX_BLOCKS}, several fewer; unroll loops less or split it"
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
        let (values, most) = (
            values_at_joins(function),
            max_operations(module.source_bytes, module.instruction_count()),
        );
        if values > most {
            let message = format!(
                "{values} values pass between basic blocks of this kernel; a source of {} bytes may have {most}: split the \
                 kernel",
                module.source_bytes
            );
            return found.error(function.span, message);
        }
    }
}

/// Blocks that a guard before an access adds, at most.
const BLOCKS_OF_AN_ACCESS: usize = 4;

/// Blocks that a poll in a loop adds.
const BLOCKS_OF_A_LOOP: usize = 2;

/// About how many blocks the kernel will have when it is guarded.
fn guarded_blocks(function: &Function) -> usize {
    let accesses = function
        .instructions()
        .filter(|instruction| instruction.is_access());
    let accesses = accesses.count();
    function.blocks.len()
        + accesses * BLOCKS_OF_AN_ACCESS
        + back_edges(function).len() * BLOCKS_OF_A_LOOP
}

fn exposed(function: &Function) -> usize {
    exposed_registers(function)
        .into_iter()
        .filter(|exposed| *exposed)
        .count()
}
