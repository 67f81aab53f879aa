//! Operands to what the instruction's form wants in their places.

use super::super::ast::{self, OperandKind};
use super::Lowering;
use super::select::Selected;
use crate::diagnostics::{Diagnostic, Span};
use crate::ir::{
    self, Address, AddressBase, Modifier, Opcode, Operand, Role, RoleKind, RoleType,
    SpecialRegister, Type,
};
use smallvec::SmallVec;

impl<'a> Lowering<'a, '_> {
    /// The operands of an instruction, one for each of its form's roles.
    pub(super) fn operands(
        &mut self,
        source: &ast::Instruction<'a>,
        selected: &Selected,
    ) -> Result<SmallVec<[Operand; 4]>, Diagnostic> {
        let roles = &selected.form.form().roles;
        let mut given = source.operands.iter().peekable();
        let mut operands = SmallVec::with_capacity(roles.len());
        for role in roles {
            let next = given.next_if(|operand| operand.paired == role.paired);
            operands.push(match next {
                Some(operand) => self.operand(operand, role, selected)?,
                None if role.optional => Operand::Absent,
                None => return Err(wrong_count(source, roles)),
            });
        }
        if given.next().is_some() {
            return Err(wrong_count(source, roles));
        }
        check_combining_predicate(source, selected, &operands)?;
        Ok(operands)
    }

    fn operand(
        &mut self,
        source: &ast::Operand<'a>,
        role: &Role,
        selected: &Selected,
    ) -> Result<Operand, Diagnostic> {
        match role.kind {
            RoleKind::Address => self.address(source, selected),
            RoleKind::Label => Err(Diagnostic::error(source.span, "a label stands here")),
            RoleKind::Value(ty) => {
                let ty = role_type(ty, selected, source.span)?;
                let wanted = if role.vector {
                    ir::vector_length(&selected.modifiers) as usize
                } else {
                    1
                };
                match &source.kind {
                    OperandKind::Vector(elements) if role.tuple => {
                        let ty = ty.element(elements.len()).ok_or_else(|| {
                            Diagnostic::error(source.span, "2 or 4 registers share these bits")
                        })?;
                        let elements = elements.iter().map(|element| self.value(element, role, ty));
                        Ok(Operand::Vector(elements.collect::<Result<_, _>>()?))
                    }
                    OperandKind::Vector(elements) if wanted > 1 && elements.len() == wanted => {
                        let elements = elements.iter().map(|element| self.value(element, role, ty));
                        Ok(Operand::Vector(elements.collect::<Result<_, _>>()?))
                    }
                    _ if wanted > 1 => {
                        let message = format!(
                            "a vector of {wanted} registers such as `{{a, b}}` stands here"
                        );
                        Err(Diagnostic::error(source.span, message))
                    }
                    _ => self.value(source, role, ty),
                }
            }
        }
    }

    fn value(
        &mut self,
        source: &ast::Operand<'a>,
        role: &Role,
        ty: Type,
    ) -> Result<Operand, Diagnostic> {
        let span = source.span;
        let constant = |bits: Option<u64>| {
            let bits = bits.filter(|_| !role.destination);
            bits.map(Operand::Immediate)
                .ok_or_else(|| Diagnostic::error(span, format!("expected a {ty} register")))
        };
        match source.kind {
            OperandKind::Name("_", None) if role.destination => Ok(Operand::Sink),
            OperandKind::Name(name, component) => {
                self.named(ast::Name { text: name, span }, component, role)
            }
            OperandKind::Not(name) if role.negatable => Ok(Operand::Negated(
                self.predicate(ast::Name { text: name, span })?,
            )),
            OperandKind::Not(_) => Err(Diagnostic::error(
                span,
                "no negated predicate may stand here",
            )),
            OperandKind::Integer {
                magnitude,
                negative,
            } => constant(integer_bits(magnitude, negative, ty)),
            OperandKind::Double(value) => constant(double_bits(value, ty)),
            OperandKind::FloatBits(bits) => constant(float_bits(bits, ty)),
            OperandKind::Address { .. } | OperandKind::Vector(_) => Err(Diagnostic::error(
                span,
                format!("expected a {ty} register or constant"),
            )),
        }
    }

    fn named(
        &mut self,
        name: ast::Name<'a>,
        component: Option<&str>,
        role: &Role,
    ) -> Result<Operand, Diagnostic> {
        let spelling = match component {
            Some(component) => format!("{}.{component}", name.text),
            None => name.text.to_owned(),
        };
        if let Some(special) = SpecialRegister::from_name(&spelling) {
            if role.destination {
                return Err(Diagnostic::error(
                    name.span,
                    format!("`{spelling}` cannot be written"),
                ));
            }
            return Ok(Operand::Special(special));
        }
        if component.is_some() {
            return Err(Diagnostic::error(
                name.span,
                format!("`{spelling}` is no supported special register"),
            ));
        }
        if self.parameter(name.text).is_some() {
            let message = format!(
                "the address of the parameter `{spelling}` cannot be taken; use `ld.param`"
            );
            return Err(Diagnostic::error(name.span, message));
        }
        Ok(Operand::Register(self.registers.find(name)?.0))
    }

    fn address(
        &mut self,
        source: &ast::Operand<'a>,
        selected: &Selected,
    ) -> Result<Operand, Diagnostic> {
        let OperandKind::Address { base, offset } = source.kind else {
            return Err(Diagnostic::error(
                source.span,
                "expected an address such as `[%rd1+4]`",
            ));
        };
        let of_parameter = selected.form.opcode() == Opcode::LdParam;
        let parameter = base.and_then(|name| self.parameter(name));
        let base = match (base, parameter) {
            (_, Some(index)) if of_parameter => AddressBase::Parameter(index),
            (Some(name), Some(_)) => {
                let message = format!("`{name}` is a parameter; only `ld.param` reads it");
                return Err(Diagnostic::error(source.span, message));
            }
            (Some(name), None) if of_parameter => {
                let message = format!(
                    "`{name}` is no parameter of this kernel; `ld.param` takes one by name"
                );
                return Err(Diagnostic::error(source.span, message));
            }
            (Some(name), None) => {
                let (register, _) = self.registers.find(ast::Name {
                    text: name,
                    span: source.span,
                })?;
                AddressBase::Register(register)
            }
            (None, _) if of_parameter => {
                return Err(Diagnostic::error(
                    source.span,
                    "`ld.param` takes a parameter by name",
                ));
            }
            (None, _) => AddressBase::Absolute,
        };
        Ok(Operand::Address(Address {
            base,
            offset,
            guarded: None,
            row: None,
        }))
    }

    fn parameter(&self, name: &str) -> Option<u32> {
        self.parameters
            .iter()
            .position(|parameter| parameter.name == name)
            .map(|index| index as u32)
    }
}

