//! An instruction's spelling to its row in the opcode table.

use super::super::ast::{Instruction, OperandKind};
use crate::diagnostics::Diagnostic;
use crate::ir::{FormId, Modifier, Slot, Type, forms_named};
use smallvec::SmallVec;

/// The row that an instruction matches, and what it chose there.
pub(super) struct Selected {
    pub(super) form: FormId,
    pub(super) t: Option<Type>,
    pub(super) u: Option<Type>,
    pub(super) modifiers: SmallVec<[Modifier; 4]>,
}

/// What to do about an instruction that no row matches.
const HELP: &str = "docs/instructions.md lists the instructions that are supported";

pub(super) fn select(source: &Instruction<'_>) -> Result<Selected, Diagnostic> {
    let forms = forms_named(source.name.text);
    let mut furthest = 0;
    for &form in forms {
        match try_form(form, source) {
            Ok(selected) => return Ok(selected),
            Err(reached) => furthest = furthest.max(reached),
        }
    }
    let spelling = spelling(source);
    if forms
        .iter()
        .all(|form| form.form().slots.contains(&Slot::Internal))
    {
        return Err(Diagnostic::error(
            source.name.span,
            format!("unknown instruction `{spelling}`"),
        )
        .with_help(HELP));
    }
    let error = match source.suffixes.get(furthest) {
        Some(suffix) => {
            let message = format!(
                "unknown instruction `{spelling}`: `.{}` is not supported there",
                suffix.text
            );
            Diagnostic::error(suffix.span, message)
        }
        None => {
            let message = format!(
                "unknown instruction `{spelling}`: a type or a modifier is missing at its end"
            );
            Diagnostic::error(source.name.span, message)
        }
    };
    Err(error.with_help(HELP))
}

/// Matches the suffixes against a form's slots; on failure says how many suffixes matched.
fn try_form(id: FormId, source: &Instruction<'_>) -> Result<Selected, usize> {
    let mut selected = Selected {
        form: id,
        t: None,
        u: None,
        modifiers: SmallVec::new(),
    };
    let mut at = 0;
    for slot in &id.form().slots {
        let word = source.suffixes.get(at).map(|suffix| suffix.text);
        let ty = word.and_then(Type::from_name);
        match slot {
            Slot::Modifier { choices, optional } => {
                match word
                    .and_then(Modifier::from_name)
                    .filter(|modifier| choices.contains(modifier))
                {
                    Some(modifier) => selected.modifiers.push(modifier),
                    None if *optional => continue,
                    None => return Err(at),
                }
            }
            Slot::T => selected.t = Some(ty.filter(|ty| id.form().row.t.contains(ty)).ok_or(at)?),
            Slot::U => selected.u = Some(ty.filter(|ty| id.form().row.u.contains(ty)).ok_or(at)?),
            Slot::Fixed(fixed) => selected.t = Some(ty.filter(|ty| ty == fixed).ok_or(at)?),
            Slot::Internal => return Err(at),
        }
        at += 1;
    }
    let fits = id
        .form()
        .roles
        .iter()
        .zip(&source.operands)
        .all(|(role, operand)| !role.tuple || matches!(operand.kind, OperandKind::Vector(_)));
    if at == source.suffixes.len() && fits {
        Ok(selected)
    } else {
        Err(at)
    }
}

fn spelling(source: &Instruction<'_>) -> String {
    let mut spelling = source.name.text.to_owned();
    for suffix in &source.suffixes {
        spelling.push('.');
        spelling.push_str(suffix.text);
    }
    spelling
}
