//! Variables in memory (PTX ISA, "Variables").

use super::module::Function;
use super::space::Space;
use super::types::Type;
use crate::diagnostics::Span;

/// A variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its name in the source.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// Where it lies.
    pub space: Space,
    /// Alignment in bytes, a power of two.
    pub align: u32,
    /// Size in bytes; 0 for shared memory whose size a launch decides.
    pub bytes: u64,
    /// Whether a launch decides its size.
    pub dynamic: bool,
    /// What is in it before the first kernel runs.
    pub initial: Initializer,
}

/// What a variable holds at first; what is not said is zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Initializer {
    /// The first bytes.
    pub bytes: Vec<u8>,
    /// Addresses among them.
    pub addresses: Vec<SymbolAddress>,
}

/// Eight bytes of an initial value that are the address of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SymbolAddress {
    /// Where it is written, in bytes from the variable's start.
    pub at: u64,
    /// Index of the variable in [`super::Module::variables`].
    pub of: u32,
    /// What is added to the address.
    pub offset: i64,
    /// Whether it is spelt `generic(name)`.
    pub generic: bool,
}

/// A variable that code names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symbol {
    /// One of [`super::Module::variables`].
    Module(u32),
    /// One of [`super::Function::variables`].
    Function(u32),
}

impl Variable {
    /// A variable of a function.
    pub(crate) fn scalar(name: String, span: Span, space: Space, ty: Type, count: u32) -> Self {
        Self {
            name,
            span,
            space,
            align: ty.bytes(),
            bytes: u64::from(ty.bytes()) * u64::from(count),
            dynamic: false,
            initial: Initializer::default(),
        }
    }
}

/// How much shared memory a block has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedSize {
    /// Bytes of the variables whose size the module says.
    declared: u64,
    /// Where the memory begins whose size a launch decides.
    dynamic_start: u64,
}

impl SharedSize {
    pub(crate) fn of(function: &Function) -> Self {
        let (_, declared) = function.variable_layout(Space::Shared);
        let dynamic = function
            .variables
            .iter()
            .filter(|variable| variable.dynamic);
        let align = dynamic.map(|variable| u64::from(variable.align)).max();
        Self {
            declared,
            dynamic_start: declared.next_multiple_of(align.unwrap_or(16).max(1)),
        }
    }

    /// Bytes of a block's shared memory in a launch that asks for so many of its own.
    pub fn bytes(self, dynamic: u32) -> u64 {
        match dynamic {
            0 => self.declared,
            dynamic => self.dynamic_start + u64::from(dynamic),
        }
    }
}

/// Puts variables one behind the other, each at its alignment: their offsets, and the end.
pub(crate) fn lay_out<'a>(variables: impl Iterator<Item = &'a Variable>) -> (Vec<u64>, u64) {
    let mut end = 0u64;
    let offsets = variables
        .map(|variable| {
            let offset = end.next_multiple_of(u64::from(variable.align.max(1)));
            end = offset.saturating_add(variable.bytes);
            offset
        })
        .collect();
    (offsets, end)
}

/// Where a module's variables lie, and the bytes that they need.
pub(crate) fn variable_layout(variables: &[Variable]) -> (Vec<u64>, u64) {
    lay_out(variables.iter())
}

/// What is in a module's memory before its first kernel runs, if that begins at this address.
pub(crate) fn initial_bytes(variables: &[Variable], address: u64) -> Vec<u8> {
    let (offsets, size) = variable_layout(variables);
    let mut bytes = vec![0; size as usize];
    for (variable, offset) in variables.iter().zip(&offsets) {
        let start = *offset as usize;
        let initial = &variable.initial;
        bytes[start..start + initial.bytes.len()].copy_from_slice(&initial.bytes);
        for place in &initial.addresses {
            let Some(target) = offsets.get(place.of as usize) else {
                continue;
            };
            let value = address
                .wrapping_add(*target)
                .wrapping_add(place.offset as u64);
            let at = start + place.at as usize;
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
    }
    bytes
}
