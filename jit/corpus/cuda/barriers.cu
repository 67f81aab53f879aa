#include "kernel.h"

// Barriers that count and vote.
KERNEL barrier_votes(const int *in, int *out)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int positive = __syncthreads_count(in[i] > 0);
    int all = __syncthreads_and(in[i] < 100);
    int any = __syncthreads_or(in[i] == 7);
    out[i] = positive * 4 + (all ? 2 : 0) + (any ? 1 : 0);
}

// Fences of each scope, and memory that must be read each time.
KERNEL fences(volatile int *data, int *out)
{
    __shared__ volatile int flag[32];
    int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x & 31;
    data[i] = i;
    __threadfence();
    flag[lane] = data[i];
    __threadfence_block();
    __syncwarp();
    out[i] = flag[lane ^ 1];
    __threadfence_system();
}

// Barriers in a loop that all threads leave together: as soon as none of them has moved.
KERNEL relax_until_done(float *data, int limit)
{
    __shared__ float tile[64];
    int thread = threadIdx.x & 63;
    tile[thread] = data[blockIdx.x * 64 + thread];
    for (int step = 0; step < limit; ++step) {
        __syncthreads();
        float left = tile[thread > 0 ? thread - 1 : 0], right = tile[thread < 63 ? thread + 1 : 63];
        float next = 0.25f * left + 0.5f * tile[thread] + 0.25f * right;
        int moved = fabsf(next - tile[thread]) > 1e-4f;
        __syncthreads();
        tile[thread] = next;
        if (!__syncthreads_or(moved))
            break;
    }
    data[blockIdx.x * 64 + thread] = tile[thread];
}
