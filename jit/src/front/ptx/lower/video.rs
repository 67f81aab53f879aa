//! Parts of words in scalar video instructions (PTX ISA, "Scalar Video Instructions").
//!
//! `vadd.s32.s32.u32 d.h1, a.b2, b, c` takes a byte of `a`, adds `b`, and puts half of the result into `c`. Forms know whole words alone: the
//! parts are taken before, with their sign, and put behind by the instructions for fields of bits, as GPUs do it that have no circuits for
//! these any more.

use super::super::ast::{self, OperandKind};
use super::Lowering;
use super::select::Selected;
use crate::diagnostics::Diagnostic;
use crate::ir::{
    Instruction, Modifier, Opcode, Operand, Predicate, Register, Role, RoleKind, RoleType,
    SpecialRegister, Type, form_for,
};
use smallvec::{SmallVec, smallvec};

/// Some bits of a word.
#[derive(Clone, Copy)]
struct Part {
    first: u64,
    bits: u64,
}

impl Part {
    fn from_name(name: &str) -> Option<Self> {
        let (bits, number) = match name.as_bytes() {
            [b'b', number @ b'0'..=b'3'] => (8, number),
            [b'h', number @ b'0'..=b'1'] => (16, number),
            _ => return None,
        };
        let first = u64::from(number - b'0') * bits;
        Some(Self { first, bits })
    }

    fn operands(self) -> [Operand; 2] {
        [self.first, self.bits].map(Operand::Immediate)
    }

    /// The bounds of a number of so many bits.
    fn bounds(self, signed: bool) -> [u64; 2] {
        match signed {
            true => [
                u64::from((-1i32 << (self.bits - 1)) as u32),
                (1 << (self.bits - 1)) - 1,
            ],
            false => [0, (1 << self.bits) - 1],
        }
    }
}

/// An operand without what it says of its word; none if it says nothing, or is a special register.
pub(super) fn without_component<'a>(operand: &ast::Operand<'a>) -> Option<ast::Operand<'a>> {
    let OperandKind::Name(name, Some(component)) = operand.kind else {
        return None;
    };
    let spelling = format!("{name}.{component}");
    SpecialRegister::from_name(&spelling)
        .is_none()
        .then_some(ast::Operand {
            kind: OperandKind::Name(name, None),
            span: operand.span,
            paired: operand.paired,
        })
}

/// The part of a word that an operand is, if it says so, and the operand without that.
fn part<'a>(operand: &ast::Operand<'a>) -> Result<Option<(Part, ast::Operand<'a>)>, Diagnostic> {
    let (Some(whole), OperandKind::Name(_, Some(component))) =
        (without_component(operand), &operand.kind)
    else {
        return Ok(None);
    };
    let Some(part) = Part::from_name(component) else {
        let message = format!(
            "`.{component}` is no part of a word: those are `.b0` to `.b3`, `.h0` and `.h1`"
        );
        return Err(Diagnostic::error(operand.span, message));
    };
    Ok(Some((part, whole)))
}

/// Whether operands may say what of their words they mean.
pub(super) fn chooses(selected: &Selected) -> bool {
    selected.form.opcode().is_video()
}

