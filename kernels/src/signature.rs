//! What a kernel takes, as data.

use std::fmt;

/// A kernel's name, parameters and purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelSignature {
    /// Its name in the module.
    pub name: &'static str,
    /// What it takes, in order: scalars, the arrays that it reads, the array that it writes, counts.
    pub parameters: &'static [Parameter],
    /// The blocks that it has to be launched in. The grid is one-dimensional and may have any size.
    pub block: Block,
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
        /// How many elements it holds.
        length: Length,
    },
    /// A `u64` that the lengths of arrays are told by.
    Count,
}

/// How many elements an array holds, by the kernel's parameters that are [counts](ParameterType::Count).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// As many as the count of this name says.
    Count(&'static str),
    /// So many for each that the count says.
    Times(u32, &'static str),
    /// The product of two counts: a matrix with so many rows and columns.
    Matrix(&'static str, &'static str),
    /// One for each so many that the count says, and one for the rest if there is any.
    Chunks(u32, &'static str),
}

/// The threads of each block of a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// One dimension of any size.
    Any,
    /// So many threads across and down, no more and no fewer: they work together.
    Threads {
        /// The first dimension.
        x: u32,
        /// The second dimension.
        y: u32,
    },
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

impl Length {
    /// The number of elements, where `count` gives each count by its name. `None` if one is missing or it is no `u64`.
    ///
    /// ```
    /// use wasi_cuda_kernels::Length;
    ///
    /// let count = |name: &str| (name == "n").then_some(1025);
    /// assert_eq!(Length::Chunks(1024, "n").elements(count), Some(2));
    /// assert_eq!(Length::Count("m").elements(count), None);
    /// ```
    pub fn elements(self, count: impl Fn(&str) -> Option<u64>) -> Option<u64> {
        match self {
            Self::Count(name) => count(name),
            Self::Times(times, name) => count(name)?.checked_mul(times.into()),
            Self::Matrix(rows, columns) => count(rows)?.checked_mul(count(columns)?),
            Self::Chunks(size, name) => (size != 0)
                .then(|| count(name))?
                .map(|count| count.div_ceil(size.into())),
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
