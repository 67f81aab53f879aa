//! Register names to registers, by scope.

use super::super::ast::Name;
use crate::diagnostics::Diagnostic;
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
        for scope in self.scopes.iter_mut().rev() {
            if let Some(&register) = scope.used.get(name.text) {
                return Ok((register, self.types[register.index()]));
            }
            if let Some(ty) = scope.declared_type(name.text) {
                if self.types.len() == MAX_REGISTERS {
                    let message =
                        format!("the kernel uses more than {MAX_REGISTERS} registers: split it");
                    return Err(Diagnostic::error(name.span, message));
                }
                let register = Register(self.types.len() as u32);
                self.types.push(ty);
                scope.used.insert(name.text, register);
                return Ok((register, ty));
            }
        }
        Err(Diagnostic::error(
            name.span,
            format!("`{}` is not declared", name.text),
        ))
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
