//! Operands.

use super::super::table;
use super::line::Cursor;
use super::{Base, Operand, RegisterId};
use std::collections::HashMap;

/// The names that operands may have in a kernel.
pub(super) struct Names<'k, 'a> {
    pub(super) registers: &'k HashMap<&'a str, RegisterId>,
    pub(super) parameters: usize,
    /// Whether there is local memory, and shared memory.
    pub(super) has_local: bool,
    pub(super) has_shared: bool,
}

/// The operands up to the end of the statement. A pair `a|b` is taken for `{a, b}`.
pub(super) fn operands<'a>(
    cursor: &mut Cursor<'a>,
    names: &Names<'_, 'a>,
) -> Option<Box<[Operand<'a>]>> {
    let mut operands = Vec::new();
    if !cursor.take(" ") {
        return Some(operands.into());
    }
    loop {
        let mut next = operand(cursor, names)?;
        if cursor.take("|") {
            next = Operand::Vector([next, single(cursor, names)?].into());
        }
        operands.push(next);
        if !cursor.take(", ") {
            return Some(operands.into());
        }
    }
}

fn operand<'a>(cursor: &mut Cursor<'a>, names: &Names<'_, 'a>) -> Option<Operand<'a>> {
    if !cursor.take("{") {
        return single(cursor, names);
    }
    let mut elements = vec![single(cursor, names)?];
    while cursor.take(", ") {
        elements.push(single(cursor, names)?);
    }
    cursor.take("}").then(|| Operand::Vector(elements.into()))
}

fn single<'a>(cursor: &mut Cursor<'a>, names: &Names<'_, 'a>) -> Option<Operand<'a>> {
    if cursor.take("[") {
        let address = address(cursor, names)?;
        return cursor.take("]").then_some(address);
    }
    if cursor.take("!") {
        let register = names.registers.get(cursor.name(false))?;
        return Some(Operand::Not(*register));
    }
    if cursor.is_at("0f") || cursor.is_at("0d") {
        return float(cursor);
    }
    let first = cursor.0.bytes().next()?;
    match first {
        b'-' | b'0'..=b'9' => integer(cursor).map(Operand::Number),
        b'%' => {
            let name = cursor.name(true);
            match names.registers.get(name) {
                Some(register) => Some(Operand::Register(*register)),
                None => table::is_special(name).then_some(Operand::Special(name)),
            }
        }
        b'$' => Some(Operand::Label(cursor.name(false))),
        _ => match cursor.name(false) {
            "_" => Some(Operand::Sink),
            name @ "shared_memory" if names.has_shared => Some(Operand::Space(name)),
            name @ "local_memory" if names.has_local => Some(Operand::Space(name)),
            _ => None,
        },
    }
}

/// A number, modulo 2^64.
fn integer(cursor: &mut Cursor<'_>) -> Option<u64> {
    if cursor.take("-") {
        let size = cursor.number()?;
        return (size <= 1 << 63).then_some(size.wrapping_neg());
    }
    cursor.number()
}

fn float<'a>(cursor: &mut Cursor<'a>) -> Option<Operand<'a>> {
    let digits = if cursor.take("0f") {
        8
    } else if cursor.take("0d") {
        16
    } else {
        return None;
    };
    let found = cursor.take_while(|byte| byte.is_ascii_hexdigit());
    (found.len() == digits).then_some(Operand::Float)
}

fn address<'a>(cursor: &mut Cursor<'a>, names: &Names<'_, 'a>) -> Option<Operand<'a>> {
    let name = cursor.name(false);
    let base = match names.registers.get(name) {
        Some(register) => Base::Register(*register),
        None if name == "%launch" => Base::Record,
        None => {
            let mut number = Cursor(name.strip_prefix('p')?);
            let index = number.number()?;
            let exists = number.0.is_empty() && index < names.parameters as u64;
            Base::Parameter(exists.then_some(index as u32)?)
        }
    };
    let offset = if cursor.take("+") {
        integer(cursor)? as i64
    } else {
        0
    };
    Some(Operand::Address(base, offset))
}
