//! A kernel made of bytes: any instructions of the opcode table, in loops that end.

use super::source::Source;
use crate::ir::{
    Count, Effect, Form, FormId, Modifier, Opcode, Role, RoleKind, RoleType, Slot, Space, Type,
    forms_named, rows,
};
use crate::{front, verify};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// Threads in a block.
pub(super) const THREADS: u32 = 4;
/// Blocks times threads.
const ALL_THREADS: usize = 8;
/// Bytes of memory that each thread has for itself.
const REGION: usize = 1024;
/// Where in its region a thread reads and writes, and where it leaves its registers at the end.
const SCRATCH: usize = 256;
const RESULTS: usize = 768;
/// Registers of each kind.
const POOL: usize = 4;
/// Instructions at most, and runs of instructions without a branch.
const MOST_INSTRUCTIONS: usize = 40;
const MOST_SEGMENTS: usize = 8;
/// How often a thread begins a segment before it has to end.
const FUEL: u32 = 30;

const HEAD: &str = ".version 8.0\n.target sm_80\n.address_size 64\n.visible .entry k(.param .u64 memory) {\n\
    .reg .pred %p<4>, %spent;\n.reg .b8 %b<4>;\n.reg .b16 %h<4>;\n.reg .b32 %r<4>, %fuel, %lane, %cta, %word;\n\
    .reg .b64 %d<4>, %mine, %at;\n.reg .f32 %f<4>;\n.reg .f64 %e<4>;\n";

/// A kernel and what it needs.
pub(super) struct Kernel {
    pub(super) text: String,
    /// What its only buffer holds at first.
    pub(super) memory: Vec<u8>,
    /// Whether every device gives the same bits: which NaN an operation gives is the device's choice.
    pub(super) deterministic: bool,
}

impl Kernel {
    pub(super) fn from_source(source: &mut Source<'_>) -> Self {
        let memory = memory(source);
        let segments = 1 + source.below(MOST_SEGMENTS);
        let mut text = HEAD.to_owned();
        write_start(&mut text);
        let (deterministic, mut instructions) = (source.one_in(2), 0);
        for segment in 0..segments {
            let _ = write!(
                text,
                "S{segment}:\nsub.u32 %fuel, %fuel, 1;\nsetp.eq.u32 %spent, %fuel, 0;\n@%spent bra END;\n"
            );
            while !source.is_empty() && instructions < MOST_INSTRUCTIONS && !source.one_in(16) {
                instructions += 1;
                let instruction = Instruction::from_source(source)
                    .filter(|it| !(deterministic && it.computes_floats))
                    .filter(Instruction::is_accepted);
                if let Some(instruction) = instruction {
                    text.push_str(&instruction.text);
                }
            }
            if !source.is_empty() && source.one_in(2) {
                let (predicate, target) = (predicate(source), source.below(segments));
                let _ = writeln!(text, "{predicate}bra S{target};");
            }
        }
        text.push_str("END:\n");
        write_end(&mut text);
        Self {
            text,
            memory,
            deterministic,
        }
    }
}

fn memory(source: &mut Source<'_>) -> Vec<u8> {
    let mut state = source.word() | 1;
    let words = (0..ALL_THREADS * REGION / 8).flat_map(|_| {
        // xorshift64: words with no pattern in them, among them some small ones.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let word = if state & 7 == 0 { state >> 56 } else { state };
        word.to_le_bytes()
    });
    words.collect()
}

/// Registers that are loaded and stored together: their type, where they lie among the others, and which they are.
const GROUPS: [(&str, usize, &str); 7] = [
    ("v4.b16", 0, "%h0, %h1, %h2, %h3"),
    ("v4.b32", 16, "%r0, %r1, %r2, %r3"),
    ("v2.b64", 32, "%d0, %d1"),
    ("v2.b64", 48, "%d2, %d3"),
    ("v4.f32", 64, "%f0, %f1, %f2, %f3"),
    ("v2.f64", 80, "%e0, %e1"),
    ("v2.f64", 96, "%e2, %e3"),
];

