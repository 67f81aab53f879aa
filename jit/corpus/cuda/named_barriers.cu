#include "kernel.h"

// Two halves of a block of 128 threads wait at barriers of their own, and one hands over to the other.
KERNEL named_barriers(const int *in, int *out)
{
    __shared__ int tile[128];
    int thread = threadIdx.x;
    tile[thread] = in[blockIdx.x * 128 + thread];
    int value;
    if (thread < 64) {
        asm volatile("bar.sync 1, 64;" ::: "memory");
        value = tile[63 - thread];
        tile[thread] = -value;
        asm volatile("bar.arrive 3, 128;" ::: "memory");
    } else {
        asm volatile("bar.sync 2, 64;" ::: "memory");
        value = tile[191 - thread];
        asm volatile("bar.sync 3, 128;" ::: "memory");
        value += tile[thread - 64];
    }
    out[blockIdx.x * 128 + thread] = value;
}
