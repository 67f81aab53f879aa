//! Parameters: how a kernel's are laid out, and access to those of calls.

use super::super::ast::{self, Kernel, OperandKind};
use super::Lowering;
use super::memory::{Storage, held};
use super::select::Selected;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::ir::{
    self, Address, AddressBase, Modifier, Opcode, Operand, ParameterDeclaration, Predicate, Type,
    form_for,
};
use crate::limits::MAX_PARAMETER_BYTES;
use smallvec::{SmallVec, smallvec};
use std::collections::HashSet;

/// The address of a parameter is that of its copy, which lies in local memory.
pub(super) fn name_copies(cast: &mut Selected) {
    for space in &mut cast.modifiers {
        if matches!(space, Modifier::Param | Modifier::ParamEntry) {
            *space = Modifier::Local;
        }
    }
}

impl<'a> Lowering<'a, '_> {
    /// `ld.param` and `st.param` of what a call passes; false if the instruction reads a parameter of the kernel.
    pub(super) fn call_parameter(
        &mut self,
        source: &'a ast::Instruction<'a>,
        selected: &Selected,
        predicate: Option<Predicate>,
    ) -> Result<bool, Diagnostic> {
        let loads = selected.form.opcode() == Opcode::LdParam;
        let address = source.operands.get(usize::from(loads));
        let Some(OperandKind::Address {
            base: Some(name),
            offset,
        }) = address.map(|operand| &operand.kind)
        else {
            return Ok(false);
        };
        let (name, offset) = (*name, *offset);
        if let Some(storage) = self.storage(name) {
            match storage {
                Storage::Register(register, ty) => {
                    self.move_parameter(source, selected, predicate, (register, ty), offset)?;
                }
                Storage::Memory(symbol) => {
                    let base = AddressBase::Variable(symbol);
                    self.access_local(source, selected, predicate, base, offset)?;
                }
            }
            return Ok(true);
        }
        let span = address.map_or(source.name.span, |operand| operand.span);
        match self.registers.find_any(ast::Name { text: name, span })? {
            // The address of a parameter of the kernel, which was copied to local memory.
            Some((register, _)) => {
                let base = AddressBase::Register(register);
                self.access_local(source, selected, predicate, base, offset)?;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn access_local(
        &mut self,
        source: &'a ast::Instruction<'a>,
        selected: &Selected,
        predicate: Option<Predicate>,
        base: AddressBase,
        offset: i64,
    ) -> Result<(), Diagnostic> {
        let opcode = match selected.form.opcode() {
            Opcode::LdParam => Opcode::Ld,
            _ => Opcode::St,
        };
        let t = selected.t.unwrap_or(Type::B32);
        let vector = |modifier: &&Modifier| matches!(modifier, Modifier::V2 | Modifier::V4);
        let vector = selected.modifiers.iter().find(vector).copied();
        let local = Selected {
            form: form_for(opcode, t),
            t: selected.t,
            u: None,
            modifiers: std::iter::once(Modifier::Local).chain(vector).collect(),
        };
        let mut operands = self.operands_but_address(source, &local)?;
        let place = usize::from(opcode == Opcode::Ld);
        operands.insert(place, Operand::Address(Address::new(base, offset)));
        self.push(source, local, predicate, operands);
        Ok(())
    }

    /// A parameter that lies in a register is read or written as a whole.
    fn move_parameter(
        &mut self,
        source: &'a ast::Instruction<'a>,
        selected: &Selected,
        predicate: Option<Predicate>,
        (register, ty): (ir::Register, Type),
        offset: i64,
    ) -> Result<(), Diagnostic> {
        let t = selected.t.unwrap_or(ty);
        let is_vector = selected.modifiers.contains(&Modifier::V2)
            || selected.modifiers.contains(&Modifier::V4);
        if offset != 0 || is_vector || t.bits() > ty.bits() {
            let message = format!("the parameter is one {ty}; it is read and written as a whole");
            return Err(Diagnostic::error(source.name.span, message));
        }
        let mut operands = self.operands_but_address(source, selected)?;
        let place = usize::from(selected.form.opcode() == Opcode::LdParam);
        operands.insert(place, Operand::Register(register));
        let same = t.bits() == ty.bits();
        let moved = if same {
            Selected {
                form: form_for(Opcode::Mov, t),
                t: Some(t),
                u: None,
                modifiers: SmallVec::new(),
            }
        } else {
            // The lower bits alone; a signed number's sign fills the register that it is loaded to.
            let narrow = if t.is_signed() { t } else { unsigned(t) };
            Selected {
                form: form_for(Opcode::Cvt, narrow),
                t: Some(narrow),
                u: Some(narrow),
                modifiers: SmallVec::new(),
            }
        };
        self.push(source, moved, predicate, operands);
        Ok(())
    }

    fn push(
        &mut self,
        source: &ast::Instruction<'a>,
        selected: Selected,
        predicate: Option<Predicate>,
        operands: SmallVec<[Operand; 4]>,
    ) {
        self.blocks.push(ir::Instruction {
            form: selected.form,
            t: selected.t,
            u: selected.u,
            modifiers: selected.modifiers,
            predicate,
            operands,
            span: source.name.span,
        });
    }

    /// What copies the kernel's parameters to the local memory where their addresses point.
    pub(super) fn parameter_copies(&mut self) -> Result<Vec<ir::Instruction>, Diagnostic> {
        let mut copies = Vec::new();
        for (parameter, symbol) in self.variables.copies.clone() {
            let declared = &self.parameters[parameter as usize];
            let (size, offset) = (declared.size(), declared.offset);
            let mut at = 0;
            while at < size {
                let fits = |ty: &&Type| {
                    (at + ty.bytes()) <= size && (at + offset).is_multiple_of(ty.bytes())
                };
                let ty = [Type::B64, Type::B32, Type::B16].iter().find(fits).copied();
                let ty = ty.unwrap_or(Type::B8);
                let register = self.registers.unnamed(held(ty), self.span)?;
                let place = |base| Operand::Address(Address::new(base, i64::from(at)));
                let instruction = |opcode, modifiers, operands| ir::Instruction {
                    form: form_for(opcode, ty),
                    t: Some(ty),
                    u: None,
                    modifiers,
                    predicate: None,
                    operands,
                    span: self.span,
                };
                let value = Operand::Register(register);
                copies.push(instruction(
                    Opcode::LdParam,
                    smallvec![Modifier::Param],
                    smallvec![value.clone(), place(AddressBase::Parameter(parameter))],
                ));
                copies.push(instruction(
                    Opcode::St,
                    smallvec![Modifier::Local],
                    smallvec![place(AddressBase::Variable(symbol)), value],
                ));
                at += ty.bytes();
            }
        }
        Ok(copies)
    }
}

/// The unsigned integer of the same width.
fn unsigned(ty: Type) -> Type {
    match ty.bits() {
        8 => Type::U8,
        16 => Type::U16,
        32 => Type::U32,
        _ => Type::U64,
    }
}

/// Parameters lie one behind the other, each at its alignment (PTX ISA, "Kernel Function Parameters").
pub(super) fn lay_out(kernel: &Kernel<'_>, found: &mut Diagnostics) -> Vec<ParameterDeclaration> {
    let mut end = 0u32;
    let mut names = HashSet::new();
    let mut declarations = Vec::new();
    for parameter in &kernel.parameters {
        let span = parameter.name.span;
        if !names.insert(parameter.name.text) {
            found.error(
                span,
                format!("the parameter `{}` is declared twice", parameter.name.text),
            );
        }
        if parameter.ty == Type::Pred {
            found.error(span, "a parameter is no predicate");
        }
        let align = parameter.align.unwrap_or(1).max(parameter.ty.bytes());
        let mut declaration = ParameterDeclaration {
            name: parameter.name.text.to_owned(),
            ty: parameter.ty,
            array: parameter.array,
            align,
            offset: 0,
            pointer: parameter.pointer,
        };
        // Both stay far below 2^32: `end` by the check below, an alignment by the parser's.
        declaration.offset = end.next_multiple_of(align);
        end = declaration.offset.saturating_add(declaration.size());
        if end > MAX_PARAMETER_BYTES {
            found.error(
                span,
                format!("the kernel's parameters are larger than {MAX_PARAMETER_BYTES} bytes"),
            );
            break;
        }
        declarations.push(declaration);
    }
    declarations
}
