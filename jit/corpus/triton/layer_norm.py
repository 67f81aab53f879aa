import triton
import triton.language as tl


@triton.jit
def layer_norm(source, weight, bias, target, means, scales, columns, epsilon, BLOCK: tl.constexpr):
    """One program a row, in several steps; keeps what a backward step would need."""
    row = tl.program_id(0)
    sums = tl.zeros([BLOCK], tl.float32)
    for start in range(0, columns, BLOCK):
        at = start + tl.arange(0, BLOCK)
        sums += tl.load(source + row * columns + at, mask=at < columns, other=0.0).to(tl.float32)
    mean = tl.sum(sums, axis=0) / columns
    squares = tl.zeros([BLOCK], tl.float32)
    for start in range(0, columns, BLOCK):
        at = start + tl.arange(0, BLOCK)
        numbers = tl.load(source + row * columns + at, mask=at < columns, other=0.0).to(tl.float32)
        distance = tl.where(at < columns, numbers - mean, 0.0)
        squares += distance * distance
    scale = 1 / tl.sqrt(tl.sum(squares, axis=0) / columns + epsilon)
    tl.store(means + row, mean)
    tl.store(scales + row, scale)
    for start in range(0, columns, BLOCK):
        at = start + tl.arange(0, BLOCK)
        inside = at < columns
        numbers = tl.load(source + row * columns + at, mask=inside, other=0.0).to(tl.float32)
        result = (numbers - mean) * scale * tl.load(weight + at, mask=inside) + tl.load(bias + at, mask=inside)
        tl.store(target + row * columns + at, result, mask=inside)


KERNELS = {
    "layer_norm": dict(
        function=layer_norm, types="*fp16 *fp16 *fp16 *fp16 *fp32 *fp32 i32 fp32", constants={"BLOCK": 512}
    ),
}
