//! Words for the tables of kernels.

use crate::signature::{
    Access::{Read, Update, Write},
    Block, KernelSignature, Length, Number, Parameter, ParameterType,
};

/// The count of elementwise kernels.
pub(crate) const N: Parameter = count("n");

/// The length of a whole array of rows.
const ROWS: Length = Length::Matrix("rows", "columns");

/// A block of 256 threads that work together.
pub(crate) const BLOCK_OF_256: Block = Block::Threads { x: 256, y: 1 };

pub(crate) const fn kernel(
    name: &'static str,
    summary: &'static str,
    block: Block,
    parameters: &'static [Parameter],
) -> KernelSignature {
    KernelSignature {
        name,
        parameters,
        block,
        summary,
    }
}

/// A kernel whose threads each work on their own.
pub(crate) const fn any_block(
    name: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
) -> KernelSignature {
    kernel(name, summary, Block::Any, parameters)
}

pub(crate) const fn scalar(name: &'static str, number: Number) -> Parameter {
    Parameter {
        name,
        ty: ParameterType::Scalar(number),
    }
}

pub(crate) const fn count(name: &'static str) -> Parameter {
    Parameter {
        name,
        ty: ParameterType::Count,
    }
}

/// An array of `n` elements.
pub(crate) const fn read(name: &'static str, element: Number) -> Parameter {
    read_of(name, element, Length::Count("n"))
}

/// An array of `n` elements.
pub(crate) const fn write(name: &'static str, element: Number) -> Parameter {
    write_of(name, element, Length::Count("n"))
}

/// An array of `n` elements.
pub(crate) const fn update(name: &'static str, element: Number) -> Parameter {
    update_of(name, element, Length::Count("n"))
}

/// An array of `rows` rows of `columns` elements.
pub(crate) const fn read_rows(name: &'static str, element: Number) -> Parameter {
    read_of(name, element, ROWS)
}

/// An array of `rows` rows of `columns` elements.
pub(crate) const fn write_rows(name: &'static str, element: Number) -> Parameter {
    write_of(name, element, ROWS)
}

pub(crate) const fn read_of(name: &'static str, element: Number, length: Length) -> Parameter {
    array(name, element, Read, length)
}

pub(crate) const fn write_of(name: &'static str, element: Number, length: Length) -> Parameter {
    array(name, element, Write, length)
}

pub(crate) const fn update_of(name: &'static str, element: Number, length: Length) -> Parameter {
    array(name, element, Update, length)
}

const fn array(
    name: &'static str,
    element: Number,
    access: crate::Access,
    length: Length,
) -> Parameter {
    Parameter {
        name,
        ty: ParameterType::Array {
            element,
            access,
            length,
        },
    }
}
