//! The module's variables in global and constant memory, and what they hold at first.

use super::super::ast::{self, Initial, OperandKind, Tree};
use super::memory::{Global, Globals, check_declaration, lower_variable};
use super::operands::{double_bits, float_bits, integer_bits};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::ir::{Space, SymbolAddress, Type, Variable};
use crate::limits::MAX_VARIABLE_BYTES;
use std::collections::HashMap;

/// Lowers the module's variables; names of shared ones are kept for the kernels that use them.
pub(super) fn lower<'a>(
    tree: &'a Tree<'a>,
    found: &mut Diagnostics,
) -> (Vec<Variable>, Globals<'a>) {
    let mut by_name = HashMap::new();
    let mut declared = Vec::new();
    for variable in &tree.variables {
        if let Err(error) = check(variable) {
            found.push(error);
        }
        let global = if variable.space == Space::Shared {
            Global::Shared(variable)
        } else {
            declared.push(variable);
            Global::Module(declared.len() as u32 - 1)
        };
        if by_name.insert(variable.name.text, global).is_some() {
            let message = format!("the variable `{}` is declared twice", variable.name.text);
            found.error(variable.name.span, message);
        }
    }
    let globals = Globals { by_name };
    let mut total = 0u64;
    let mut variables = Vec::with_capacity(declared.len());
    for variable in declared {
        let mut lowered = lower_variable(variable);
        if lowered.dynamic {
            // `[]` with an initial value has as many elements as that.
            lowered.dynamic = false;
            lowered.bytes = variable.initial.len() as u64 * u64::from(variable.ty.bytes());
        }
        total = total
            .saturating_add(lowered.bytes)
            .saturating_add(u64::from(lowered.align));
        if total > MAX_VARIABLE_BYTES {
            let message = format!(
                "the module's variables are larger than {MAX_VARIABLE_BYTES} bytes; pass buffers instead"
            );
            found.error(variable.name.span, message);
            break;
        }
        if let Err(error) = fill(&mut lowered, variable, &globals) {
            found.push(error);
        }
        variables.push(lowered);
    }
    (variables, globals)
}

fn check(variable: &ast::Variable<'_>) -> Result<(), Diagnostic> {
    if variable.is_external && variable.space != Space::Shared {
        let message = format!(
            "`{}` is defined in another module; link everything into one module",
            variable.name.text
        );
        return Err(Diagnostic::error(variable.name.span, message));
    }
    if variable.elements.is_none() && variable.space != Space::Shared && variable.initial.is_empty()
    {
        let message = "say how many elements the array has, or what is in it";
        return Err(Diagnostic::error(variable.name.span, message));
    }
    check_declaration(variable)
}

fn fill(
    lowered: &mut Variable,
    variable: &ast::Variable<'_>,
    globals: &Globals<'_>,
) -> Result<(), Diagnostic> {
    let size = variable.ty.bytes() as usize;
    if (variable.initial.len() * size) as u64 > lowered.bytes {
        let message = format!(
            "`{}` has {} bytes and initial values of {}",
            variable.name.text,
            lowered.bytes,
            variable.initial.len() * size
        );
        return Err(Diagnostic::error(variable.name.span, message));
    }
    let bytes = &mut lowered.initial.bytes;
    bytes.reserve_exact(variable.initial.len() * size);
    for initial in &variable.initial {
        match initial {
            Initial::Number(number, span) => {
                let bits = number_bits(number, variable.ty).ok_or_else(|| {
                    Diagnostic::error(*span, format!("this is no value of type {}", variable.ty))
                })?;
                bytes.extend_from_slice(&bits.to_le_bytes()[..size.min(8)]);
            }
            Initial::Address {
                name,
                offset,
                generic,
            } => {
                let Some(Global::Module(of)) = globals.by_name.get(name.text).copied() else {
                    let message = format!(
                        "`{}` is no variable in global or constant memory",
                        name.text
                    );
                    return Err(Diagnostic::error(name.span, message));
                };
                if size != 8 {
                    return Err(Diagnostic::error(name.span, "an address has 8 bytes"));
                }
                lowered.initial.addresses.push(SymbolAddress {
                    at: bytes.len() as u64,
                    of,
                    offset: *offset,
                    generic: *generic,
                });
                bytes.extend_from_slice(&[0; 8]);
            }
        }
    }
    // What is not said is zero, and so is what is said to be zero at the end.
    let used = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    let addressed = lowered.initial.addresses.last();
    let addressed = addressed.map_or(0, |address| address.at as usize + 8);
    bytes.truncate(used.max(addressed));
    Ok(())
}

fn number_bits(number: &OperandKind<'_>, ty: Type) -> Option<u64> {
    match *number {
        OperandKind::Integer {
            magnitude,
            negative,
        } if ty.is_float() => {
            let value = magnitude as f64;
            double_bits(if negative { -value } else { value }, ty)
        }
        OperandKind::Integer {
            magnitude,
            negative,
        } => integer_bits(magnitude, negative, ty),
        OperandKind::Double(value) => double_bits(value, ty),
        OperandKind::FloatBits(bits) => float_bits(bits, ty),
        _ => None,
    }
}
