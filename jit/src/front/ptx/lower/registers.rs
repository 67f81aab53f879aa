//! Register names to registers, by scope.

use super::super::ast::Name;
use crate::diagnostics::{Diagnostic, Span};
use crate::ir::{Register, Type};
use crate::limits::MAX_REGISTERS;
use std::collections::HashMap;

/// The registers of one kernel. A declaration such as `%r<1000000>` costs nothing: a register comes to be when it is
/// first used.
pub(super) struct Registers<'a> {
    scopes: Vec<Scope<'a>>,
    types: Vec<Type>,
}

#[derive(Default)]
struct Scope<'a> {
    /// Whether it is a function's outermost: what is around the call cannot be seen.
    is_function: bool,
    declared: HashMap<&'a str, (Type, Option<u32>)>,
    used: HashMap<&'a str, Register>,
}

impl Default for Registers<'_> {
    fn default() -> Self {
        Self {
            scopes: vec![Scope::default()],
            types: Vec::new(),
        }
    }
}

impl<'a> Registers<'a> {
    pub(super) fn open(&mut self) {
        self.scopes.push(Scope::default());
    }

    /// Opens the outermost scope of a function that is called.
    pub(super) fn open_function(&mut self) {
        self.scopes.push(Scope {
            is_function: true,
            ..Scope::default()
        });
    }

    /// How many scopes are open.
    pub(super) fn depth(&self) -> usize {
        self.scopes.len()
    }

    /// A register without a name.
    pub(super) fn unnamed(&mut self, ty: Type, span: Span) -> Result<Register, Diagnostic> {
        if self.types.len() == MAX_REGISTERS {
            let message = format!("the kernel uses more than {MAX_REGISTERS} registers: split it");
            return Err(Diagnostic::error(span, message));
        }
        self.types.push(ty);
        Ok(Register(self.types.len() as u32 - 1))
    }

    pub(super) fn close(&mut self) {
        if self.scopes.len() > 1 {
            self.scopes.pop();
        }
    }

    pub(super) fn declare(
        &mut self,
        ty: Type,
        name: Name<'a>,
        count: Option<u32>,
    ) -> Result<(), Diagnostic> {
        let scope = self.scopes.last_mut();
        let earlier = scope.and_then(|scope| scope.declared.insert(name.text, (ty, count)));
        match earlier {
            Some(_) => Err(Diagnostic::error(
                name.span,
                format!("`{}` is declared twice", name.text),
            )),
            None => Ok(()),
        }
    }

    /// The register of this name and its type.
    pub(super) fn find(&mut self, name: Name<'a>) -> Result<(Register, Type), Diagnostic> {
        self.find_any(name)?
            .ok_or_else(|| Diagnostic::error(name.span, format!("`{}` is not declared", name.text)))
    }

    /// The register of this name and its type, if it is declared.
    pub(super) fn find_any(
        &mut self,
        name: Name<'a>,
    ) -> Result<Option<(Register, Type)>, Diagnostic> {
        let mut found = None;
        for (place, scope) in self.scopes.iter().enumerate().rev() {
            if let Some(&register) = scope.used.get(name.text) {
                return Ok(Some((register, self.types[register.index()])));
            }
            if let Some(ty) = scope.declared_type(name.text) {
                found = Some((place, ty));
                break;
            }
            if scope.is_function {
                break;
            }
        }
        let Some((place, ty)) = found else {
            return Ok(None);
        };
        let register = self.unnamed(ty, name.span)?;
        self.scopes[place].used.insert(name.text, register);
        Ok(Some((register, ty)))
    }

    pub(super) fn into_types(self) -> Vec<Type> {
        self.types
    }
}

impl Scope<'_> {
    fn declared_type(&self, name: &str) -> Option<Type> {
        if let Some(&(ty, None)) = self.declared.get(name) {
            return Some(ty);
        }
        // `%r<5>` declares `%r0` to `%r4`; the prefix may itself end in digits.
        let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
        (name.len() - digits..name.len()).find_map(|split| {
            let (prefix, index) = name.split_at_checked(split)?;
            let index: u32 = index
                .parse()
                .ok()
                .filter(|_| index == "0" || !index.starts_with('0'))?;
            match self.declared.get(prefix) {
                Some(&(ty, Some(count))) if index < count => Some(ty),
                _ => None,
            }
        })
    }
}