impl<'a> Lowering<'a, '_> {
    /// A video instruction whose operands say what of their words they mean; false if none does.
    pub(super) fn of_words(
        &mut self,
        source: &ast::Instruction<'a>,
        selected: &Selected,
        predicate: Option<Predicate>,
    ) -> Result<bool, Diagnostic> {
        match selected.form.form().name.ends_with(['2', '4']) {
            true => self.numbers_of_words(source, selected, predicate),
            false => self.parts_of_words(source, selected, predicate),
        }
    }

    /// An instruction of which some operands are parts of words; false if none is.
    fn parts_of_words(
        &mut self,
        source: &ast::Instruction<'a>,
        selected: &Selected,
        predicate: Option<Predicate>,
    ) -> Result<bool, Diagnostic> {
        let parts: Vec<Option<(Part, ast::Operand<'a>)>> =
            source.operands.iter().map(part).collect::<Result<_, _>>()?;
        if parts.iter().all(Option::is_none) {
            return Ok(false);
        }
        let roles = &selected.form.form().roles;
        let merges = parts[0].is_some();
        if parts.iter().skip(3).any(Option::is_some) {
            return Err(Diagnostic::error(
                source.name.span,
                "the third value is a whole word",
            ));
        }
        if merges && roles.len() == 4 {
            let message =
                "a part of a word is put into the third value, which is not added or compared then";
            return Err(Diagnostic::error(source.operands[0].span, message));
        }
        let wanted = roles.len() + usize::from(merges);
        if source.operands.len() != wanted {
            let message = format!("`{}` takes {wanted} operands here", source.name.text);
            return Err(Diagnostic::error(source.name.span, message));
        }
        let mut operands: SmallVec<[Operand; 4]> = SmallVec::new();
        for ((role, operand), part) in roles.iter().zip(&source.operands).zip(&parts) {
            operands.push(match part {
                Some((part, whole)) if !role.destination => {
                    self.taken(whole, role, selected, *part)?
                }
                Some((_, whole)) => self.word_of(whole, role)?,
                None => self.word_of(operand, role)?,
            });
        }
        let put = match &parts[0] {
            Some((part, _)) => {
                let word = self.registers.unnamed(Type::B32, source.name.span)?;
                Some((
                    *part,
                    std::mem::replace(&mut operands[0], Operand::Register(word)),
                    word,
                ))
            }
            None => None,
        };
        self.spend(wanted)?;
        self.blocks.push(Instruction {
            form: selected.form,
            t: selected.t,
            u: selected.u,
            modifiers: selected.modifiers.clone(),
            predicate: predicate.filter(|_| put.is_none()),
            operands,
            span: source.name.span,
        });
        if let Some((part, destination, word)) = put {
            let third = self.word_of(
                &source.operands[3],
                &Role::value(RoleType::Fixed(Type::B32)),
            )?;
            if selected.modifiers.contains(&Modifier::Sat) {
                self.saturate_part(word, part, selected.t.unwrap_or(Type::U32));
            }
            let [first, bits] = part.operands();
            let word = Operand::Register(word);
            self.plain(
                Opcode::Bfi,
                Type::B32,
                smallvec![destination, word, third, first, bits],
                predicate,
            );
        }
        Ok(true)
    }

    /// A register, or a number, of 32 bits.
    pub(super) fn word_of(
        &mut self,
        operand: &ast::Operand<'a>,
        role: &Role,
    ) -> Result<Operand, Diagnostic> {
        if let OperandKind::Name(name, None) = operand.kind
            && let Some((_, ty)) = self.registers.find_any(ast::Name {
                text: name,
                span: operand.span,
            })?
            && !Type::B32.accepts(ty)
        {
            let message = format!("`{name}` is a {ty} register; words have 32 bits");
            return Err(Diagnostic::error(operand.span, message));
        }
        self.value(operand, role, Type::B32)
    }

    /// A part of a word in a register of its own, with the sign that its type gives it.
    fn taken(
        &mut self,
        whole: &ast::Operand<'a>,
        role: &Role,
        selected: &Selected,
        part: Part,
    ) -> Result<Operand, Diagnostic> {
        let signed = match role.kind {
            RoleKind::Value(RoleType::U) => selected.u.is_some_and(Type::is_signed),
            _ => selected.modifiers.contains(&Modifier::WordS32),
        };
        let word = self.word_of(whole, role)?;
        let register = self.registers.unnamed(Type::B32, whole.span)?;
        let [first, bits] = part.operands();
        let ty = if signed { Type::S32 } else { Type::U32 };
        self.plain(
            Opcode::Bfe,
            ty,
            smallvec![Operand::Register(register), word, first, bits],
            None,
        );
        Ok(Operand::Register(register))
    }

    /// Keeps a word in the bounds of a part of one.
    fn saturate_part(&mut self, word: Register, part: Part, ty: Type) {
        let [least, most] = part.bounds(ty.is_signed()).map(Operand::Immediate);
        let word = Operand::Register(word);
        self.plain(
            Opcode::Max,
            ty,
            smallvec![word.clone(), word.clone(), least],
            None,
        );
        self.plain(Opcode::Min, ty, smallvec![word.clone(), word, most], None);
    }

    pub(super) fn plain(
        &mut self,
        opcode: Opcode,
        t: Type,
        operands: SmallVec<[Operand; 4]>,
        predicate: Option<Predicate>,
    ) {
        self.blocks.push(Instruction {
            form: form_for(opcode, t),
            t: Some(t),
            u: None,
            modifiers: SmallVec::new(),
            predicate,
            operands,
            span: self.span,
        });
    }
}
