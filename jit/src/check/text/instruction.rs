//! An instruction of the allow-list, with operands of the kinds that its row says.

use super::super::refusal::{Found, Reason};
use super::super::table::{self, Row};
use super::line::{Cursor, malformed};
use super::operand::{Names, operands};
use super::{Instruction, Mnemonic, Operand};
use std::collections::HashMap;

/// Names that were looked up already.
pub(super) type Known<'a> = HashMap<&'a str, Mnemonic<'a>>;

/// Reads one statement, without its tab.
pub(in super::super) fn decode<'a>(
    statement: &'a str,
    line: u32,
    names: &Names<'_, 'a>,
    known: &mut Known<'a>,
) -> Found<Instruction<'a>> {
    let fail = |reason| (line, reason);
    let mut cursor = Cursor(statement);
    let mut guard = None;
    if cursor.take("@") {
        let negated = cursor.take("!");
        let register = names.registers.get(cursor.name(false));
        match register {
            Some(register) if cursor.take(" ") => guard = Some((*register, negated)),
            _ => return Err(fail(malformed(statement))),
        }
    }
    let text = cursor.name(true);
    let name = match known.get(text) {
        Some(name) => *name,
        None => {
            let name = look_up(text).ok_or_else(|| fail(Reason::NotAllowed(shown(text))))?;
            known.insert(text, name);
            name
        }
    };
    let operands = operands(&mut cursor, names).ok_or_else(|| fail(malformed(statement)))?;
    if cursor.0 != ";" {
        return Err(fail(malformed(statement)));
    }
    if !fits(name.row, &operands) {
        return Err(fail(Reason::Operands(shown(text))));
    }
    Ok(Instruction {
        line,
        guard,
        name,
        operands,
    })
}

fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

fn look_up(text: &str) -> Option<Mnemonic<'_>> {
    let row = table::find(text)?;
    let mnemonic = Mnemonic { text, row };
    mnemonic
        .words()
        .all(|word| row.allows(word))
        .then_some(mnemonic)
}

/// Whether operands are of the kinds that a row lists. Those behind a `?` may be left out.
fn fits(row: &Row, operands: &[Operand<'_>]) -> bool {
    let mut operands = operands.iter();
    let mut optional = false;
    for kind in row.operands.bytes() {
        if kind == b'?' {
            optional = true;
            continue;
        }
        match operands.next() {
            Some(operand) if is_kind(kind, operand) => {}
            None if optional => return true,
            _ => return false,
        }
    }
    operands.next().is_none()
}

fn is_kind(kind: u8, operand: &Operand<'_>) -> bool {
    match (kind, operand) {
        (b'd' | b'D', Operand::Register(_) | Operand::Sink) => true,
        (b'D', Operand::Vector(elements)) => elements.iter().all(|it| is_kind(b'd', it)),
        (b's' | b'S', Operand::Register(_) | Operand::Number(_) | Operand::Float) => true,
        (b's', Operand::Not(_)) => true,
        (b'S', Operand::Vector(elements)) => elements.iter().all(|it| is_kind(b's', it)),
        (b'v', Operand::Special(_) | Operand::Space(_)) => true,
        (b'v', other) => is_kind(b'S', other),
        (b'm', Operand::Address(..)) => true,
        (b'i', Operand::Number(_)) => true,
        (b'l', Operand::Label(_)) => true,
        (b'r', Operand::Register(_)) => true,
        _ => false,
    }
}
