import triton
import triton.language as tl


@triton.jit
def vector_add(a, b, out, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    tl.store(out + at, tl.load(a + at, mask=inside) + tl.load(b + at, mask=inside), mask=inside)


@triton.jit
def saxpy(x, y, factor, n, BLOCK: tl.constexpr):
    """A loop over a grid's stride."""
    for start in range(tl.program_id(0) * BLOCK, n, tl.num_programs(0) * BLOCK):
        at = start + tl.arange(0, BLOCK)
        inside = at < n
        sum = factor * tl.load(x + at, mask=inside, other=0.0) + tl.load(y + at, mask=inside, other=0.0)
        tl.store(y + at, sum, mask=inside)


KERNELS = {
    # The first has numbers of elements that are multiples of 16, so that it loads 16 bytes at once.
    "vector_add": dict(function=vector_add, types="*fp32 *fp32 *fp32 i32:16", constants={"BLOCK": 1024}),
    "vector_add_any": dict(function=vector_add, types="*fp16 *fp16 *fp16 i32", constants={"BLOCK": 256}),
    "saxpy": dict(function=saxpy, types="*fp32 *fp32 fp32 i32", constants={"BLOCK": 512}),
}
