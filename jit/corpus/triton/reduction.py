import triton
import triton.language as tl


@triton.jit
def sum_rows(source, sums, columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    own = tl.zeros([BLOCK], tl.float32)
    for start in range(0, columns, BLOCK):
        at = start + tl.arange(0, BLOCK)
        own += tl.load(source + row * columns + at, mask=at < columns, other=0.0)
    tl.store(sums + row, tl.sum(own, axis=0))


@triton.jit
def sum_all(source, sum, n, BLOCK: tl.constexpr):
    """Into one number, which starts as zero."""
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.atomic_add(sum, tl.sum(tl.load(source + at, mask=at < n, other=0.0), axis=0))


@triton.jit
def find_largest(source, values, places, columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    at = tl.arange(0, BLOCK)
    numbers = tl.load(source + row * columns + at, mask=at < columns, other=-2147483648)
    value, place = tl.max(numbers, axis=0, return_indices=True)
    tl.store(values + row, value)
    tl.store(places + row, place)


@triton.jit
def scan(source, target, columns, BLOCK: tl.constexpr):
    """The sums of each row's elements up to each one."""
    row = tl.program_id(0)
    at = tl.arange(0, BLOCK)
    inside = at < columns
    numbers = tl.load(source + row * columns + at, mask=inside, other=0.0)
    tl.store(target + row * columns + at, tl.cumsum(numbers, axis=0), mask=inside)


KERNELS = {
    "sum_rows": dict(function=sum_rows, types="*fp32 *fp32 i32", constants={"BLOCK": 1024}, warps=8),
    "sum_all": dict(function=sum_all, types="*fp64 *fp64 i32", constants={"BLOCK": 512}),
    "find_largest": dict(function=find_largest, types="*i32 *i32 *i32 i32", constants={"BLOCK": 256}),
    "scan": dict(function=scan, types="*fp32 *fp32 i32", constants={"BLOCK": 512}),
}