/// The registers get what the thread's memory holds.
fn write_start(text: &mut String) {
    let _ = write!(
        text,
        "ld.param.u64 %mine, [memory];\nmov.u32 %lane, %tid.x;\nmov.u32 %cta, %ctaid.x;\n\
         mad.lo.u32 %lane, %cta, {THREADS}, %lane;\nmul.wide.u32 %at, %lane, {REGION};\nadd.u64 %mine, %mine, %at;\n\
         mov.u32 %fuel, {FUEL};\n"
    );
    for (ty, offset, registers) in GROUPS {
        let _ = writeln!(text, "ld.global.{ty} {{{registers}}}, [%mine+{offset}];");
    }
    for index in 0..POOL {
        let _ = writeln!(text, "setp.gt.s32 %p{index}, %r{index}, 0;");
    }
}

/// Every register is stored where the thread's results lie; predicates as bits of one word.
fn write_end(text: &mut String) {
    for (ty, offset, registers) in GROUPS {
        let _ = writeln!(
            text,
            "st.global.{ty} [%mine+{}], {{{registers}}};",
            RESULTS + offset
        );
    }
    text.push_str("mov.u32 %word, 0;\n");
    for index in 0..POOL {
        let _ = writeln!(text, "@%p{index} or.b32 %word, %word, {};", 1 << index);
    }
    let _ = writeln!(
        text,
        "st.global.u32 [%mine+{}], %word;\nret;\n}}",
        RESULTS + 112
    );
}

/// The forms that instructions are made of.
static FORMS: LazyLock<Vec<FormId>> = LazyLock::new(|| {
    let forms = rows().filter_map(|row| {
        let name = row.syntax.split(['.', '{', '(', ' ']).next()?;
        let forms = forms_named(name).iter();
        forms.copied().find(|id| std::ptr::eq(id.form().row, row))
    });
    forms.filter(|id| is_used(*id)).collect()
});

fn is_used(id: FormId) -> bool {
    let form = id.form();
    matches!(id.effect(), Effect::Pure | Effect::Load | Effect::Store)
        && !matches!(id.opcode(), Opcode::LdParam | Opcode::StParam)
        && form.row.refused.is_none()
        && !form.slots.contains(&Slot::Internal)
        && form.roles.iter().all(|role| role.kind != RoleKind::Label)
}

struct Instruction {
    text: String,
    computes_floats: bool,
}

/// What is chosen for an instruction's slots.
struct Chosen {
    t: Option<Type>,
    u: Option<Type>,
    modifiers: Vec<Modifier>,
}

impl Instruction {
    fn from_source(source: &mut Source<'_>) -> Option<Self> {
        let id = *source.pick(&FORMS)?;
        let form = id.form();
        let mut text = String::new();
        let address = form
            .roles
            .iter()
            .any(|role| role.kind == RoleKind::Address)
            .then(|| address(source, &mut text));
        if source.one_in(4) {
            text.push_str(&predicate(source));
        }
        text.push_str(form.name);
        let chosen = Chosen::from_source(form, source, &mut text);
        let mut separator = " ";
        for role in form.roles.iter().filter(|role| !role.implicit) {
            if !is_given(role, &chosen, source) {
                continue;
            }
            text.push_str(if role.paired { "|" } else { separator });
            text.push_str(&match (role.kind, &address) {
                (RoleKind::Value(ty), _) => value(role, chosen.ty(ty)?, &chosen, source),
                (_, address) => address.clone()?,
            });
            separator = ", ";
        }
        text.push_str(";\n");
        let moves = matches!(
            id.opcode(),
            Opcode::Mov | Opcode::Ld | Opcode::St | Opcode::Selp
        );
        let floats = [chosen.t, chosen.u]
            .into_iter()
            .flatten()
            .any(|ty| !ty.is_integer() && ty != Type::Pred);
        Some(Self {
            text,
            computes_floats: floats && !moves,
        })
    }

    /// Whether the verifier accepts it: what the table allows is not all allowed together.
    fn is_accepted(&self) -> bool {
        let kernel = format!("{HEAD}{}ret;\n}}\n", self.text);
        front::ptx::parse(&kernel)
            .and_then(|module| verify::verify(&module))
            .is_ok()
    }
}