fn role_type(ty: RoleType, selected: &Selected, span: Span) -> Result<Type, Diagnostic> {
    let ty = match ty {
        RoleType::T => selected.t,
        RoleType::U => selected.u,
        RoleType::Wide => selected.t.and_then(Type::widened),
        RoleType::Fixed(ty) => Some(ty),
    };
    ty.ok_or_else(|| Diagnostic::error(span, "the instruction has no type for this operand"))
}

/// `setp.lt.and` takes a third source, `setp.lt` does not.
fn check_combining_predicate(
    source: &ast::Instruction<'_>,
    selected: &Selected,
    operands: &[Operand],
) -> Result<(), Diagnostic> {
    if selected.form.opcode() != Opcode::Setp {
        return Ok(());
    }
    let combines = [Modifier::And, Modifier::Or, Modifier::Xor]
        .iter()
        .any(|word| selected.modifiers.contains(word));
    let given = operands.last() != Some(&Operand::Absent);
    match (combines, given) {
        (true, false) => Err(Diagnostic::error(
            source.name.span,
            "a predicate to combine with is missing",
        )),
        (false, true) => Err(Diagnostic::error(
            source.name.span,
            "a fourth operand needs `.and`, `.or` or `.xor` in the name",
        )),
        _ => Ok(()),
    }
}

fn wrong_count(source: &ast::Instruction<'_>, roles: &[Role]) -> Diagnostic {
    let wanted = roles.iter().filter(|role| !role.optional).count();
    let message = format!(
        "`{}` takes {wanted} operands, found {}",
        source.name.text,
        source.operands.len()
    );
    Diagnostic::error(source.name.span, message)
}

/// An integer constant in an operand of this type; PTX cuts it to the type's width.
fn integer_bits(magnitude: u64, negative: bool, ty: Type) -> Option<u64> {
    let value = if negative {
        magnitude.wrapping_neg()
    } else {
        magnitude
    };
    match ty {
        // `nvrtc -G` writes true as -1.
        Type::Pred => Some(u64::from(value != 0)),
        _ if ty.is_integer() => Some(value & mask(ty)),
        _ => None,
    }
}

fn double_bits(value: f64, ty: Type) -> Option<u64> {
    match ty {
        Type::F64 | Type::B64 => Some(value.to_bits()),
        Type::F32 => Some(u64::from((value as f32).to_bits())),
        _ => None,
    }
}

fn float_bits(bits: u32, ty: Type) -> Option<u64> {
    match ty {
        Type::F32 | Type::B32 => Some(u64::from(bits)),
        Type::F64 => Some(f64::from(f32::from_bits(bits)).to_bits()),
        _ => None,
    }
}

fn mask(ty: Type) -> u64 {
    u64::MAX >> (64 - ty.bits())
}
