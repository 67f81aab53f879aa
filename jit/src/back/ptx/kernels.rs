//! Kernels: head, registers, blocks, and the code that records a fault.

use super::Mark;
use super::instructions::{
    self, FAULT_OFFSET, RECORD, RECORD_BYTES, hidden_offset, hidden_register, register,
};
use super::layout;
use super::variables::{self, LOCAL, SHARED};
use crate::ir::{
    BlockId, FaultCause, Function, Hidden, Operand, ParameterDeclaration, Register, Terminator,
};
use std::fmt::Write as _;

/// Prints a kernel; marks at which byte its blocks begin, and the accesses that a proof covers, for whoever wants to know.
pub(super) fn print(
    text: &mut String,
    name: &str,
    function: &Function,
    mark: &mut impl FnMut(usize, Mark),
) {
    print_head(text, name, function);
    text.push_str("{\n");
    print_registers(text, function);
    variables::print_own(text, function);
    if function.sandboxed {
        print_hidden(text, function);
    }
    let order = layout::order(function);
    for (place, number) in order.iter().enumerate() {
        let block = &function.blocks[number.index()];
        mark(text.len(), Mark::Block(*number));
        let _ = writeln!(text, "$B{}:", number.0);
        for instruction in &block.instructions {
            let covered = instruction.operands.iter().filter_map(covered);
            covered.for_each(|claim| mark(text.len(), Mark::Covered(claim)));
            instructions::print(text, function, instruction);
        }
        let next = order.get(place + 1).copied();
        let is_empty = block.instructions.is_empty();
        print_terminator(text, function, *number, next, is_empty);
    }
    if !function.sites.is_empty() {
        print_recorder(text);
    }
    text.push_str("}\n");
}

/// The claim of a proof that stands in for the guard of an access to this address.
fn covered(operand: &Operand) -> Option<u32> {
    match operand {
        Operand::Address(address) => address.covered.map(|claim| claim.get() - 1),
        _ => None,
    }
}

/// What a kernel is called, by its place.
pub(super) fn name(index: usize) -> String {
    format!("kernel{index}")
}

fn print_head(text: &mut String, name: &str, function: &Function) {
    let _ = write!(text, ".visible .entry {name}(");
    let mut separator = "\n\t";
    for (number, parameter) in function.parameters.iter().enumerate() {
        text.push_str(separator);
        print_parameter(text, number, parameter);
        separator = ",\n\t";
    }
    if function.sandboxed {
        let _ = write!(
            text,
            "{separator}.param .align 8 .b8 {RECORD}[{RECORD_BYTES}]"
        );
    }
    text.push_str("\n)\n");
    match (function.required_block, function.max_threads) {
        (Some([x, y, z]), _) => drop(writeln!(text, ".reqntid {x}, {y}, {z}")),
        (None, Some(threads)) => drop(writeln!(text, ".maxntid {threads}, 1, 1")),
        (None, None) => {}
    }
}

fn print_parameter(text: &mut String, number: usize, parameter: &ParameterDeclaration) {
    let align = if parameter.array.is_some() || parameter.align > parameter.ty.bytes() {
        format!(".align {} ", parameter.align)
    } else {
        String::new()
    };
    let pointer = if parameter.pointer { " .ptr" } else { "" };
    let _ = write!(text, ".param {align}{}{pointer} p{number}", parameter.ty);
    if let Some(size) = parameter.array {
        let _ = write!(text, "[{size}]");
    }
}

fn print_registers(text: &mut String, function: &Function) {
    for (number, ty) in function.registers.iter().enumerate() {
        let name = register(function, Register(number as u32));
        let _ = writeln!(text, "\t.reg {ty} {name};");
    }
}

/// The launch record's fields in registers, and what the recorder needs.
fn print_hidden(text: &mut String, function: &Function) {
    for hidden in [
        Hidden::WindowBase,
        Hidden::WindowMapped,
        Hidden::Granules,
        Hidden::Stop,
        Hidden::Variables,
        Hidden::SharedSize,
        Hidden::Look,
        Hidden::SharedBase,
        Hidden::LocalBase,
    ] {
        let uses = |operand: &Operand| *operand == Operand::Hidden(hidden);
        let mut operands = function.instructions().flat_map(|i| &i.operands);
        if operands.any(uses) {
            let name = hidden_register(hidden);
            let _ = writeln!(text, "\t.reg .b64 {name};");
            let _ = match hidden {
                Hidden::SharedBase => writeln!(text, "\tmov.u64 {name}, {SHARED};"),
                Hidden::LocalBase => writeln!(text, "\tmov.u64 {name}, {LOCAL};"),
                _ => writeln!(
                    text,
                    "\tld.param.u64 {name}, [{RECORD}+{}];",
                    hidden_offset(hidden)
                ),
            };
        }
    }
    if !function.sites.is_empty() {
        text.push_str("\t.reg .b32 %site, %state, %index;\n\t.reg .b64 %address, %fault;\n\t.reg .pred %taken;\n");
    }
}

