import triton
import triton.language as tl


@triton.jit
def histogram(source, bins, n, BLOCK: tl.constexpr):
    """Adds to bins in memory for each element: 64 of them, which start as zero."""
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    bin = tl.load(source + at, mask=inside, other=0) & 63
    tl.atomic_add(bins + bin, 1, mask=inside)


@triton.jit
def histogram_of_block(source, bins, n, BLOCK: tl.constexpr):
    """Counts each block's elements first, in shared memory."""
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    bin = tl.load(source + at, mask=inside, other=0) & 63
    tl.atomic_add(bins + tl.arange(0, 64), tl.histogram(bin, 64, mask=inside))


@triton.jit
def extremes(source, least, largest, lock, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    numbers = tl.load(source + at, mask=inside, other=0)
    tl.atomic_min(least, tl.min(numbers, axis=0))
    tl.atomic_max(largest, tl.max(numbers, axis=0))
    if tl.atomic_cas(lock, 0, 1) == 0:
        tl.store(lock + 1, tl.program_id(0))
        tl.atomic_xchg(lock, 2)


KERNELS = {
    "histogram": dict(function=histogram, types="*i32 *i32 i32", constants={"BLOCK": 256}),
    "histogram_of_block": dict(function=histogram_of_block, types="*i32 *i32 i32", constants={"BLOCK": 1024}),
    "extremes": dict(function=extremes, types="*i32 *i32 *i32 *i32 i32", constants={"BLOCK": 256}),
}
