//! What makes an untrusted kernel safe to run.
//!
//! Each pass is a file of its own and adds plain IR, so that both back ends get it alike:
//!
//! | pass | what it guarantees |
//! | --- | --- |
//! | `zeroing` | a register that was never written reads as zero |
//! | `predication` | a predicated access is a branch around an access, which a later pass can guard |
//! | `relocation` | no variable is named: the module's own lie in the guest's window, a kernel's in its block's and thread's memory |
//! | `generic` | a generic access is one in the space that its address is in |
//! | `bounds` | an access lies in the guest's window, in checked mode in a buffer, or in the block's or the thread's memory, at a multiple of its size |
//! | `traps` | `trap` and `brkpt` are recorded faults |
//! | `deadline` | every loop looks at the stop word now and then |
//!
//! `variant` makes the second variant of a kernel, without the guards that a proof ([`crate::proof`]) stands in for.

mod bounds;
mod deadline;
mod editor;
mod extent;
mod generic;
mod predication;
mod relocation;
mod small;
mod sums;
mod traps;
mod variant;
mod zeroing;

use crate::ir::{BlockId, Function, Module};
pub(crate) use extent::{Extent, ExtentRows};
pub(crate) use relocation::ModuleLayout;
pub(crate) use variant::{Prospect, prospects};

/// What the passes shall add.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether accesses are held against the table of the guest's buffers, too.
    pub checked: bool,
}

/// Adds every guard to a verified module.
pub fn instrument(module: &mut Module, options: &Options) {
    let layout = ModuleLayout::of(module);
    for function in &mut module.functions {
        instrument_function(function, &layout, options);
    }
}

/// Adds every guard to one function but those of accesses that are proved by rows, or at each launch.
pub(crate) fn instrument_function(
    function: &mut Function,
    layout: &ModuleLayout,
    options: &Options,
) {
    instrument_bounded(function, layout, options, &[]);
}

/// As [`instrument_function`]; loops that begin in these blocks end by themselves.
fn instrument_bounded(
    function: &mut Function,
    layout: &ModuleLayout,
    options: &Options,
    bounded: &[BlockId],
) {
    editor::add_prelude(function);
    zeroing::run(function);
    predication::run(function);
    relocation::run(function, layout);
    generic::run(function);
    bounds::run(function, options.checked);
    traps::run(function);
    deadline::run(function, bounded);
    function.sandboxed = true;
}
