//! The report, as text and as JSON.

use std::fmt::Write as _;

use serde::Serialize;
use wasi_cuda_jit::Diagnostic;
use wasi_cuda_jit::report::{AccessProof, Accesses, KernelReport, Report};
use wasi_cuda_jit::signature::Parameter;

use super::source::Kernels;

/// The report for people.
pub(super) fn text(kernels: &Kernels, report: &Report) -> String {
    let (major, minor) = report.version;
    let mut text = format!(
        "{}: accepted, PTX {major}.{minor} for {}\n",
        kernels.name, report.target
    );
    for kernel in &report.kernels {
        text.push('\n');
        kernel_text(&mut text, kernel);
    }
    if !report.diagnostics.is_empty() {
        text.push('\n');
        text.push_str(&kernels.render(&report.diagnostics));
    }
    text
}

fn kernel_text(text: &mut String, kernel: &KernelReport) {
    let signature = &kernel.signature;
    let parameters: Vec<_> = signature
        .parameters
        .iter()
        .map(|parameter| format!("{}: {}", parameter.name.escape_debug(), parameter.ty))
        .collect();
    let lines = [
        ("parameters", format!("{} bytes", signature.parameter_bytes)),
        (
            "block",
            match signature.required_block {
                Some([x, y, z]) => format!("{x} x {y} x {z} threads"),
                None => format!("at most {} threads", signature.max_threads_per_block),
            },
        ),
        (
            "shared memory",
            format!("{} bytes a block", signature.shared_memory),
        ),
        (
            "local memory",
            format!("{} bytes a thread", signature.local_memory),
        ),
        ("registers", format!("{}, virtual", signature.registers)),
        (
            "instructions",
            format!(
                "{}, with guards {}",
                kernel.instructions, kernel.guarded_instructions
            ),
        ),
    ];
    // Writing to a string cannot fail.
    // A WebAssembly module may give names that a terminal takes for commands.
    let name = signature.name.escape_debug();
    let _ = writeln!(text, "kernel {name}({})", parameters.join(", "));
    for (name, value) in lines {
        let _ = writeln!(text, "  {name:14} {value}");
    }
    for accesses in &kernel.accesses {
        let Accesses {
            space,
            direction,
            guard,
            count,
        } = accesses;
        let kind = format!("{space} {direction}");
        let _ = writeln!(text, "  {kind:14} {count}, {guard}");
    }
    if kernel.loops > 0 {
        let (loops, bounded) = (kernel.loops, kernel.bounded_loops);
        let _ = writeln!(
            text,
            "  {:14} {loops}, {bounded} bounded at launch",
            "loops"
        );
    }
    for proof in &kernel.proofs {
        let kind = format!("line {}", proof.span.line);
        let (space, direction, proved) = (proof.space, proof.direction, proof.proved);
        let _ = writeln!(text, "  {kind:14} {space} {direction}, {proved}");
    }
    if kernel.checked_by_row > 0 {
        let _ = writeln!(
            text,
            "  {:14} {} accesses by one check a row of threads, on the CPU device",
            "checked", kernel.checked_by_row
        );
    }
}

/// A report for programs. More may be added; what is there keeps its name and meaning.
#[derive(Serialize)]
struct Document<'a> {
    source: &'a str,
    accepted: bool,
    #[serde(flatten)]
    module: Option<Module<'a>>,
    diagnostics: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Module<'a> {
    ptx_version: String,
    target: &'a str,
    kernels: Vec<Kernel<'a>>,
}

#[derive(Serialize)]
struct Kernel<'a> {
    name: &'a str,
    parameters: Vec<ParameterRow<'a>>,
    parameter_bytes: u32,
    max_threads_per_block: u32,
    required_block: Option<[u32; 3]>,
    shared_memory: u32,
    local_memory: u32,
    registers: u32,
    instructions: usize,
    guarded_instructions: usize,
    accesses: Vec<AccessesRow>,
    proofs: Vec<ProofRow>,
    loops: usize,
    bounded_loops: usize,
    checked_by_row: usize,
}

#[derive(Serialize)]
struct ParameterRow<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    ty: String,
    offset: u32,
    size: u32,
}

#[derive(Serialize)]
struct AccessesRow {
    space: &'static str,
    direction: &'static str,
    guard: &'static str,
    count: usize,
}

#[derive(Serialize)]
struct ProofRow {
    line: u32,
    column: u32,
    space: &'static str,
    direction: &'static str,
    proved: &'static str,
}

#[derive(Serialize)]
struct Finding<'a> {
    severity: String,
    line: u32,
    column: u32,
    message: &'a str,
    help: Option<&'a str>,
}

/// The report of an accepted module for programs.
pub(super) fn json(source: &str, report: &Report) -> String {
    let (major, minor) = report.version;
    document(&Document {
        source,
        accepted: true,
        module: Some(Module {
            ptx_version: format!("{major}.{minor}"),
            target: &report.target,
            kernels: report.kernels.iter().map(kernel).collect(),
        }),
        diagnostics: findings(&report.diagnostics),
    })
}

/// The report of a refused module for programs.
pub(super) fn refused(source: &str, found: &[Diagnostic]) -> String {
    document(&Document {
        source,
        accepted: false,
        module: None,
        diagnostics: findings(found),
    })
}

fn document(document: &Document<'_>) -> String {
    // Strings and numbers under fixed names: there is nothing that JSON could not hold.
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

fn kernel(report: &KernelReport) -> Kernel<'_> {
    let signature = &report.signature;
    Kernel {
        name: &signature.name,
        parameters: signature.parameters.iter().map(parameter).collect(),
        parameter_bytes: signature.parameter_bytes,
        max_threads_per_block: signature.max_threads_per_block,
        required_block: signature.required_block,
        shared_memory: signature.shared_memory,
        local_memory: signature.local_memory,
        registers: signature.registers,
        instructions: report.instructions,
        guarded_instructions: report.guarded_instructions,
        accesses: report.accesses.iter().map(accesses).collect(),
        proofs: report.proofs.iter().map(proof).collect(),
        loops: report.loops,
        bounded_loops: report.bounded_loops,
        checked_by_row: report.checked_by_row,
    }
}

fn parameter(parameter: &Parameter) -> ParameterRow<'_> {
    ParameterRow {
        name: &parameter.name,
        ty: parameter.ty.to_string(),
        offset: parameter.offset,
        size: parameter.size,
    }
}

fn accesses(accesses: &Accesses) -> AccessesRow {
    AccessesRow {
        space: accesses.space.name(),
        direction: accesses.direction.name(),
        guard: accesses.guard.name(),
        count: accesses.count,
    }
}

fn proof(proof: &AccessProof) -> ProofRow {
    ProofRow {
        line: proof.span.line,
        column: proof.span.column,
        space: proof.space.name(),
        direction: proof.direction.name(),
        proved: proof.proved.name(),
    }
}

fn findings(found: &[Diagnostic]) -> Vec<Finding<'_>> {
    found
        .iter()
        .map(|diagnostic| Finding {
            severity: diagnostic.severity.to_string(),
            line: diagnostic.span.line,
            column: diagnostic.span.column,
            message: &diagnostic.message,
            help: diagnostic.help.as_deref(),
        })
        .collect()
}
