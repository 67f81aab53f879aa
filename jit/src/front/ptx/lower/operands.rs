//! Operands to what the instruction's form wants in their places.

use super::super::ast::{self, OperandKind};
use super::Lowering;
use super::memory::Storage;
use super::select::Selected;
use crate::diagnostics::{Diagnostic, Span};
use crate::ir::{
    self, Address, AddressBase, Count, Modifier, Opcode, Operand, Role, RoleKind, RoleType,
    SpecialRegister, TensorAddress, Type,
};
use crate::numbers::{bf16_bits, f16_bits};
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
            if role.implicit {
                operands.push(Operand::Register(self.carry(source.name.span)?));
                continue;
            }
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

    /// The operands but the address, which the caller knows better.
    pub(super) fn operands_but_address(
        &mut self,
        source: &ast::Instruction<'a>,
        selected: &Selected,
    ) -> Result<SmallVec<[Operand; 4]>, Diagnostic> {
        let roles = &selected.form.form().roles;
        let pairs = roles.iter().zip(&source.operands);
        pairs
            .filter(|(role, _)| role.kind != RoleKind::Address)
            .map(|(role, operand)| self.operand(operand, role, selected))
            .collect()
    }

    /// The register that stands for the carry flag (PTX ISA, "Extended-Precision Integer Arithmetic Instructions").
    fn carry(&mut self, span: Span) -> Result<ir::Register, Diagnostic> {
        if let Some(carry) = self.carry {
            return Ok(carry);
        }
        let carry = self.registers.unnamed(Type::Pred, span)?;
        self.carry = Some(carry);
        Ok(carry)
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
                let elements = match &source.kind {
                    // Triton writes one register in braces.
                    OperandKind::Vector(elements)
                        if elements.len() == 1
                            && role.count == Count::Vector
                            && wanted(role, selected) == Some(1) =>
                    {
                        return self.value(&elements[0], role, ty);
                    }
                    OperandKind::Vector(elements) => elements,
                    _ if role.tuple => return self.value(source, role, ty),
                    _ if wanted(role, selected) == Some(1) && role.count == Count::Exactly(1) => {
                        return Ok(Operand::Vector(vec![self.value(source, role, ty)?]));
                    }
                    _ if wanted(role, selected) == Some(1) && role.count != Count::Matrices => {
                        return self.value(source, role, ty);
                    }
                    _ => return Err(wants_vector(source, role, selected)),
                };
                let ty = if role.tuple {
                    ty.element(elements.len()).ok_or_else(|| {
                        Diagnostic::error(source.span, "2 or 4 registers share these bits")
                    })?
                } else {
                    let is_vector = wanted(role, selected).is_none_or(|wanted| {
                        wanted == elements.len() && (wanted > 1 || role.count != Count::Vector)
                    });
                    if !is_vector || role.count == Count::Single {
                        return Err(wants_vector(source, role, selected));
                    }
                    ty
                };
                let elements = elements.iter().map(|element| self.value(element, role, ty));
                Ok(Operand::Vector(elements.collect::<Result<_, _>>()?))
            }
        }
    }

    pub(super) fn value(
        &mut self,
        source: &ast::Operand<'a>,
        role: &Role,
        ty: Type,
    ) -> Result<Operand, Diagnostic> {
        let span = source.span;
        let is_constant = matches!(
            source.kind,
            OperandKind::Integer { .. } | OperandKind::Double(_) | OperandKind::FloatBits(_)
        );
        if role.constant && !is_constant {
            return Err(Diagnostic::error(span, "a constant stands here"));
        }
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
            OperandKind::Sum { base, offset } => {
                if role.destination {
                    return Err(no_destination(base, span));
                }
                let storage = self.storage(base);
                match storage {
                    Some(Storage::Memory(symbol)) => Ok(Operand::Symbol(symbol, offset)),
                    _ => self.parameter_address(base, offset, span),
                }
            }
            OperandKind::Address { .. }
            | OperandKind::Tensor(_)
            | OperandKind::List(_)
            | OperandKind::Vector(_) => Err(Diagnostic::error(
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
        if let Some((register, _)) = self.registers.find_any(name)? {
            return Ok(Operand::Register(register));
        }
        match self.storage(name.text) {
            Some(Storage::Register(register, _)) => Ok(Operand::Register(register)),
            Some(Storage::Memory(symbol)) if !role.destination => Ok(Operand::Symbol(symbol, 0)),
            Some(_) if role.destination => Err(no_destination(name.text, name.span)),
            _ if role.destination && self.parameter(name.text).is_some() => {
                Err(no_destination(name.text, name.span))
            }
            _ if name.text == "WARP_SZ" => Ok(Operand::Immediate(32)),
            _ => self.parameter_address(name.text, 0, name.span),
        }
    }

    /// The address of a parameter of the kernel is that of a copy in local memory.
    fn parameter_address(
        &mut self,
        name: &str,
        offset: i64,
        span: Span,
    ) -> Result<Operand, Diagnostic> {
        match self.parameter(name) {
            Some(index) => Ok(Operand::Symbol(self.parameter_copy(index), offset)),
            None => Err(Diagnostic::error(span, format!("`{name}` is not declared"))),
        }
    }

    fn address(
        &mut self,
        source: &ast::Operand<'a>,
        selected: &Selected,
    ) -> Result<Operand, Diagnostic> {
        match &source.kind {
            OperandKind::Address { base, offset } => {
                let base = self.address_base(*base, source.span, selected)?;
                Ok(Operand::Address(Address::new(base, *offset)))
            }
            OperandKind::Tensor(tensor) if selected.form.opcode() == Opcode::Unbounded => {
                let base = self.address_base(tensor.base, source.span, selected)?;
                let role = Role::value(RoleType::Fixed(Type::B32));
                let coordinates = tensor
                    .coordinates
                    .iter()
                    .map(|coordinate| self.value(coordinate, &role, Type::B32));
                Ok(Operand::Tensor(Box::new(TensorAddress {
                    address: Address::new(base, tensor.offset),
                    coordinates: coordinates.collect::<Result<_, _>>()?,
                })))
            }
            _ => Err(Diagnostic::error(
                source.span,
                "expected an address such as `[%rd1+4]`",
            )),
        }
    }

    fn address_base(
        &mut self,
        base: Option<&'a str>,
        span: Span,
        selected: &Selected,
    ) -> Result<AddressBase, Diagnostic> {
        let of_parameter = selected.form.opcode() == Opcode::LdParam;
        let Some(name) = base else {
            return if of_parameter {
                Err(Diagnostic::error(
                    span,
                    "`ld.param` takes a parameter by name",
                ))
            } else {
                Ok(AddressBase::Absolute)
            };
        };
        match self.parameter(name) {
            Some(index) if of_parameter => return Ok(AddressBase::Parameter(index)),
            Some(_) => {
                let message = format!("`{name}` is a parameter; only `ld.param` reads it");
                return Err(Diagnostic::error(span, message));
            }
            None if of_parameter => {
                let message = format!(
                    "`{name}` is no parameter of this kernel; `ld.param` takes one by name"
                );
                return Err(Diagnostic::error(span, message));
            }
            None => {}
        }
        if let Some((register, _)) = self.registers.find_any(ast::Name { text: name, span })? {
            return Ok(AddressBase::Register(register));
        }
        match self.storage(name) {
            Some(Storage::Memory(symbol)) => Ok(AddressBase::Variable(symbol)),
            Some(Storage::Register(register, _)) => Ok(AddressBase::Register(register)),
            None => Err(Diagnostic::error(span, format!("`{name}` is not declared"))),
        }
    }

    fn parameter(&self, name: &str) -> Option<u32> {
        self.parameters
            .iter()
            .position(|parameter| parameter.name == name)
            .map(|index| index as u32)
    }
}

/// How many values an operand is; none if any number will do.
fn wanted(role: &Role, selected: &Selected) -> Option<usize> {
    let has = |modifier| selected.modifiers.contains(&modifier);
    match role.count {
        Count::Single => Some(1),
        Count::Vector if has(Modifier::V2) => Some(2),
        Count::Vector if has(Modifier::V4) => Some(4),
        Count::Vector => Some(1),
        Count::Exactly(count) => Some(usize::from(count)),
        Count::Matrices if has(Modifier::X4) => Some(4),
        Count::Matrices if has(Modifier::X2) => Some(2),
        Count::Matrices => Some(1),
        Count::Any => None,
    }
}

fn wants_vector(source: &ast::Operand<'_>, role: &Role, selected: &Selected) -> Diagnostic {
    let message = match wanted(role, selected) {
        Some(1) if role.count == Count::Single || role.count == Count::Vector => {
            "one register or constant stands here".to_owned()
        }
        Some(wanted) => format!("a vector of {wanted} registers such as `{{a, b}}` stands here"),
        None => "a vector of registers such as `{a, b}` stands here".to_owned(),
    };
    Diagnostic::error(source.span, message)
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
    if !matches!(
        selected.form.opcode(),
        Opcode::Setp | Opcode::SetpPair | Opcode::Set | Opcode::SetPair
    ) {
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

fn no_destination(name: &str, span: Span) -> Diagnostic {
    Diagnostic::error(
        span,
        format!("`{name}` is no register, so that nothing can be written to it"),
    )
}

fn wrong_count(source: &ast::Instruction<'_>, roles: &[Role]) -> Diagnostic {
    let wanted = roles
        .iter()
        .filter(|role| !role.optional && !role.implicit)
        .count();
    let message = format!(
        "`{}` takes {wanted} operands, found {}",
        source.name.text,
        source.operands.len()
    );
    Diagnostic::error(source.name.span, message)
}

/// An integer constant in an operand of this type; PTX cuts it to the type's width.
pub(super) fn integer_bits(magnitude: u64, negative: bool, ty: Type) -> Option<u64> {
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

pub(super) fn double_bits(value: f64, ty: Type) -> Option<u64> {
    match ty {
        Type::F64 | Type::B64 => Some(value.to_bits()),
        Type::F32 => Some(u64::from((value as f32).to_bits())),
        Type::F16 => Some(u64::from(f16_bits(value))),
        Type::Bf16 => Some(u64::from(bf16_bits(value))),
        _ => None,
    }
}

pub(super) fn float_bits(bits: u32, ty: Type) -> Option<u64> {
    match ty {
        Type::F32 | Type::B32 => Some(u64::from(bits)),
        Type::F64 => Some(f64::from(f32::from_bits(bits)).to_bits()),
        _ => None,
    }
}

fn mask(ty: Type) -> u64 {
    u64::MAX >> (64 - ty.bits())
}
