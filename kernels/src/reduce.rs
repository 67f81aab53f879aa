//! The module `reduce`.

use crate::signature::{
    KernelSignature, Length,
    Number::{F32, U32},
    Parameter,
};
use crate::table::{
    BLOCK_OF_256, N, any_block, count, kernel, read, read_rows, update_of, write_of, write_rows,
};

/// The PTX of all kernels, made by `build.sh`.
pub(crate) const PTX: &str = include_str!("../ptx/reduce.ptx");

/// What they take, in the order of their names.
pub(crate) const KERNELS: &[KernelSignature] = &[
    kernel(
        "dot",
        "out[i] is the sum of a[j] * b[j] over the i-th 1024 elements",
        BLOCK_OF_256,
        &[read("a", F32), read("b", F32), OUT, N],
    ),
    any_block(
        "histogram",
        "adds to out[v] how many elements of x are v, wrapping round; v from bins on is not counted",
        &[
            read("x", U32),
            update_of("out", U32, Length::Count("bins")),
            count("bins"),
            N,
        ],
    ),
    kernel(
        "inclusive_scan",
        "out[r][i] is the sum of x[r][0] to x[r][i]",
        BLOCK_OF_256,
        &[
            read_rows("x", F32),
            write_rows("out", F32),
            count("rows"),
            count("columns"),
        ],
    ),
    kernel(
        "inclusive_scan_u32",
        "out[r][i] is the sum of x[r][0] to x[r][i], wrapping round",
        BLOCK_OF_256,
        &[
            read_rows("x", U32),
            write_rows("out", U32),
            count("rows"),
            count("columns"),
        ],
    ),
    kernel(
        "maximum",
        "out[i] is the greatest of the i-th 1024 elements of x, or NaN where one of them is",
        BLOCK_OF_256,
        &[read("x", F32), OUT, N],
    ),
    kernel(
        "minimum",
        "out[i] is the least of the i-th 1024 elements of x, or NaN where one of them is",
        BLOCK_OF_256,
        &[read("x", F32), OUT, N],
    ),
    kernel(
        "sum",
        "out[i] is the sum of the i-th 1024 elements of x",
        BLOCK_OF_256,
        &[read("x", F32), OUT, N],
    ),
    kernel(
        "sum_u32",
        "out[i] is the sum of the i-th 1024 elements of x, wrapping round",
        BLOCK_OF_256,
        &[
            read("x", U32),
            write_of("out", U32, Length::Chunks(1024, "n")),
            N,
        ],
    ),
];

/// One number for each 1024.
const OUT: Parameter = write_of("out", F32, Length::Chunks(1024, "n"));
