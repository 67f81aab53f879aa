//! IR to PTX text: what a driver gets to see.
//!
//! Nothing of the source's text is forwarded: names are generated, and pragmas, debug sections and comments are gone.

mod guarded;
mod instructions;
mod kernels;
mod layout;
mod variables;

use crate::ir::{BlockId, Function, Module};

pub use guarded::{
    FAULT_RECORD_BYTES, GuardedKernel, GuardedModule, GuardedVariant, LaunchRecord, MAX_BLOCKS,
    is_complete,
};
pub(crate) use instructions::print_name;
use std::fmt::Write as _;

/// Prints a module. A kernel that [`crate::sandbox`] has been over takes one more parameter, the launch record, and is
/// named by its place: `kernel0`, `kernel1`.
pub fn print(module: &Module) -> String {
    let mut text = String::new();
    let (major, minor) = module.version;
    // Writing to a string cannot fail.
    let _ = writeln!(text, ".version {major}.{minor}");
    let _ = writeln!(text, ".target {}", module.target_name);
    let _ = writeln!(text, ".address_size 64");
    variables::print_module(&mut text, module);
    for (index, function) in module.functions.iter().enumerate() {
        text.push('\n');
        kernels::print(&mut text, &kernels::name(index), function, &mut |_, _| {});
    }
    text
}

/// What variants of a kernel are called behind its name.
pub(crate) const VARIANTS: [&str; 2] = ["proved", "partly"];

/// What a variant of a kernel is called, by the kernel's place.
pub(crate) fn variant_name(index: usize, which: &str) -> String {
    format!("{}_{which}", kernels::name(index))
}

/// What a kernel is called, by its place.
pub(crate) fn kernel_name(index: usize) -> String {
    kernels::name(index)
}

/// Adds a variant of a kernel to a module's text, of which so many lines are there; tells where what its proof
/// stands in for is printed.
pub(crate) fn print_variant(
    text: &mut String,
    lines_before: u32,
    name: &str,
    function: &Function,
) -> Lines {
    let mut at = text.len();
    text.push('\n');
    let mut marks = Vec::new();
    let mut mark = |place: usize, mark: Mark| marks.push((place, mark));
    kernels::print(text, name, function, &mut mark);
    let mut before = lines_before;
    let mut number = |place: usize| {
        // Marks stand in the order of the text.
        before += text[at..place].matches('\n').count() as u32;
        at = place;
        before + 1
    };
    let mut lines = Lines::default();
    for (place, mark) in marks {
        match mark {
            Mark::Block(block) => lines.blocks.push((number(place), block)),
            Mark::Covered(claim) => lines.covered.push((number(place), claim)),
        }
    }
    lines.all = number(text.len()) - 1;
    lines
}

/// Lines of a printed text, counted from 1.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// How many there are in all.
    pub(crate) all: u32,
    /// Blocks' labels.
    pub(crate) blocks: Vec<(u32, BlockId)>,
    /// Accesses, and the claims of the proof that stand in for their guards.
    pub(crate) covered: Vec<(u32, u32)>,
}

/// What is printed at a place of a text.
enum Mark {
    Block(BlockId),
    Covered(u32),
}