fn print_terminator(
    text: &mut String,
    function: &Function,
    block: BlockId,
    next: Option<BlockId>,
    empty: bool,
) {
    let _ = match &function.blocks[block.index()].terminator {
        // An empty block that falls through would be one with the next when it is read again.
        Terminator::Jump(target) if Some(*target) == next && !empty => Ok(()),
        Terminator::Jump(target) => writeln!(text, "\tbra $B{};", target.0),
        Terminator::Branch {
            predicate,
            then,
            otherwise,
        } => {
            let condition = instructions::predicate(function, *predicate);
            let _ = writeln!(text, "\t{condition}bra $B{};", then.0);
            if Some(*otherwise) == next {
                Ok(())
            } else {
                writeln!(text, "\tbra $B{};", otherwise.0)
            }
        }
        Terminator::Switch { index, targets } => {
            let names: Vec<String> = targets
                .iter()
                .map(|target| format!("$B{}", target.0))
                .collect();
            let list = block.0 + 1;
            let _ = writeln!(text, "$T{list}: .branchtargets {};", names.join(", "));
            writeln!(text, "\tbrx.idx {}, $T{list};", register(function, *index))
        }
        Terminator::Exit | Terminator::Stop => writeln!(text, "\tret;"),
        Terminator::Trap(_) => writeln!(text, "\ttrap;"),
        Terminator::Fault { site, offset } => {
            let offset = offset.map_or("0".to_owned(), |offset| register(function, offset));
            let _ = writeln!(
                text,
                "\tmov.u32 %site, {site};\n\tmov.b64 %address, {offset};"
            );
            let cause = function.sites.get(*site as usize).map(|site| site.cause);
            if cause.is_some_and(FaultCause::is_in_small_space) {
                // The recorder adds where the window begins.
                let base = hidden_offset(Hidden::WindowBase);
                let _ = writeln!(
                    text,
                    "\tld.param.u64 %fault, [{RECORD}+{base}];\n\tsub.s64 %address, %address, %fault;"
                );
            }
            writeln!(text, "\tbra $fault;")
        }
    };
}

/// Where every fault ends: the first one claims the stop word and fills the record, each ends its thread. Millions of threads may
/// fault at once, and the stop word is in the device's memory, where they are sent away quickly; the record may be in the host's.
///
/// The layout is that of `FaultSlot` on the CPU device: state, site, address, block, thread.
fn print_recorder(text: &mut String) {
    text.push_str("$fault:\n");
    let base = hidden_offset(Hidden::WindowBase);
    let _ = writeln!(
        text,
        "\tld.param.u64 %fault, [{RECORD}+{base}];\n\tadd.s64 %address, %address, %fault;"
    );
    let stop = hidden_offset(Hidden::Stop);
    // The other threads leave when they next look.
    let _ = writeln!(text, "\tld.param.u64 %fault, [{RECORD}+{stop}];");
    text.push_str("\tatom.global.exch.b32 %state, [%fault], 1;\n");
    text.push_str("\tsetp.ne.u32 %taken, %state, 0;\n\t@%taken bra $faulted;\n");
    let _ = writeln!(text, "\tld.param.u64 %fault, [{RECORD}+{FAULT_OFFSET}];");
    text.push_str("\tatom.global.cas.b32 %state, [%fault], 0, 1;\n");
    text.push_str("\tsetp.ne.u32 %taken, %state, 0;\n\t@%taken bra $faulted;\n");
    text.push_str("\tst.global.u32 [%fault+8], %site;\n\tst.global.u64 [%fault+16], %address;\n");
    let indices = [
        "%ctaid.x", "%ctaid.y", "%ctaid.z", "%tid.x", "%tid.y", "%tid.z",
    ];
    for (number, index) in indices.into_iter().enumerate() {
        let _ = writeln!(
            text,
            "\tmov.u32 %index, {index};\n\tst.global.u32 [%fault+{}], %index;",
            24 + 4 * number
        );
    }
    text.push_str("\tmembar.gl;\n\tst.global.u32 [%fault], 2;\n");
    text.push_str("$faulted:\n\tret;\n");
}
