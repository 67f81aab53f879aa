//! Which function is the reference of which kernel.

use wasi_cuda_kernels::reference;

use crate::values::Values::{self, F32, F64, U32};

/// Runs the reference of a kernel in place.
pub(crate) fn run_reference(
    kernel: &str,
    scalars: &[Values],
    arrays: &mut [Values],
    counts: &[usize],
) {
    match (kernel, scalars, arrays) {
        ("vector_add", [], [F32(a), F32(b), F32(out)]) => reference::vector_add(a, b, out),
        ("vector_add_f64", [], [F64(a), F64(b), F64(out)]) => reference::vector_add_f64(a, b, out),
        ("vector_add_u32", [], [U32(a), U32(b), U32(out)]) => reference::vector_add_u32(a, b, out),
        ("hadamard", [], [F32(a), F32(b), F32(out)]) => reference::hadamard(a, b, out),
        ("hadamard_f64", [], [F64(a), F64(b), F64(out)]) => reference::hadamard_f64(a, b, out),
        ("scale", [F32(a)], [F32(x), F32(out)]) => reference::scale(a[0], x, out),
        ("scale_f64", [F64(a)], [F64(x), F64(out)]) => reference::scale_f64(a[0], x, out),
        ("saxpy", [F32(a)], [F32(x), F32(y)]) => reference::saxpy(a[0], x, y),
        ("daxpy", [F64(a)], [F64(x), F64(y)]) => reference::daxpy(a[0], x, y),
        ("axpby", [F32(a), F32(b)], [F32(x), F32(y)]) => reference::axpby(a[0], b[0], x, y),
        ("axpby_f64", [F64(a), F64(b)], [F64(x), F64(y)]) => reference::axpby_f64(a[0], b[0], x, y),
        ("sum_pairs_u32", [], [U32(x), U32(out)]) => reference::sum_pairs_u32(x, out),
        ("relu", [], [F32(x), F32(out)]) => reference::relu(x, out),
        ("clamp", [F32(low), F32(high)], [F32(x), F32(out)]) => {
            reference::clamp(low[0], high[0], x, out)
        }
        ("clamp_u32", [U32(low), U32(high)], [U32(x), U32(out)]) => {
            reference::clamp_u32(low[0], high[0], x, out)
        }
        ("fill", [F32(value)], [F32(out)]) => reference::fill(value[0], out),
        ("fill_f64", [F64(value)], [F64(out)]) => reference::fill_f64(value[0], out),
        ("fill_u32", [U32(value)], [U32(out)]) => reference::fill_u32(value[0], out),
        ("iota_u32", [U32(start)], [U32(out)]) => reference::iota_u32(start[0], out),
        ("matmul" | "matmul_tiled", [], [F32(a), F32(b), F32(c)]) => {
            let [m, n, k] = counts[..] else {
                panic!("`{kernel}` has other counts")
            };
            reference::matmul(a, b, c, m, n, k);
        }
        ("transpose", [], [F32(x), F32(out)]) => {
            reference::transpose(x, out, counts[0], counts[1]);
        }
        ("sum", [], [F32(x), F32(out)]) => reference::sum(x, out),
        ("sum_u32", [], [U32(x), U32(out)]) => reference::sum_u32(x, out),
        ("dot", [], [F32(a), F32(b), F32(out)]) => reference::dot(a, b, out),
        ("maximum", [], [F32(x), F32(out)]) => reference::maximum(x, out),
        ("minimum", [], [F32(x), F32(out)]) => reference::minimum(x, out),
        ("histogram", [], [U32(x), U32(out)]) => reference::histogram(x, out),
        ("inclusive_scan", [], [F32(x), F32(out)]) => reference::inclusive_scan(x, out, counts[1]),
        ("inclusive_scan_u32", [], [U32(x), U32(out)]) => {
            reference::inclusive_scan_u32(x, out, counts[1]);
        }
        ("gelu", [], [F32(x), F32(out)]) => reference::gelu(x, out),
        ("sigmoid", [], [F32(x), F32(out)]) => reference::sigmoid(x, out),
        ("silu", [], [F32(x), F32(out)]) => reference::silu(x, out),
        ("softmax", [], [F32(x), F32(out)]) => reference::softmax(x, out, counts[1]),
        ("layer_norm", [F32(epsilon)], [F32(x), F32(weight), F32(bias), F32(out)]) => {
            reference::layer_norm(epsilon[0], x, weight, bias, out);
        }
        (kernel, scalars, arrays) => {
            panic!("no reference of `{kernel}` takes {scalars:?} and {arrays:?}")
        }
    }
}
