//! An instruction's spelling to its row in the opcode table.

use super::super::ast::{Instruction, OperandKind};
use crate::diagnostics::Diagnostic;
use crate::ir::{Count, FormId, Modifier, Slot, Type, forms_named};
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
    let words = ordered(source);
    let mut furthest = 0;
    let mut of_other_count = None;
    for &form in forms {
        match try_form(form, &words) {
            Ok(selected) if fits(form, source) => return Ok(selected),
            // Its operands are then told apart from what it takes.
            Ok(selected) => of_other_count = of_other_count.or(Some(selected)),
            Err(reached) => furthest = furthest.max(reached),
        }
    }
    if let Some(selected) = of_other_count {
        return Ok(selected);
    }
    let spelling = spelling(source);
    if forms
        .iter()
        .all(|form| form.form().slots.contains(&Slot::Internal))
    {
        let message = match foreign(source.name.text) {
            Some(why) => format!("`{spelling}`: {why}"),
            None => format!("unknown instruction `{spelling}`"),
        };
        return Err(Diagnostic::error(source.name.span, message).with_help(HELP));
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

/// Instructions of PTX that no kernel here has, by the words that they begin with, and what to do without them.
const FOREIGN: [(&[&str], &str); 5] = [
    (
        &[
            "tex", "tld4", "txq", "suld", "sust", "sured", "suq", "istypep",
        ],
        "textures and surfaces are not supported, as nothing bounds what a descriptor points to; load from a buffer",
    ),
    (
        &["tcgen05"],
        "tensor memory is not supported; use `mma.sync`",
    ),
    (
        &["multimem", "clusterlaunchcontrol"],
        "memory and blocks of several devices or clusters are not supported; use those of one launch",
    ),
    (
        &["alloca", "stacksave", "stackrestore"],
        "a stack that grows is not supported; declare a `.local` array",
    ),
    (
        &["discard", "applypriority"],
        "hints about what caches keep are not supported here; leave them out",
    ),
];

/// Why an instruction is in no table, if that is meant.
fn foreign(name: &str) -> Option<&'static str> {
    let row = FOREIGN.iter().find(|(names, _)| names.contains(&name));
    row.map(|(_, why)| *why)
}

/// The suffixes in the order of the ISA's grammar. Triton writes an atomic operation's space before its order and scope, and
/// assemblers take that.
fn ordered<'a>(source: &Instruction<'a>) -> SmallVec<[&'a str; 8]> {
    let mut words: SmallVec<[&str; 8]> = source.suffixes.iter().map(|suffix| suffix.text).collect();
    if matches!(source.name.text, "atom" | "red") {
        words.sort_by_key(|word| match Modifier::from_name(word) {
            Some(Modifier::Relaxed | Modifier::Acquire | Modifier::Release | Modifier::AcqRel) => 0,
            Some(Modifier::Cta | Modifier::Cluster | Modifier::Gpu | Modifier::Sys) => 1,
            Some(Modifier::Global | Modifier::Shared | Modifier::SharedCta) => 2,
            _ => 3,
        });
    }
    words
}

/// Matches the suffixes against a form's slots; on failure says how many suffixes matched.
fn try_form(id: FormId, words: &[&str]) -> Result<Selected, usize> {
    let mut selected = Selected {
        form: id,
        t: None,
        u: None,
        modifiers: SmallVec::new(),
    };
    let mut at = 0;
    for slot in &id.form().slots {
        let word = words.get(at).copied();
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
            Slot::Fixed(fixed) => {
                let fixed = ty.filter(|ty| ty == fixed).ok_or(at)?;
                // Types that are not chosen take the places that the row's lists leave free.
                if id.form().row.t.is_empty() && selected.t.is_none() {
                    selected.t = Some(fixed);
                } else if id.form().row.u.is_empty() && selected.u.is_none() {
                    selected.u = Some(fixed);
                }
            }
            Slot::Internal => return Err(at),
        }
        at += 1;
    }
    if at == words.len() {
        Ok(selected)
    } else {
        Err(at)
    }
}

/// Whether there are as many operands as the form takes, and tuples where it takes tuples.
fn fits(id: FormId, source: &Instruction<'_>) -> bool {
    let roles = &id.form().roles;
    let written = || roles.iter().filter(|role| !role.implicit);
    let most = written().count();
    let least = written().filter(|role| !role.optional).count();
    (least..=most).contains(&source.operands.len())
        && written().zip(&source.operands).all(|(role, operand)| {
            let is_vector = matches!(operand.kind, OperandKind::Vector(_));
            let wants_vector = matches!(role.count, Count::Exactly(2..) | Count::Any);
            if is_vector {
                role.tuple || role.count != Count::Single
            } else {
                !role.tuple && !wants_vector
            }
        })
}

/// Bytes of an instruction's name from which on a message quotes no more of it.
const LONGEST_SPELLING: usize = 100;

fn spelling(source: &Instruction<'_>) -> String {
    let mut spelling = source.name.text.to_owned();
    for suffix in &source.suffixes {
        if spelling.len() > LONGEST_SPELLING {
            spelling.push_str("...");
            break;
        }
        spelling.push('.');
        spelling.push_str(suffix.text);
    }
    spelling
}
