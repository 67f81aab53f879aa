//! What a kernel takes, as data.

use std::fmt;

/// A kernel's name, parameters and purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelSignature {
    /// Its name in the module.
    pub name: &'static str,
    /// What it takes, in order.
    pub parameters: &'static [Parameter],
    /// What it computes, as a formula or a sentence.
    pub summary: &'static str,
}

/// One parameter of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in [`KernelSignature::summary`].
    pub name: &'static str,
    /// What it may be.
    pub ty: ParameterType,
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterType {
    /// A number, passed by value.
    Scalar(Number),
    /// The device address of an array, aligned to its elements.
    Array {
        /// The type of its elements.
        element: Number,
        /// What the kernel does with it.
        access: Access,
        /// How many of its elements belong to each of the `n` indices: the array holds `n` times as many.
        per_index: u32,
    },
    /// The number of indices that the kernel computes, a `u64`. Always the last parameter.
    Count,
}

/// The type of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// An unsigned integer of 32 bits.
    U32,
    /// A floating-point number of 32 bits.
    F32,
    /// A floating-point number of 64 bits.
    F64,
}

/// What a kernel does with an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It only reads it.
    Read,
    /// It writes each element and reads none.
    Write,
    /// It reads each element before it writes it.
    Update,
}

impl Number {
    /// The size of one number, in bytes.
    pub const fn size(self) -> usize {
        match self {
            Self::U32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::U32 => "u32",
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

impl fmt::Display for ParameterType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(number) => number.fmt(f),
            Self::Array {
                element,
                access: Access::Read,
                ..
            } => write!(f, "*const {element}"),
            Self::Array { element, .. } => write!(f, "*mut {element}"),
            Self::Count => f.write_str("u64"),
        }
    }
}

impl fmt::Display for KernelSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name)?;
        for (place, parameter) in self.parameters.iter().enumerate() {
            let separator = if place == 0 { "" } else { ", " };
            write!(f, "{separator}{}: {}", parameter.name, parameter.ty)?;
        }
        f.write_str(")")
    }
}
