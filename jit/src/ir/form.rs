//! The opcode table's rows, read once.

use super::modifier::Modifier;
use super::opcode::Opcode;
use super::table::{ROWS, Row};
use super::types::Type;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Index of a form in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FormId(u16);

/// One word after the name, or the choice of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// One of the modifiers; or none, if it is optional.
    Modifier {
        /// The words to choose from.
        choices: Vec<Modifier>,
        /// Whether it may be left out.
        optional: bool,
    },
    /// A type of the row's first list.
    T,
    /// A type of the row's second list.
    U,
    /// This type and no other.
    Fixed(Type),
    /// A word that no source may contain: the form is the sandbox's own.
    Internal,
}

/// The type that an operand has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleType {
    /// The instruction's first type.
    T,
    /// The instruction's second type.
    U,
    /// Twice as wide as the first type.
    Wide,
    /// Always this one.
    Fixed(Type),
}

/// What stands at an operand's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleKind {
    /// A value.
    Value(RoleType),
    /// An address in brackets.
    Address,
    /// A label.
    Label,
}

/// One operand of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// What stands there.
    pub kind: RoleKind,
    /// Whether the instruction writes it.
    pub destination: bool,
    /// Whether `.v2` and `.v4` make it a vector.
    pub vector: bool,
    /// Whether it is a tuple of registers that share the type's bits.
    pub tuple: bool,
    /// Whether a predicate may be negated there.
    pub negatable: bool,
    /// Whether registers may be wider than the type.
    pub wider: bool,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it follows the previous operand behind a `|` instead of a comma.
    pub paired: bool,
}

/// A row of the table, read.
#[derive(Debug)]
pub struct Form {
    /// The row.
    pub row: &'static Row,
    /// The instruction's name.
    pub name: &'static str,
    /// What follows the name.
    pub slots: Vec<Slot>,
    /// The operands.
    pub roles: Vec<Role>,
}

struct Table {
    forms: Vec<Form>,
    by_name: HashMap<&'static str, Vec<FormId>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let forms: Vec<Form> = ROWS.iter().map(read_row).collect();
    let mut by_name: HashMap<&'static str, Vec<FormId>> = HashMap::new();
    for (index, form) in forms.iter().enumerate() {
        by_name
            .entry(form.name)
            .or_default()
            .push(FormId(index as u16));
    }
    Table { forms, by_name }
});

impl FormId {
    /// The form.
    pub fn form(self) -> &'static Form {
        &TABLE.forms[usize::from(self.0)]
    }

    /// What instructions of this form do.
    pub fn opcode(self) -> Opcode {
        self.form().row.opcode
    }
}

/// The forms that instructions of this name may have, in the table's order.
pub fn forms_named(name: &str) -> &'static [FormId] {
    TABLE.by_name.get(name).map_or(&[], Vec::as_slice)
}

/// The first form of an opcode whose first type may be `t`; for passes that make instructions.
///
/// # Panics
///
/// When the table has none, which is a mistake in the pass and found by its first test.
pub(crate) fn form_for(opcode: Opcode, t: Type) -> FormId {
    let fits = |form: &Form| {
        form.row.opcode == opcode
            && (form.row.t.contains(&t) || form.slots.contains(&Slot::Fixed(t)))
    };
    let index = TABLE.forms.iter().position(fits);
    FormId(index.unwrap_or_else(|| panic!("no form of {opcode:?} for {t}")) as u16)
}

fn read_row(row: &'static Row) -> Form {
    let (mnemonic, operands) = row.syntax.split_once(' ').unwrap_or((row.syntax, ""));
    let end = mnemonic.find(['.', '{', '(']).unwrap_or(mnemonic.len());
    Form {
        row,
        name: &mnemonic[..end],
        slots: read_slots(&mnemonic[end..]),
        roles: read_roles(operands),
    }
}

fn read_slots(mut text: &'static str) -> Vec<Slot> {
    let mut slots = Vec::new();
    while !text.is_empty() {
        let (slot, rest) = match text.as_bytes()[0] {
            b'{' => read_choice(text, '}', true),
            b'(' => read_choice(text, ')', false),
            _ => {
                let end = text[1..]
                    .find(['.', '{', '('])
                    .map_or(text.len(), |at| at + 1);
                (read_word(&text[1..end]), &text[end..])
            }
        };
        slots.push(slot);
        text = rest;
    }
    slots
}

fn read_choice(text: &'static str, close: char, optional: bool) -> (Slot, &'static str) {
    let (inside, rest) = text[1..]
        .split_once(close)
        .expect("the table closes its braces");
    let choices = inside
        .split('|')
        .map(|word| Modifier::from_name(&word[1..]).expect("the table's words are modifiers"));
    let choices = choices.collect();
    (Slot::Modifier { choices, optional }, rest)
}

fn read_word(word: &str) -> Slot {
    match word {
        "T" => Slot::T,
        "U" => Slot::U,
        "sandbox" => Slot::Internal,
        _ => match Modifier::from_name(word) {
            Some(modifier) => Slot::Modifier {
                choices: vec![modifier],
                optional: false,
            },
            None => Slot::Fixed(
                Type::from_name(word).expect("the table's words are modifiers or types"),
            ),
        },
    }
}

fn read_roles(text: &str) -> Vec<Role> {
    let spread = text
        .replace("{|", ",?|")
        .replace("{,", ",?")
        .replace('}', "");
    spread
        .split(',')
        .map(str::trim)
        .filter(|role| !role.is_empty())
        .map(read_role)
        .collect()
}

fn read_role(text: &str) -> Role {
    let optional = text.starts_with('?');
    let text = text.trim_start_matches('?').trim();
    let paired = text.starts_with('|');
    let text = text.trim_start_matches('|');
    let mut role = Role {
        kind: RoleKind::Address,
        destination: text.starts_with("d:") || paired,
        vector: false,
        tuple: false,
        negatable: text.ends_with('!'),
        wider: text.ends_with('>'),
        optional,
        paired,
    };
    if text.starts_with('[') {
        return role;
    }
    let (_, ty) = text
        .split_once(':')
        .expect("the table's operands have types");
    let ty = ty.trim_end_matches(['!', '>']);
    role.vector = ty.starts_with('v');
    role.tuple = ty == "tT";
    role.kind = match ty.trim_start_matches(['v', 't']) {
        "label" => RoleKind::Label,
        "T" => RoleKind::Value(RoleType::T),
        "U" => RoleKind::Value(RoleType::U),
        "W" => RoleKind::Value(RoleType::Wide),
        name => RoleKind::Value(RoleType::Fixed(
            Type::from_name(name).expect("the table's types exist"),
        )),
    };
    role
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_reads_and_has_a_destination_or_an_effect() {
        for form in &TABLE.forms {
            let writes = form.roles.iter().any(|role| role.destination);
            let effect = form.row.opcode.effect();
            assert!(
                writes || effect != super::super::opcode::Effect::Pure,
                "{}",
                form.row.syntax
            );
        }
    }

    #[test]
    fn a_row_spells_out_its_choices_and_operands() {
        let id = forms_named("setp")[0];
        let form = id.form();
        assert_eq!(form.roles.len(), 5);
        assert!(form.roles[1].paired && form.roles[1].optional && form.roles[1].destination);
        assert!(form.roles[4].optional && form.roles[4].negatable);
        assert!(
            matches!(&form.slots[1], Slot::Modifier { optional: true, choices } if choices.len() == 3)
        );
    }
}
