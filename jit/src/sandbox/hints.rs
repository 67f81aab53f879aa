//! Hints at addresses are left out.
//!
//! A prefetch may name any address and promises nothing: a guard would have to end threads for what is no mistake, and without one
//! it reaches for memory of others.

use crate::ir::{Function, Opcode};

pub(super) fn run(function: &mut Function) {
    for block in &mut function.blocks {
        block
            .instructions
            .retain(|instruction| instruction.opcode() != Opcode::Prefetch);
    }
}
