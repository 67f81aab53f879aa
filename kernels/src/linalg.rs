//! The module `linalg`.

use crate::signature::{
    Access::{Read, Update, Write},
    KernelSignature,
    Number::{self, F32, F64, U32},
    Parameter, ParameterType,
};

/// The PTX of all kernels, made by `build.sh`.
pub(crate) const PTX: &str = include_str!("../ptx/linalg.ptx");

/// What they take, in the order of their names.
pub(crate) const KERNELS: &[KernelSignature] = &[
    kernel(
        "axpby",
        "y[i] = a * x[i] + b * y[i]",
        &[
            scalar("a", F32),
            scalar("b", F32),
            read("x", F32),
            update("y", F32),
            N,
        ],
    ),
    kernel(
        "axpby_f64",
        "y[i] = a * x[i] + b * y[i]",
        &[
            scalar("a", F64),
            scalar("b", F64),
            read("x", F64),
            update("y", F64),
            N,
        ],
    ),
    kernel(
        "clamp",
        "out[i] is x[i] raised to at least low, then lowered to at most high; a NaN stays a NaN",
        &[
            scalar("low", F32),
            scalar("high", F32),
            read("x", F32),
            write("out", F32),
            N,
        ],
    ),
    kernel(
        "clamp_u32",
        "out[i] is x[i] raised to at least low, then lowered to at most high",
        &[
            scalar("low", U32),
            scalar("high", U32),
            read("x", U32),
            write("out", U32),
            N,
        ],
    ),
    kernel(
        "daxpy",
        "y[i] = a * x[i] + y[i]",
        &[scalar("a", F64), read("x", F64), update("y", F64), N],
    ),
    kernel(
        "fill",
        "out[i] = value",
        &[scalar("value", F32), write("out", F32), N],
    ),
    kernel(
        "fill_f64",
        "out[i] = value",
        &[scalar("value", F64), write("out", F64), N],
    ),
    kernel(
        "fill_u32",
        "out[i] = value",
        &[scalar("value", U32), write("out", U32), N],
    ),
    kernel(
        "hadamard",
        "out[i] = a[i] * b[i]",
        &[read("a", F32), read("b", F32), write("out", F32), N],
    ),
    kernel(
        "hadamard_f64",
        "out[i] = a[i] * b[i]",
        &[read("a", F64), read("b", F64), write("out", F64), N],
    ),
    kernel(
        "iota_u32",
        "out[i] = start + i, wrapping round",
        &[scalar("start", U32), write("out", U32), N],
    ),
    kernel(
        "relu",
        "out[i] is 0 where x[i] is negative, else x[i]; a NaN stays a NaN",
        &[read("x", F32), write("out", F32), N],
    ),
    kernel(
        "saxpy",
        "y[i] = a * x[i] + y[i]",
        &[scalar("a", F32), read("x", F32), update("y", F32), N],
    ),
    kernel(
        "scale",
        "out[i] = a * x[i]",
        &[scalar("a", F32), read("x", F32), write("out", F32), N],
    ),
    kernel(
        "scale_f64",
        "out[i] = a * x[i]",
        &[scalar("a", F64), read("x", F64), write("out", F64), N],
    ),
    kernel(
        "sum_pairs_u32",
        "out[i] = x[2 * i] + x[2 * i + 1], wrapping round",
        &[array("x", U32, Read, 2), write("out", U32), N],
    ),
    kernel(
        "vector_add",
        "out[i] = a[i] + b[i]",
        &[read("a", F32), read("b", F32), write("out", F32), N],
    ),
    kernel(
        "vector_add_f64",
        "out[i] = a[i] + b[i]",
        &[read("a", F64), read("b", F64), write("out", F64), N],
    ),
    kernel(
        "vector_add_u32",
        "out[i] = a[i] + b[i], wrapping round",
        &[read("a", U32), read("b", U32), write("out", U32), N],
    ),
];

const N: Parameter = Parameter {
    name: "n",
    ty: ParameterType::Count,
};

const fn kernel(
    name: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
) -> KernelSignature {
    KernelSignature {
        name,
        parameters,
        summary,
    }
}

const fn scalar(name: &'static str, number: Number) -> Parameter {
    Parameter {
        name,
        ty: ParameterType::Scalar(number),
    }
}

const fn read(name: &'static str, element: Number) -> Parameter {
    array(name, element, Read, 1)
}

const fn write(name: &'static str, element: Number) -> Parameter {
    array(name, element, Write, 1)
}

const fn update(name: &'static str, element: Number) -> Parameter {
    array(name, element, Update, 1)
}

const fn array(
    name: &'static str,
    element: Number,
    access: crate::Access,
    per_index: u32,
) -> Parameter {
    Parameter {
        name,
        ty: ParameterType::Array {
            element,
            access,
            per_index,
        },
    }
}
