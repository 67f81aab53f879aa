import triton
import triton.language as tl


@triton.jit
def softmax(source, target, columns, BLOCK: tl.constexpr):
    """One program a row, which fits a block."""
    row = tl.program_id(0)
    at = tl.arange(0, BLOCK)
    inside = at < columns
    numbers = tl.load(source + row * columns + at, mask=inside, other=-float("inf"))
    powers = tl.exp(numbers - tl.max(numbers, axis=0))
    tl.store(target + row * columns + at, powers / tl.sum(powers, axis=0), mask=inside)


@triton.jit
def cross_entropy(logits, wanted, losses, columns, BLOCK: tl.constexpr):
    """The logarithm of each row's softmax at the place that was wanted, negated; rows longer than a block."""
    row = tl.program_id(0)
    largest = tl.full([BLOCK], -float("inf"), tl.float32)
    total = tl.zeros([BLOCK], tl.float32)
    for start in range(0, columns, BLOCK):
        at = start + tl.arange(0, BLOCK)
        numbers = tl.load(logits + row * columns + at, mask=at < columns, other=-1e30).to(tl.float32)
        next = tl.maximum(largest, numbers)
        total = total * tl.exp(largest - next) + tl.exp(numbers - next)
        largest = next
    highest = tl.max(largest, axis=0)
    sum = tl.sum(total * tl.exp(largest - highest), axis=0)
    wanted_logit = tl.load(logits + row * columns + tl.load(wanted + row)).to(tl.float32)
    tl.store(losses + row, highest + tl.log(sum) - wanted_logit)


KERNELS = {
    "softmax": dict(function=softmax, types="*fp32 *fp32 i32:16", constants={"BLOCK": 1024}),
    "cross_entropy": dict(function=cross_entropy, types="*bf16 *i64 *fp32 i32", constants={"BLOCK": 512}),
}
