//! Names of variables and parameters to the memory or the registers they stand for.

use super::super::ast;
use super::Lowering;
use crate::diagnostics::Diagnostic;
use crate::ir::{self, Register, Space, Symbol, Type, Variable};
use std::collections::HashMap;

/// What a name in memory stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Storage {
    /// A variable.
    Memory(Symbol),
    /// A parameter of a call that is one number: it lies in a register.
    Register(Register, Type),
}

/// The variables that are known, by scope.
#[derive(Default)]
pub(super) struct Variables<'a> {
    /// The declarations of each scope; the number is that of the register scope.
    scopes: Vec<(usize, HashMap<&'a str, Declared<'a>>)>,
    /// Those of the function that were named, by where their declarations lie.
    named: HashMap<*const ast::Variable<'a>, Symbol>,
    pub(super) of_function: Vec<Variable>,
    /// Copies of the kernel's parameters whose addresses were taken.
    pub(super) copies: Vec<(u32, Symbol)>,
}

#[derive(Clone, Copy)]
enum Declared<'a> {
    Variable(&'a ast::Variable<'a>),
    Bound(Storage),
}

/// The module's variables: which are in its own memory, and which each kernel has of its own.
pub(super) struct Globals<'a> {
    pub(super) by_name: HashMap<&'a str, Global<'a>>,
}

#[derive(Clone, Copy)]
pub(super) enum Global<'a> {
    /// In the module's own memory, by its place there.
    Module(u32),
    /// Shared memory.
    Shared(&'a ast::Variable<'a>),
}

impl<'a> Variables<'a> {
    pub(super) fn declare(&mut self, depth: usize, variable: &'a ast::Variable<'a>) {
        self.insert(depth, variable.name.text, Declared::Variable(variable));
    }

    /// Lets a name stand for storage that exists.
    pub(super) fn bind(&mut self, depth: usize, name: &'a str, storage: Storage) {
        self.insert(depth, name, Declared::Bound(storage));
    }

    fn insert(&mut self, depth: usize, name: &'a str, declared: Declared<'a>) {
        if self.scopes.last().is_none_or(|(scope, _)| *scope != depth) {
            self.scopes.push((depth, HashMap::new()));
        }
        if let Some((_, names)) = self.scopes.last_mut() {
            names.insert(name, declared);
        }
    }

    /// Forgets what was declared in scopes that are closed.
    pub(super) fn close(&mut self, depth: usize) {
        while self.scopes.last().is_some_and(|(scope, _)| *scope > depth) {
            self.scopes.pop();
        }
    }
}

impl<'a> Lowering<'a, '_> {
    /// What a name stands for, if it is a variable or a parameter of a call. Names outside of `outermost` are not seen.
    pub(super) fn storage(&mut self, name: &'a str) -> Option<Storage> {
        let outermost = self.outermost_scope;
        let scopes = self.variables.scopes.iter().rev();
        let declared = scopes
            .take_while(|(depth, _)| *depth >= outermost)
            .find_map(|(_, names)| names.get(name).copied());
        match declared {
            Some(Declared::Bound(storage)) => Some(storage),
            Some(Declared::Variable(variable)) => {
                Some(Storage::Memory(self.function_variable(variable)))
            }
            None => match self.globals.by_name.get(name).copied()? {
                Global::Module(index) => Some(Storage::Memory(Symbol::Module(index))),
                Global::Shared(variable) => Some(Storage::Memory(self.function_variable(variable))),
            },
        }
    }

    fn function_variable(&mut self, variable: &'a ast::Variable<'a>) -> Symbol {
        let key: *const ast::Variable<'a> = variable;
        if let Some(&symbol) = self.variables.named.get(&key) {
            return symbol;
        }
        let mut lowered = lower_variable(variable);
        if lowered.space == Space::Param {
            lowered.space = Space::Local;
        }
        let symbol = self.add_or_find(lowered);
        self.variables.named.insert(key, symbol);
        symbol
    }

    /// One more variable of the kernel, or the one that begins at the same place because a launch decides its size.
    fn add_or_find(&mut self, variable: Variable) -> Symbol {
        let mut known = self.variables.of_function.iter();
        let same = known
            .position(|known| variable.dynamic && known.dynamic && known.align == variable.align);
        match same {
            Some(index) => Symbol::Function(index as u32),
            None => self.add_variable(variable),
        }
    }

    /// One more variable of the kernel.
    pub(super) fn add_variable(&mut self, variable: Variable) -> Symbol {
        self.variables.of_function.push(variable);
        Symbol::Function(self.variables.of_function.len() as u32 - 1)
    }

    /// A variable of the body. A parameter of a call that is one number lies in a register.
    pub(super) fn declare_variable(
        &mut self,
        variable: &'a ast::Variable<'a>,
    ) -> Result<(), Diagnostic> {
        check_declaration(variable)?;
        let depth = self.registers.depth();
        let is_number = variable.space == Space::Param
            && variable.elements == Some(1)
            && variable.ty.bits() >= 16
            && variable.ty.bits() <= 64;
        if is_number {
            let register = self
                .registers
                .unnamed(held(variable.ty), variable.name.span)?;
            let storage = Storage::Register(register, held(variable.ty));
            self.variables.bind(depth, variable.name.text, storage);
        } else {
            self.variables.declare(depth, variable);
        }
        Ok(())
    }

    /// The local memory that a parameter of the kernel was copied to, because its address is taken.
    pub(super) fn parameter_copy(&mut self, index: u32) -> Symbol {
        if let Some((_, symbol)) = self.variables.copies.iter().find(|(of, _)| *of == index) {
            return *symbol;
        }
        let declared = &self.parameters[index as usize];
        let mut copy = Variable::scalar(
            declared.name.clone(),
            self.span,
            Space::Local,
            Type::B8,
            declared.size(),
        );
        copy.align = declared.align.max(8);
        let symbol = self.add_variable(copy);
        self.variables.copies.push((index, symbol));
        symbol
    }
}

/// The register type for a parameter of this type.
pub(super) fn held(ty: Type) -> Type {
    match ty.bits() {
        _ if ty.is_float() && ty.bits() >= 32 => ty,
        16 => Type::B16,
        32 => Type::B32,
        _ => Type::B64,
    }
}

pub(super) fn lower_variable(variable: &ast::Variable<'_>) -> Variable {
    let bytes = u64::from(variable.ty.bytes());
    Variable {
        name: variable.name.text.to_owned(),
        span: variable.name.span,
        space: variable.space,
        align: variable.align.unwrap_or(1).max(variable.ty.bytes()),
        bytes: variable
            .elements
            .map_or(0, |elements| elements.saturating_mul(bytes)),
        dynamic: variable.elements.is_none(),
        initial: ir::Initializer::default(),
    }
}

pub(super) fn check_declaration(variable: &ast::Variable<'_>) -> Result<(), Diagnostic> {
    let wrong = |message: &str| Err(Diagnostic::error(variable.name.span, message));
    match (variable.space, variable.elements) {
        (Space::Shared, None) if !variable.is_external => wrong(
            "only `.extern .shared` memory may have an open size; say how many elements it has",
        ),
        (Space::Shared, _) if !variable.initial.is_empty() => {
            wrong("shared memory has no initial value; let a thread store it")
        }
        (Space::Local | Space::Param, None) => wrong("say how many elements the array has"),
        (Space::Local | Space::Param, _) if !variable.initial.is_empty() => {
            wrong("local memory has no initial value; store it")
        }
        _ => Ok(()),
    }
}
