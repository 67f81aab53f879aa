//! What a row can be.

use wasi_cuda_jit::ir::{Form, Modifier, Opcode, Role, Row, Slot, Type, forms_named};

/// One instruction of a row.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) words: Vec<Option<Modifier>>,
    pub(crate) t: Option<Type>,
    pub(crate) u: Option<Type>,
    pub(crate) optional_operands: bool,
}

pub(crate) fn form_of(row: &'static Row) -> &'static Form {
    let end = row
        .syntax
        .find(['.', '{', '(', ' '])
        .unwrap_or(row.syntax.len());
    let mut forms = forms_named(&row.syntax[..end]).iter().map(|id| id.form());
    forms
        .find(|form| std::ptr::eq(form.row, row))
        .expect("every row has a form")
}

/// Words of a memory order, and of who sees it: an access that has one of them has both.
const ORDERS: [Modifier; 4] = [
    Modifier::Relaxed,
    Modifier::Acquire,
    Modifier::Release,
    Modifier::AcqRel,
];
const SCOPES: [Modifier; 4] = [
    Modifier::Cta,
    Modifier::Cluster,
    Modifier::Gpu,
    Modifier::Sys,
];

impl Choice {
    fn has(&self, word: Modifier) -> bool {
        self.words.contains(&Some(word))
    }

    /// Whether an operand that may be left out stands there. That of some words stands there with them alone.
    pub(crate) fn has_operand(&self, form: &Form, role: &Role) -> bool {
        let compares = matches!(
            form.row.opcode,
            Opcode::Setp | Opcode::SetpPair | Opcode::Set | Opcode::SetPair
        );
        if compares && !role.paired {
            return self.has(Modifier::And);
        }
        if form.row.opcode == Opcode::Unbounded && form.name == "cp" {
            return self.has(Modifier::L2CacheHint);
        }
        self.optional_operands
    }

    /// Adds the words without which those that it has mean nothing.
    fn completed(mut self, form: &Form) -> Self {
        let has_any =
            |choice: &Self, words: &[Modifier]| words.iter().any(|word| choice.has(*word));
        let (ordered, scoped) = (has_any(&self, &ORDERS), has_any(&self, &SCOPES));
        let missing: &[Modifier] = match (ordered, scoped) {
            (true, false) => &SCOPES,
            (false, true) => &ORDERS,
            _ => return self,
        };
        for (slot, word) in form.slots.iter().zip(&mut self.words) {
            if word.is_none() {
                *word = missing.iter().copied().find(|word| offers(slot, *word));
            }
        }
        self
    }
}

fn offers(slot: &Slot, word: Modifier) -> bool {
    matches!(slot, Slot::Modifier { choices, .. } if choices.contains(&word))
}

/// What a row can be, one choice after the other.
pub(crate) fn choices(form: &Form) -> Vec<Choice> {
    let first = Choice {
        words: form
            .slots
            .iter()
            .map(|slot| match slot {
                Slot::Modifier {
                    choices,
                    optional: false,
                } => choices.first().copied(),
                _ => None,
            })
            .collect(),
        t: form.row.t.first().copied(),
        u: form.row.u.first().copied(),
        optional_operands: false,
    };
    let mut all = vec![first.clone()];
    for (index, slot) in form.slots.iter().enumerate() {
        let Slot::Modifier { choices, optional } = slot else {
            continue;
        };
        let taken = if *optional {
            &choices[..1]
        } else {
            &choices[1..]
        };
        for word in taken {
            let mut choice = first.clone();
            choice.words[index] = Some(*word);
            all.push(choice);
        }
    }
    for t in form.row.t {
        for u in form
            .row
            .u
            .iter()
            .map(|u| Some(*u))
            .chain(form.row.u.is_empty().then_some(None))
        {
            all.push(Choice {
                t: Some(*t),
                u,
                ..first.clone()
            });
        }
    }
    for u in form
        .row
        .u
        .iter()
        .skip(usize::from(!form.row.t.is_empty()) * form.row.u.len())
    {
        all.push(Choice {
            u: Some(*u),
            ..first.clone()
        });
    }
    if form.roles.iter().any(|role| role.optional) {
        all.push(Choice {
            optional_operands: true,
            ..first.clone()
        });
    }
    all.into_iter()
        .map(|choice| choice.completed(form))
        .collect()
}
