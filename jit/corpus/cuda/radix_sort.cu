#include "kernel.h"

// One step of a radix sort by four bits: count the digits of each block, sum them, and move each key to its place.

// `counts` is 16 x blocks.
KERNEL radix_count(const unsigned *keys, unsigned *counts, int shift, int n)
{
    __shared__ unsigned own[16];
    if (threadIdx.x < 16)
        own[threadIdx.x] = 0;
    __syncthreads();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        atomicAdd(&own[keys[i] >> shift & 15], 1u);
    __syncthreads();
    if (threadIdx.x < 16)
        counts[threadIdx.x * gridDim.x + blockIdx.x] = own[threadIdx.x];
}

// The sums of all before each, of 16 x blocks, by one warp.
KERNEL radix_offsets(unsigned *counts, int length)
{
    unsigned before = 0;
    for (int start = 0; start < length; start += 32) {
        int i = start + threadIdx.x;
        unsigned own = i < length ? counts[i] : 0, sum = own;
        for (int offset = 1; offset < 32; offset *= 2) {
            unsigned below = __shfl_up_sync(0xffffffffu, sum, offset);
            if (threadIdx.x >= offset)
                sum += below;
        }
        if (i < length)
            counts[i] = before + sum - own;
        before += __shfl_sync(0xffffffffu, sum, 31);
    }
}

// Blocks of 256 threads. Ranks within a warp come of ballots, those among warps of counts in shared memory.
KERNEL radix_scatter(const unsigned *keys, const unsigned *values, unsigned *sorted_keys, unsigned *sorted_values,
                     const unsigned *offsets, int shift, int n)
{
    __shared__ unsigned of_warps[8][16];
    int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    unsigned key = i < n ? keys[i] : 0xffffffffu;
    unsigned digit = key >> shift & 15;
    unsigned same = __ballot_sync(0xffffffffu, i < n);
    for (int bit = 0; bit < 4; ++bit) {
        bool set = digit >> bit & 1;
        unsigned with = __ballot_sync(0xffffffffu, set);
        same &= set ? with : ~with;
    }
    unsigned rank = __popc(same & ((1u << lane) - 1));
    if (lane < 16)
        of_warps[warp][lane] = 0;
    __syncwarp();
    if (i < n && rank == 0)
        of_warps[warp][digit] = __popc(same);
    __syncthreads();
    for (int earlier = 0; earlier < warp; ++earlier)
        rank += of_warps[earlier][digit];
    if (i < n) {
        unsigned place = offsets[digit * gridDim.x + blockIdx.x] + rank;
        sorted_keys[place] = key;
        sorted_values[place] = values[i];
    }
}
