//! IR to PTX text: what a driver gets to see.
//!
//! Nothing of the source's text is forwarded: names are generated, and pragmas, debug sections and comments are gone.

mod guarded;
mod instructions;
mod kernels;
mod layout;
mod variables;

use crate::ir::{Function, Module};

pub use guarded::{FAULT_RECORD_BYTES, GuardedKernel, GuardedModule, LaunchRecord, MAX_BLOCKS};
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
        kernels::print(&mut text, &kernels::name(index), function);
    }
    text
}

/// What the second variant of a kernel is called, by the kernel's place.
pub(crate) fn variant_name(index: usize) -> String {
    format!("{}_proved", kernels::name(index))
}

/// What a kernel is called, by its place.
pub(crate) fn kernel_name(index: usize) -> String {
    kernels::name(index)
}

/// Adds the second variant of the kernel at this place to a module's text.
pub(crate) fn print_variant(text: &mut String, index: usize, function: &Function) {
    text.push('\n');
    kernels::print(text, &variant_name(index), function);
}
