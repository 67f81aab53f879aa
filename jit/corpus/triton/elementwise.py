import triton
import triton.language as tl
from triton.language.extra import libdevice


@triton.jit
def gelu_dropout(source, target, kept, probability, seed, n, BLOCK: tl.constexpr):
    """An activation by the error function, then zeros at random."""
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    x = tl.load(source + at, mask=inside).to(tl.float32)
    y = 0.5 * x * (1.0 + tl.erf(x * 0.70710678))
    keep = tl.rand(seed, at) > probability
    tl.store(target + at, tl.where(keep, y / (1.0 - probability), 0.0), mask=inside)
    tl.store(kept + at, keep.to(tl.int8), mask=inside)


@triton.jit
def rotate_pairs(source, target, length, base, WIDTH: tl.constexpr):
    """Positions as angles, of pairs half a row apart."""
    row = tl.program_id(0)
    at = tl.arange(0, WIDTH // 2)
    angle = (row % length).to(tl.float32) * tl.exp2(-at.to(tl.float32) * 2.0 / WIDTH * tl.log2(base))
    first = tl.load(source + row * WIDTH + at)
    second = tl.load(source + row * WIDTH + WIDTH // 2 + at)
    tl.store(target + row * WIDTH + at, first * tl.cos(angle) - second * tl.sin(angle))
    tl.store(target + row * WIDTH + WIDTH // 2 + at, second * tl.cos(angle) + first * tl.sin(angle))


@triton.jit
def mixed(a, b, c, out, wide, n, BLOCK: tl.constexpr):
    """Integers and floats of several widths, divisions, and functions of the library for devices."""
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    x = tl.load(a + at, mask=inside, other=1)
    y = tl.load(b + at, mask=inside, other=1)
    z = tl.load(c + at, mask=inside, other=1.0)
    quotient = x // (y * y + 1) + x % 7
    tl.store(out + at, quotient ^ (x << 3) | (y >> 1), mask=inside)
    result = libdevice.tanh(z) + tl.abs(z) * quotient.to(tl.float32) + tl.floor(z)
    tl.store(wide + at, result.to(tl.float64) * tl.umulhi(x.to(tl.uint32), 77).to(tl.float64), mask=inside)


KERNELS = {
    "gelu_dropout": dict(function=gelu_dropout, types="*bf16 *bf16 *i8 fp32 i32 i32", constants={"BLOCK": 512}),
    "rotate_pairs": dict(function=rotate_pairs, types="*fp32 *fp32 i32 fp32", constants={"WIDTH": 128}, warps=2),
    "mixed": dict(function=mixed, types="*i32 *i32 *fp32 *i32 *fp64 i32", constants={"BLOCK": 256}),
}
