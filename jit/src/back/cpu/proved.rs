//! The second variant of a kernel.

use super::suspension;
use crate::analysis::rows::{Plan, mark_rows};
use crate::ir::Function;
use crate::sandbox::{ModuleLayout, Options, instrument_function};

/// The most instructions of a kernel that is compiled twice: compiling takes a time that grows faster than the kernel.
const MAX_INSTRUCTIONS: usize = 2000;

/// The most basic blocks of one: finding dominators takes a time that grows with their cube at worst.
const MAX_BLOCKS: usize = 200;

/// A kernel without the guards of accesses that step evenly along a row of threads, and how to hold a row's ends against
/// the window before it is run.
#[derive(Debug)]
pub(crate) struct Proved {
    pub(crate) function: Function,
    pub(crate) plan: Plan,
}

impl Proved {
    /// The variant of a verified kernel that no guard is in yet; none if no access steps evenly.
    pub(crate) fn of(function: &Function, layout: &ModuleLayout) -> Option<Self> {
        let size = function.instruction_count();
        let is_large = size > MAX_INSTRUCTIONS || function.blocks.len() > MAX_BLOCKS;
        if is_large || suspension::waits(function) || function.has_small_variables() {
            return None;
        }
        let mut function = function.clone();
        let plan = mark_rows(&mut function)?;
        instrument_function(&mut function, layout, &Options::default());
        Some(Self { function, plan })
    }
}

/// The second variant of the function at this place, if it has one.
pub(super) fn variant(proved: &[Option<Proved>], index: usize) -> Option<&Proved> {
    proved.get(index).and_then(Option::as_ref)
}