impl Chosen {
    fn from_source(form: &Form, source: &mut Source<'_>, text: &mut String) -> Self {
        let mut chosen = Self {
            t: None,
            u: None,
            modifiers: Vec::new(),
        };
        for slot in &form.slots {
            let word = match slot {
                Slot::Modifier { optional: true, .. } if source.one_in(2) => continue,
                Slot::Modifier { choices, .. } => {
                    // The thread's memory lies in the window.
                    let choices: Vec<Modifier> = (choices.iter().copied())
                        .filter(|word| !is_small(*word))
                        .collect();
                    source.pick(&choices).map(|modifier| {
                        chosen.modifiers.push(*modifier);
                        modifier.name()
                    })
                }
                Slot::T => {
                    chosen.t = source.pick(form.row.t).copied();
                    chosen.t.map(Type::name)
                }
                Slot::U => {
                    chosen.u = source.pick(form.row.u).copied();
                    chosen.u.map(Type::name)
                }
                Slot::Fixed(ty) => {
                    if form.row.t.is_empty() {
                        chosen.t.get_or_insert(*ty);
                    }
                    Some(ty.name())
                }
                Slot::Internal => None,
            };
            if let Some(word) = word {
                text.push('.');
                text.push_str(word);
            }
        }
        chosen
    }

    fn ty(&self, ty: RoleType) -> Option<Type> {
        match ty {
            RoleType::T => self.t,
            RoleType::U => self.u,
            RoleType::Wide => self.t.and_then(Type::widened),
            RoleType::Fixed(ty) => Some(ty),
        }
    }
}

/// Whether a word names memory of a block or a thread, or constants.
fn is_small(word: Modifier) -> bool {
    !matches!(Space::of(&[word]), Space::Generic | Space::Global)
}

/// Whether an operand that may be left out is there.
fn is_given(role: &Role, chosen: &Chosen, source: &mut Source<'_>) -> bool {
    let combines = [Modifier::And, Modifier::Or, Modifier::Xor];
    match (role.optional, role.paired) {
        (false, _) => true,
        (true, true) => source.one_in(2),
        (true, false) => combines.iter().any(|word| chosen.modifiers.contains(word)),
    }
}

fn value(role: &Role, ty: Type, chosen: &Chosen, source: &mut Source<'_>) -> String {
    let (count, ty) = if role.tuple {
        let count = if source.one_in(2) { 2 } else { 4 };
        (count, ty.element(count).unwrap_or(ty))
    } else if role.count == Count::Vector && chosen.modifiers.contains(&Modifier::V2) {
        (2, ty)
    } else if role.count == Count::Vector && chosen.modifiers.contains(&Modifier::V4) {
        (4, ty)
    } else {
        (1, ty)
    };
    let elements: Vec<String> = (0..count).map(|_| element(role, ty, source)).collect();
    match count {
        1 => elements.concat(),
        _ => format!("{{{}}}", elements.join(", ")),
    }
}

fn element(role: &Role, ty: Type, source: &mut Source<'_>) -> String {
    if role.constant || (!role.destination && ty != Type::Pred && source.one_in(4)) {
        return constant(ty, source);
    }
    let pool = match (ty, ty.bits()) {
        (Type::Pred, _) => "p",
        (Type::F32, _) => "f",
        (Type::F64, _) => "e",
        (_, 8) if role.wider => "r",
        (_, 8) => "b",
        (_, 16) => "h",
        (_, 32) => "r",
        _ => "d",
    };
    let negation = if role.negatable && source.one_in(2) {
        "!"
    } else {
        ""
    };
    format!("{negation}%{pool}{}", source.below(POOL))
}

fn constant(ty: Type, source: &mut Source<'_>) -> String {
    const EDGES: [u64; 8] = [0, 1, 2, 31, 0x7fff_ffff, 0x8000_0000, u64::MAX, 1 << 63];
    let bits = if source.one_in(2) {
        source.word()
    } else {
        source.pick(&EDGES).copied().unwrap_or(0)
    };
    match ty {
        Type::F32 => format!("0f{:08X}", bits as u32),
        Type::F64 => format!("0d{bits:016X}"),
        _ => bits.to_string(),
    }
}

/// An address: mostly one in the thread's own memory, which `text` computes; else whatever a register holds.
fn address(source: &mut Source<'_>, text: &mut String) -> String {
    const OFFSETS: [i64; 8] = [0, 0, 0, 4, 8, 16, -8, 1];
    let offset = source.pick(&OFFSETS).copied().unwrap_or(0);
    let register = source.below(POOL);
    if source.one_in(16) {
        return format!("[%d{register}+{offset}]");
    }
    let _ = writeln!(
        text,
        "and.b64 %at, %d{register}, 240;\nadd.u64 %at, %at, %mine;"
    );
    format!("[%at+{}]", SCRATCH as i64 + offset)
}

fn predicate(source: &mut Source<'_>) -> String {
    let negation = if source.one_in(2) { "!" } else { "" };
    format!("@{negation}%p{} ", source.below(POOL))
}
