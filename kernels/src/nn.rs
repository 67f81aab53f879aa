//! The module `nn`.

use crate::signature::{KernelSignature, Length, Number::F32};
use crate::table::{
    BLOCK_OF_256, N, any_block, count, kernel, read, read_of, read_rows, scalar, write, write_rows,
};

/// The PTX of all kernels, made by `build.sh`.
pub(crate) const PTX: &str = include_str!("../ptx/nn.ptx");

/// What they take, in the order of their names.
pub(crate) const KERNELS: &[KernelSignature] = &[
    any_block(
        "gelu",
        "out[i] = x[i] / (1 + exp(-2u)) with u = sqrt(2 / pi) * (x[i] + 0.044715 * x[i]^3)",
        &[read("x", F32), write("out", F32), N],
    ),
    kernel(
        "layer_norm",
        "out[r][i] = (x[r][i] - mean) / sqrt(variance + epsilon) * weight[i] + bias[i], of each row",
        BLOCK_OF_256,
        &[
            scalar("epsilon", F32),
            read_rows("x", F32),
            read_of("weight", F32, Length::Count("columns")),
            read_of("bias", F32, Length::Count("columns")),
            write_rows("out", F32),
            count("rows"),
            count("columns"),
        ],
    ),
    any_block(
        "sigmoid",
        "out[i] = 1 / (1 + exp(-x[i]))",
        &[read("x", F32), write("out", F32), N],
    ),
    any_block(
        "silu",
        "out[i] = x[i] / (1 + exp(-x[i]))",
        &[read("x", F32), write("out", F32), N],
    ),
    kernel(
        "softmax",
        "out[r][i] = exp(x[r][i] - greatest) / sum, of each row's greatest and its sum of exponentials",
        BLOCK_OF_256,
        &[
            read_rows("x", F32),
            write_rows("out", F32),
            count("rows"),
            count("columns"),
        ],
    ),
];
