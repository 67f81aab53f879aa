//! What makes an untrusted kernel safe to run.
//!
//! Each pass is a file of its own and adds plain IR, so that both back ends get it alike:
//!
//! | pass | what it guarantees |
//! | --- | --- |
//! | `zeroing` | a register that was never written reads as zero |
//! | `predication` | a predicated access is a branch around an access, which a later pass can guard |
//! | `relocation` | no variable is named: the module's own lie in the guest's window, a kernel's in its block's and thread's memory |
//! | `constants` | a constant is read where it lies, in the window |
//! | `copies` | a copy reads no more than it writes |
//! | `hints` | no hint names an address that has no guard, or is a word that a guest made up |
//! | `generic` | a generic access is one in the space that its address is in |
//! | `bounds` | an access lies in the guest's window, in checked mode in a buffer, or in the block's or the thread's memory, at a multiple of its size |
//! | `switches` | an index past a jump table's end takes its last target |
//! | `traps` | `trap` and `brkpt` are recorded faults |
//! | `deadline` | every loop looks at the stop word now and then |
//!
//! What the CPU device does by itself is added where a driver gets the result:
//!
//! | pass | what it guarantees |
//! | --- | --- |
//! | `clearing` | shared and local memory are zero when a block begins |
//! | `together` | as `bounds`, with one guard for as many accesses as can be |
//! | `warps` | lanes of a warp wait for each other only where all of them come |
//! | `entry` | a block of a launch that was told to stop ends before it begins |
//! `variant` makes the second variant of a kernel, without the guards that a proof ([`crate::proof`]) stands in for.

mod bounds;
mod clearing;
mod constants;
mod copies;
mod deadline;
mod editor;
mod entry;
mod extent;
mod generic;
mod held;
mod hints;
mod predication;
mod relocation;
mod runs;
mod small;
mod sums;
mod switches;
mod together;
mod traps;
mod variant;
mod warps;
mod zeroing;

use crate::ir::{BlockId, Function, Module};
pub(crate) use extent::{Extent, ExtentRows};
pub(crate) use relocation::ModuleLayout;
pub(crate) use variant::{Prospect, Variant, prospects};

/// What the passes shall add.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether accesses are held against the table of the guest's buffers, too.
    pub checked: bool,
    /// Whether a driver gets the result: the CPU device does some of this by itself.
    pub gpu: bool,
}

/// Adds every guard to a verified module.
pub fn instrument(module: &mut Module, options: &Options) {
    if module.functions.is_empty() {
        // Nothing reads them, and no relocation would take them out of the module.
        module.variables.clear();
    }
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
    instrument_bounded(function, layout, options, Unwatched::default());
}

/// What is known of each launch of a kernel.
#[derive(Clone, Copy, Debug, Default)]
struct Unwatched<'a> {
    /// Where loops begin that end soon by themselves.
    headers: &'a [BlockId],
    /// Instructions that they do at most in one round of a loop that does look at the stop word.
    within: usize,
    /// Whether no warp has threads of two rows of a block.
    whole_rows: bool,
}

/// As [`instrument_function`], with what is known of each launch.
fn instrument_bounded(
    function: &mut Function,
    layout: &ModuleLayout,
    options: &Options,
    unwatched: Unwatched<'_>,
) {
    editor::add_prelude(function);
    zeroing::run(function);
    predication::run(function);
    relocation::run(function, layout);
    constants::run(function);
    copies::run(function);
    hints::run(function);
    generic::run(function);
    if options.gpu {
        warps::run(function, unwatched.whole_rows);
        clearing::run(function);
    }
    if options.gpu && !options.checked {
        together::run(function);
    }
    bounds::run(function, options.checked);
    switches::run(function);
    traps::run(function);
    deadline::run(function, options.gpu, unwatched);
    if options.gpu {
        entry::run(function);
    }
    function.sandboxed = true;
}
