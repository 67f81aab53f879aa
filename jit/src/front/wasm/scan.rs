//! Sections to lists, before anything is validated.
//!
//! What kernels cannot have is refused here by name, and what is counted is counted, so that the validator's memory is
//! bounded, too.

use super::imports::{Imported, imported};
use super::names::Names;
use super::{invalid, refuse, span};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::ir::SpecialRegister;
use crate::limits::{MAX_FUNCTIONS, MAX_INSTRUCTIONS};
use wasmparser::{
    Encoding, ExternalKind, FuncType, FunctionBody, ImportSectionReader, KnownCustom, Operator,
    Parser, Payload,
};

/// Function types of a module: as many as it may have kernels.
const MAX_TYPES: usize = MAX_FUNCTIONS;

/// Imports of a module: there are a dozen to choose from, and no use in any of them twice.
const MAX_IMPORTS: usize = 64;

/// An exported function.
pub(super) struct Export<'a> {
    pub(super) name: &'a str,
    pub(super) function: u32,
}

/// The parts of a module that make kernels.
#[derive(Default)]
pub(super) struct Scanned<'a> {
    pub(super) types: Vec<FuncType>,
    /// The imported functions, which have the lowest indices.
    pub(super) indices: Vec<SpecialRegister>,
    /// The types of the others.
    pub(super) functions: Vec<u32>,
    /// The bodies of the others.
    pub(super) bodies: Vec<FunctionBody<'a>>,
    pub(super) exports: Vec<Export<'a>>,
    pub(super) names: Names<'a>,
}

impl<'a> Scanned<'a> {
    /// The type of a function.
    pub(super) fn function_type(&self, function: u32) -> Option<&FuncType> {
        let ty = *self.functions.get(self.defined(function)?)?;
        self.types.get(ty as usize)
    }

    /// The body of a function.
    pub(super) fn body(&self, function: u32) -> Option<&FunctionBody<'a>> {
        self.bodies.get(self.defined(function)?)
    }

    /// The place of a function among those that are not imported.
    fn defined(&self, function: u32) -> Option<usize> {
        (function as usize).checked_sub(self.indices.len())
    }
}

/// Reads the sections.
pub(super) fn scan(bytes: &[u8]) -> Result<Scanned<'_>, Vec<Diagnostic>> {
    if !bytes.starts_with(b"\0asm") {
        let message = "this is no WebAssembly module in binary form, which begins with the bytes `\\0asm`; \
                       assemble text first";
        return Err(vec![Diagnostic::error(span(0), message)]);
    }
    let mut scan = Scan {
        found: Diagnostics::default(),
        module: Scanned::default(),
        operators: 0,
    };
    for payload in Parser::new(0).parse_all(bytes) {
        let step = payload
            .map_err(|error| invalid(&error))
            .and_then(|payload| scan.payload(payload));
        if let Err(error) = step {
            scan.found.push(error);
            break;
        }
    }
    if scan.found.has_errors() {
        return Err(scan.found.into_vec());
    }
    Ok(scan.module)
}

struct Scan<'a> {
    found: Diagnostics,
    module: Scanned<'a>,
    /// Instructions, and targets of `br_table`.
    operators: usize,
}

impl<'a> Scan<'a> {
    fn payload(&mut self, payload: Payload<'a>) -> Result<(), Diagnostic> {
        if let Some((name, offset)) = refuse::section(&payload) {
            let advice = refuse::advice(name);
            self.found.error(
                span(offset),
                format!("a kernel's module has no {name} section: {advice}"),
            );
            return Ok(());
        }
        match payload {
            Payload::Version {
                encoding: Encoding::Component,
                ..
            } => {
                let message =
                    "this is a component; kernels are the exported functions of a core module";
                return Err(Diagnostic::error(span(0), message));
            }
            Payload::TypeSection(section) => {
                limit(section.range().start, section.count(), MAX_TYPES, "types")?;
                for ty in section.into_iter_err_on_gc_types() {
                    self.module.types.push(ty.map_err(|error| invalid(&error))?);
                }
            }
            Payload::ImportSection(section) => self.imports(section)?,
            Payload::FunctionSection(section) => {
                let start = section.range().start;
                limit(start, section.count(), MAX_INSTRUCTIONS, "functions")?;
                for ty in section {
                    self.module
                        .functions
                        .push(ty.map_err(|error| invalid(&error))?);
                }
            }
            Payload::ExportSection(section) => {
                limit(
                    section.range().start,
                    section.count(),
                    MAX_FUNCTIONS,
                    "exports",
                )?;
                for export in section {
                    let export = export.map_err(|error| invalid(&error))?;
                    if export.kind == ExternalKind::Func {
                        self.module.exports.push(Export {
                            name: export.name,
                            function: export.index,
                        });
                    }
                }
            }
            Payload::CodeSectionEntry(body) => self.body(body)?,
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    self.module.names.read(names);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn imports(&mut self, section: ImportSectionReader<'a>) -> Result<(), Diagnostic> {
        limit(
            section.range().start,
            section.count(),
            MAX_IMPORTS,
            "imports",
        )?;
        let mut memories = 0;
        for import in section.into_imports_with_offsets() {
            let (offset, import) = import.map_err(|error| invalid(&error))?;
            match imported(&import, &self.module.types) {
                Ok(Imported::Index(register)) => self.module.indices.push(register),
                Ok(Imported::Memory) if memories == 0 => memories += 1,
                Ok(Imported::Memory) => self
                    .found
                    .error(span(offset), "the memory is imported twice; there is one"),
                Err(message) => self.found.error(span(offset), message),
            }
        }
        Ok(())
    }

    fn body(&mut self, body: FunctionBody<'a>) -> Result<(), Diagnostic> {
        let mut operators = body
            .get_operators_reader()
            .map_err(|error| invalid(&error))?;
        while !operators.eof() && !self.found.is_full() {
            let (operator, offset) = operators
                .read_with_offset()
                .map_err(|error| invalid(&error))?;
            self.operators += match &operator {
                Operator::BrTable { targets } => 1 + targets.len() as usize,
                _ => 1,
            };
            if self.operators > MAX_INSTRUCTIONS {
                let message =
                    format!("the module has more than {MAX_INSTRUCTIONS} instructions: split it");
                return Err(Diagnostic::error(span(offset), message));
            }
            if !refuse::supports(&operator) {
                let name = refuse::name(&operator);
                self.found.error(
                    span(offset),
                    format!(
                        "the instruction `{name}` has no place in a kernel (at offset {offset:#x})"
                    ),
                );
            }
        }
        self.module.bodies.push(body);
        Ok(())
    }
}

fn limit(start: usize, count: u32, most: usize, what: &str) -> Result<(), Diagnostic> {
    if count as usize <= most {
        return Ok(());
    }
    let message = format!("the module has {count} {what}; at most {most} are accepted: split it");
    Err(Diagnostic::error(span(start), message))
}
