#include "kernel.h"

// Sums, limits and bits of a warp in one instruction each, which sm_80 brought.
KERNEL warp_reductions(const unsigned *in, unsigned *out)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x, warp = i / 32;
    unsigned value = in[i];
    unsigned results[8] = {
        __reduce_add_sync(0xffffffffu, value),          __reduce_min_sync(0xffffffffu, value),
        __reduce_max_sync(0xffffffffu, value),          (unsigned)__reduce_min_sync(0xffffffffu, (int)value),
        (unsigned)__reduce_max_sync(0xffffffffu, (int)value), __reduce_and_sync(0xffffffffu, value),
        __reduce_or_sync(0xffffffffu, value),           __reduce_xor_sync(0xffffffffu, value),
    };
    if (threadIdx.x % 32 == 0)
        for (int at = 0; at < 8; ++at)
            out[warp * 8 + at] = results[at];
}
