import triton
import triton.language as tl


@triton.jit
def attention(
    q, k, v, out, length, scale, ROWS: tl.constexpr, KEYS: tl.constexpr, WIDTH: tl.constexpr, CAUSAL: tl.constexpr
):
    """softmax(q * k^T * scale) * v for one head, `program_id(1)`, corrected as it goes; powers are those of two."""
    head = tl.program_id(1).to(tl.int64) * length * WIDTH
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    width = tl.arange(0, WIDTH)
    queries = tl.load(q + head + rows[:, None] * WIDTH + width[None, :], mask=rows[:, None] < length, other=0.0)
    largest = tl.full([ROWS], -1e30, tl.float32)
    total = tl.zeros([ROWS], tl.float32)
    sums = tl.zeros([ROWS, WIDTH], tl.float32)
    end = tl.minimum(length, (tl.program_id(0) + 1) * ROWS) if CAUSAL else length
    for start in range(0, end, KEYS):
        at = start + tl.arange(0, KEYS)
        keys = tl.load(k + head + at[None, :] * WIDTH + width[:, None], mask=at[None, :] < length, other=0.0)
        scores = tl.dot(queries, keys) * (scale * 1.44269504)
        allowed = at[None, :] < length
        if CAUSAL:
            allowed = allowed & (at[None, :] <= rows[:, None])
        scores = tl.where(allowed, scores, -1e30)
        next = tl.maximum(largest, tl.max(scores, 1))
        weights = tl.exp2(scores - next[:, None])
        correction = tl.exp2(largest - next)
        total = total * correction + tl.sum(weights, 1)
        values = tl.load(v + head + at[:, None] * WIDTH + width[None, :], mask=at[:, None] < length, other=0.0)
        sums = tl.dot(weights.to(values.dtype), values, sums * correction[:, None])
        largest = next
    result = (sums / total[:, None]).to(out.dtype.element_ty)
    tl.store(out + head + rows[:, None] * WIDTH + width[None, :], result, mask=rows[:, None] < length)


def of(types, causal):
    constants = {"ROWS": 32, "KEYS": 32, "WIDTH": 64, "CAUSAL": causal}
    return dict(function=attention, types=f"{types} i32 fp32", constants=constants, warps=2)


KERNELS = {
    "attention_f16": of("*fp16 *fp16 *fp16 *fp16", False),
    "attention_bf16_causal": of("*bf16 *bf16 *bf16 *fp32", True),
}
