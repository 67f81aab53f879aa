//! The opcode table's rows, read once.

use super::modifier::Modifier;
use super::module::Instruction;
use super::opcode::{Effect, Opcode};
use super::table::{Row, rows};
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

/// How many values an operand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// One, without braces.
    Single,
    /// What `.v2` and `.v4` say; one without them.
    Vector,
    /// So many in braces.
    Exactly(u8),
    /// What `.x1`, `.x2` or `.x4` say, in braces.
    Matrices,
    /// Any number in braces.
    Any,
}

/// One operand of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// What stands there.
    pub kind: RoleKind,
    /// Whether the instruction writes it.
    pub destination: bool,
    /// How many values it is.
    pub count: Count,
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
    /// Whether it is a register that is never written: the carry flag.
    pub implicit: bool,
    /// Whether it must be a constant.
    pub constant: bool,
}

impl Role {
    /// The type of its value in an instruction; none for an address or a label.
    pub fn value_type(&self, instruction: &Instruction) -> Option<Type> {
        match self.kind {
            RoleKind::Value(RoleType::T) => instruction.t,
            RoleKind::Value(RoleType::U) => instruction.u,
            RoleKind::Value(RoleType::Wide) => instruction.t.and_then(Type::widened),
            RoleKind::Value(RoleType::Fixed(ty)) => Some(ty),
            RoleKind::Address | RoleKind::Label => None,
        }
    }

    /// A single value that is read.
    pub(crate) fn value(ty: RoleType) -> Self {
        Self {
            kind: RoleKind::Value(ty),
            destination: false,
            count: Count::Single,
            tuple: false,
            negatable: false,
            wider: false,
            optional: false,
            paired: false,
            implicit: false,
            constant: false,
        }
    }
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
    let forms: Vec<Form> = rows().map(read_row).collect();
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

    /// What they do besides writing their destinations.
    pub fn effect(self) -> Effect {
        self.form().row.effect
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

/// The first form of an opcode, whatever its types.
pub(crate) fn only_form(opcode: Opcode) -> FormId {
    let index = TABLE
        .forms
        .iter()
        .position(|form| form.row.opcode == opcode);
    FormId(index.unwrap_or_else(|| panic!("no form of {opcode:?}")) as u16)
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
        .flat_map(|word| read_modifiers(&word[1..]));
    let choices = choices.collect();
    (Slot::Modifier { choices, optional }, rest)
}

/// A modifier, or with a `*` in its name the family of those with a number there.
fn read_modifiers(word: &str) -> Vec<Modifier> {
    match word.split_once('*') {
        Some((before, after)) => Modifier::family(before, after),
        None => {
            vec![Modifier::from_name(word).unwrap_or_else(|| panic!("`.{word}` is no modifier"))]
        }
    }
}

fn read_word(word: &str) -> Slot {
    match word {
        "T" => Slot::T,
        "U" => Slot::U,
        "sandbox" => Slot::Internal,
        _ => match Type::from_name(word) {
            Some(ty) => Slot::Fixed(ty),
            None => Slot::Modifier {
                choices: read_modifiers(word),
                optional: false,
            },
        },
    }
}

fn read_roles(text: &str) -> Vec<Role> {
    // A pair that may be left out, one that may not, and an operand that may be left out.
    let spread = text
        .replace("{|", ",?&")
        .replace('|', ",&")
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
    let paired = text.starts_with('&');
    let text = text.trim_start_matches('&');
    let implicit = text.starts_with('^');
    let text = text.trim_start_matches('^');
    let mut role = Role {
        kind: RoleKind::Address,
        destination: text.starts_with("d:") || text.starts_with("o:") || paired,
        count: Count::Single,
        tuple: false,
        negatable: text.ends_with('!'),
        wider: text.ends_with('>'),
        constant: text.ends_with('#'),
        optional,
        paired,
        implicit,
    };
    if text.starts_with('[') {
        return role;
    }
    let (_, ty) = text
        .split_once(':')
        .expect("the table's operands have types");
    let ty = ty.trim_end_matches(['!', '>', '#']);
    role.tuple = ty == "tT";
    let (count, ty) = match ty.as_bytes()[0] {
        b'v' => (Count::Vector, &ty[1..]),
        b'x' => (Count::Matrices, &ty[1..]),
        b'*' => (Count::Any, &ty[1..]),
        digit @ b'0'..=b'9' => (Count::Exactly(digit - b'0'), &ty[1..]),
        b't' => (Count::Single, &ty[1..]),
        _ => (Count::Single, ty),
    };
    role.count = count;
    role.kind = match ty {
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
            assert!(
                writes || form.row.effect != Effect::Pure,
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
