import triton
import triton.language as tl


@triton.jit
def matmul(a, b, c, m, n, k, TYPE: tl.constexpr, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    """`c` (m x n) = `a` (m x k) * `b` (k x n), stored row by row, in tiles of M x N and steps of K; n and k are
    multiples of 16."""
    rows = tl.program_id(0) * M + tl.arange(0, M)
    columns = tl.program_id(1) * N + tl.arange(0, N)
    steps = tl.arange(0, K)
    a_at = a + rows[:, None] * k + steps[None, :]
    b_at = b + steps[:, None] * n + columns[None, :]
    sums = tl.zeros([M, N], TYPE)
    for start in range(0, k, K):
        left = tl.load(a_at, mask=(rows[:, None] < m) & (start + steps[None, :] < k), other=0)
        right = tl.load(b_at, mask=(start + steps[:, None] < k) & (columns[None, :] < n), other=0)
        sums = tl.dot(left, right, sums, out_dtype=TYPE)
        a_at += K
        b_at += K * n
    inside = (rows[:, None] < m) & (columns[None, :] < n)
    tl.store(c + rows[:, None] * n + columns[None, :], sums.to(c.dtype.element_ty), mask=inside)


@triton.jit
def matmul_descriptors(a, b, c, m, n, k, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    """The same, with tiles that the device's own unit for it copies."""
    a_tiles = tl.make_tensor_descriptor(a, [m, k], [k, 1], [M, K])
    b_tiles = tl.make_tensor_descriptor(b, [k, n], [n, 1], [K, N])
    c_tiles = tl.make_tensor_descriptor(c, [m, n], [n, 1], [M, N])
    row = tl.program_id(0) * M
    column = tl.program_id(1) * N
    sums = tl.zeros([M, N], tl.float32)
    for start in range(0, k, K):
        sums = tl.dot(a_tiles.load([row, start]), b_tiles.load([start, column]), sums)
    c_tiles.store([row, column], sums.to(tl.float16))


def of(types, sums, m, n, k, **options):
    return dict(
        function=matmul, types=f"{types} i32 i32:16 i32:16", constants={"TYPE": sums, "M": m, "N": n, "K": k}, **options
    )


# Tiles of fewer than 64 rows, since from sm_90 on larger ones are made by instructions of another kind.
KERNELS = {
    "matmul_f16": of("*fp16 *fp16 *fp16", tl.float32, 32, 64, 32, stages=3),
    "matmul_bf16": of("*bf16 *bf16 *fp32", tl.float32, 32, 32, 32, stages=3),
    "matmul_tf32": of("*fp32 *fp32 *fp32", tl.float32, 32, 32, 32, stages=2),
    "matmul_s8": of("*i8 *i8 *i32", tl.int32, 32, 32, 64, stages=2),
    "matmul_warpgroup": of("*fp16 *fp16 *fp16", tl.float32, 64, 64, 32, stages=3),
    "matmul_descriptors": dict(
        function=matmul_descriptors,
        types="*fp16 *fp16 *fp16 i32 i32:16 i32:16",
        constants={"M": 64, "N": 64, "K": 64},
        stages=2,
    ),
}
