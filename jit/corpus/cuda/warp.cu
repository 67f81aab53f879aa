#include "kernel.h"

// Votes of a whole warp.
KERNEL votes(const int *in, unsigned *out)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int value = in[i];
    unsigned positive = __ballot_sync(0xffffffffu, value > 0);
    unsigned result = __popc(positive);
    if (__all_sync(0xffffffffu, value < 1000))
        result |= 1u << 8;
    if (__any_sync(0xffffffffu, value == 7))
        result |= 1u << 9;
    if (__all_sync(0xffffffffu, value & 1) || __all_sync(0xffffffffu, !(value & 1)))
        result |= 1u << 10;
    out[i] = result;
}

// Lanes with the same value find each other.
KERNEL matches(const unsigned *in, const unsigned long long *wide, unsigned *out)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int all;
    unsigned same = __match_any_sync(0xffffffffu, in[i]);
    unsigned same_wide = __match_any_sync(0xffffffffu, wide[i]);
    unsigned whole = __match_all_sync(0xffffffffu, in[i] >> 4, &all);
    out[i] = (same & same_wide) ^ (all ? whole : 0);
}

// Who is here in a branch: one lane adds for all of them.
KERNEL aggregate(const int *in, unsigned *counter, unsigned *places, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n || in[i] <= 0)
        return;
    unsigned here = __activemask(), lane = threadIdx.x % 32;
    int leader = __ffs(here) - 1;
    unsigned base = 0;
    if (lane == leader)
        base = atomicAdd(counter, (unsigned)__popc(here));
    base = __shfl_sync(here, base, leader);
    places[i] = base + __popc(here & ((1u << lane) - 1));
}

// All shuffles, in groups of 32 and fewer, of integers, floats and doubles.
KERNEL shuffles(const int *in, const float *floats, const double *doubles, int *out, float *float_out,
                double *double_out)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x % 32;
    int value = in[i];
    int sum = __shfl_sync(0xffffffffu, value, 3);
    sum += __shfl_sync(0xffffffffu, value, lane + 1, 8);
    sum += __shfl_xor_sync(0xffffffffu, value, 5);
    sum += __shfl_up_sync(0xffffffffu, value, 1);
    sum += __shfl_up_sync(0xffffffffu, value, 2, 16);
    sum += __shfl_down_sync(0xffffffffu, value, 4);
    sum += __shfl_down_sync(0xffffffffu, value, 1, 4);
    out[i] = sum;
    float_out[i] = __shfl_xor_sync(0xffffffffu, floats[i], 16) + __shfl_sync(0xffffffffu, floats[i], value & 31);
    double_out[i] = __shfl_down_sync(0xffffffffu, doubles[i], 1) - __shfl_up_sync(0xffffffffu, doubles[i], 1);
}

// Elements for which the sign is positive, side by side: ranks come of ballots. One block of 32 x k threads a part.
KERNEL compact(const float *in, float *out, unsigned *length, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x % 32;
    bool keep = i < n && in[i] > 0.0f;
    unsigned kept = __ballot_sync(0xffffffffu, keep);
    unsigned start = 0;
    if (lane == 0)
        start = atomicAdd(length, (unsigned)__popc(kept));
    start = __shfl_sync(0xffffffffu, start, 0);
    __syncwarp();
    if (keep)
        out[start + __popc(kept & ((1u << lane) - 1))] = in[i];
}
