//! The module `linalg`.

use crate::signature::{
    Block, KernelSignature, Length,
    Number::{F32, F64, U32},
};
use crate::table::{N, any_block, count, kernel, read, read_of, scalar, update, write, write_of};

/// The PTX of all kernels, made by `build.sh`.
pub(crate) const PTX: &str = include_str!("../ptx/linalg.ptx");

/// The block that computes a tile of a matrix.
const TILE: Block = Block::Threads { x: 16, y: 16 };

/// What they take, in the order of their names.
pub(crate) const KERNELS: &[KernelSignature] = &[
    any_block(
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
    any_block(
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
    any_block(
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
    any_block(
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
    any_block(
        "daxpy",
        "y[i] = a * x[i] + y[i]",
        &[scalar("a", F64), read("x", F64), update("y", F64), N],
    ),
    any_block(
        "fill",
        "out[i] = value",
        &[scalar("value", F32), write("out", F32), N],
    ),
    any_block(
        "fill_f64",
        "out[i] = value",
        &[scalar("value", F64), write("out", F64), N],
    ),
    any_block(
        "fill_u32",
        "out[i] = value",
        &[scalar("value", U32), write("out", U32), N],
    ),
    any_block(
        "hadamard",
        "out[i] = a[i] * b[i]",
        &[read("a", F32), read("b", F32), write("out", F32), N],
    ),
    any_block(
        "hadamard_f64",
        "out[i] = a[i] * b[i]",
        &[read("a", F64), read("b", F64), write("out", F64), N],
    ),
    any_block(
        "iota_u32",
        "out[i] = start + i, wrapping round",
        &[scalar("start", U32), write("out", U32), N],
    ),
    any_block(
        "matmul",
        "c = a * b, row by row: m x n of m x k and k x n, each sum by ascending k",
        &[
            read_of("a", F32, Length::Matrix("m", "k")),
            read_of("b", F32, Length::Matrix("k", "n")),
            write_of("c", F32, Length::Matrix("m", "n")),
            count("m"),
            N,
            count("k"),
        ],
    ),
    kernel(
        "matmul_tiled",
        "the same as matmul, by tiles in shared memory",
        TILE,
        &[
            read_of("a", F32, Length::Matrix("m", "k")),
            read_of("b", F32, Length::Matrix("k", "n")),
            write_of("c", F32, Length::Matrix("m", "n")),
            count("m"),
            N,
            count("k"),
        ],
    ),
    any_block(
        "relu",
        "out[i] is 0 where x[i] is negative, else x[i]; a NaN stays a NaN",
        &[read("x", F32), write("out", F32), N],
    ),
    any_block(
        "saxpy",
        "y[i] = a * x[i] + y[i]",
        &[scalar("a", F32), read("x", F32), update("y", F32), N],
    ),
    any_block(
        "scale",
        "out[i] = a * x[i]",
        &[scalar("a", F32), read("x", F32), write("out", F32), N],
    ),
    any_block(
        "scale_f64",
        "out[i] = a * x[i]",
        &[scalar("a", F64), read("x", F64), write("out", F64), N],
    ),
    any_block(
        "sum_pairs_u32",
        "out[i] = x[2 * i] + x[2 * i + 1], wrapping round",
        &[
            read_of("x", U32, Length::Times(2, "n")),
            write("out", U32),
            N,
        ],
    ),
    kernel(
        "transpose",
        "out[j][i] = x[i][j]; out is columns x rows",
        TILE,
        &[
            read_of("x", F32, Length::Matrix("rows", "columns")),
            write_of("out", F32, Length::Matrix("columns", "rows")),
            count("rows"),
            count("columns"),
        ],
    ),
    any_block(
        "vector_add",
        "out[i] = a[i] + b[i]",
        &[read("a", F32), read("b", F32), write("out", F32), N],
    ),
    any_block(
        "vector_add_f64",
        "out[i] = a[i] + b[i]",
        &[read("a", F64), read("b", F64), write("out", F64), N],
    ),
    any_block(
        "vector_add_u32",
        "out[i] = a[i] + b[i], wrapping round",
        &[read("a", U32), read("b", U32), write("out", U32), N],
    ),
];
