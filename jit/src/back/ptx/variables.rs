//! Variables: the module's own, and those of a kernel.
//!
//! In a sandboxed module none is named any more: the module's own lie in the guest's window, a kernel's shared memory is one array whose
//! size the launch decides, and its local memory is one array.

use super::instructions::{dynamic_name, module_variable_name, variable_name};
use crate::ir::{Function, Hidden, Module, Operand, Space, Symbol, Variable};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The name of all shared memory of a sandboxed kernel.
pub(super) const SHARED: &str = "shared_memory";

/// The name of all local memory of a sandboxed kernel.
pub(super) const LOCAL: &str = "local_memory";

/// What stands before the kernels.
pub(super) fn print_module(text: &mut String, module: &Module) {
    if module.functions.iter().any(|function| function.sandboxed) {
        let uses_shared = |function: &Function| uses(function, Hidden::SharedBase);
        if module.functions.iter().any(uses_shared) {
            let _ = writeln!(text, ".extern .shared .align 128 .b8 {SHARED}[];");
        }
        return;
    }
    for (index, variable) in module.variables.iter().enumerate() {
        print_variable(text, &module_variable_name(index as u32), variable);
    }
    let functions = module.functions.iter();
    let variables = functions.flat_map(|function| &function.variables);
    let dynamic = variables.filter(|variable| variable.dynamic);
    let alignments: BTreeSet<u32> = dynamic.map(|variable| variable.align).collect();
    for align in alignments {
        let name = dynamic_name(align);
        let _ = writeln!(text, ".extern .shared .align {align} .b8 {name}[];");
    }
}

/// Whether a kernel names one of the sandbox's own values.
fn uses(function: &Function, hidden: Hidden) -> bool {
    let mut operands = function.instructions().flat_map(|i| &i.operands);
    operands.any(|operand| *operand == Operand::Hidden(hidden))
}

/// What stands in a kernel's body.
pub(super) fn print_own(text: &mut String, function: &Function) {
    if function.sandboxed {
        if uses(function, Hidden::LocalBase) {
            // What has no size has no address either; its guards let nothing through.
            let bytes = function.variable_bytes(Space::Local).max(1);
            let aligns = function.variables.iter().map(|variable| variable.align);
            let align = aligns.max().unwrap_or(1).max(16);
            let _ = writeln!(text, "\t.local .align {align} .b8 {LOCAL}[{bytes}];");
        }
        return;
    }
    for (index, variable) in function.variables.iter().enumerate() {
        if !variable.dynamic {
            text.push('\t');
            print_variable(
                text,
                &variable_name(function, Symbol::Function(index as u32)),
                variable,
            );
        }
    }
}

fn print_variable(text: &mut String, name: &str, variable: &Variable) {
    let Variable {
        space,
        align,
        bytes,
        initial,
        ..
    } = variable;
    if initial.addresses.is_empty() {
        let _ = write!(text, "{space} .align {align} .b8 {name}[{bytes}]");
        print_bytes(text, &initial.bytes);
    } else {
        // Addresses have eight bytes, and so have all other elements then.
        let _ = write!(text, "{space} .align {align} .u64 {name}[{}]", bytes / 8);
        print_words(text, variable);
    }
    text.push_str(";\n");
}

fn print_bytes(text: &mut String, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let mut separator = " = {";
    for byte in bytes {
        let _ = write!(text, "{separator}{byte}");
        separator = ", ";
    }
    text.push('}');
}

fn print_words(text: &mut String, variable: &Variable) {
    let mut addresses = variable.initial.addresses.iter().peekable();
    let mut separator = " = {";
    for (index, word) in variable.initial.bytes.chunks(8).enumerate() {
        text.push_str(separator);
        separator = ", ";
        match addresses.next_if(|address| address.at == index as u64 * 8) {
            Some(address) => {
                let name = module_variable_name(address.of);
                let _ = if address.generic {
                    write!(text, "generic({name})")
                } else {
                    write!(text, "{name}")
                };
                if address.offset != 0 {
                    let _ = write!(text, "{:+}", address.offset);
                }
            }
            None => {
                let mut bytes = [0; 8];
                bytes[..word.len()].copy_from_slice(word);
                let _ = write!(text, "{}", u64::from_le_bytes(bytes));
            }
        }
    }
    text.push('}');
}
