import triton
import triton.language as tl


@triton.jit
def transpose(source, target, width, height, BLOCK: tl.constexpr):
    """Tiles that change their layout in shared memory on the way."""
    x = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    y = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    tile = tl.load(source + y[:, None] * width + x[None, :], mask=(y[:, None] < height) & (x[None, :] < width))
    inside = (x[:, None] < width) & (y[None, :] < height)
    tl.store(target + x[:, None] * height + y[None, :], tl.trans(tile), mask=inside)


KERNELS = {
    "transpose": dict(function=transpose, types="*fp32 *fp32 i32:16 i32:16", constants={"BLOCK": 32}),
    "transpose_u8": dict(function=transpose, types="*u8 *u8 i32:16 i32:16", constants={"BLOCK": 32}),
}
