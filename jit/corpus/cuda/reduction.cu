#include "kernel.h"

static __device__ __forceinline__ float sum_of_warp(float value)
{
    for (int offset = 16; offset > 0; offset /= 2)
        value += __shfl_down_sync(0xffffffffu, value, offset);
    return value;
}

// The sum of each block, by shuffles in warps and then among them.
KERNEL reduce_shuffle(const float *in, float *sums, int n)
{
    __shared__ float of_warps[32];
    float sum = 0.0f;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        sum += in[i];
    sum = sum_of_warp(sum);
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    if (lane == 0)
        of_warps[warp] = sum;
    __syncthreads();
    if (warp == 0) {
        sum = sum_of_warp(lane < blockDim.x / 32 ? of_warps[lane] : 0.0f);
        if (lane == 0)
            sums[blockIdx.x] = sum;
    }
}

// The same by a tree in shared memory of a size that the launch gives: one float a thread, a power of two of them.
KERNEL reduce_tree(const float *in, float *sums, int n)
{
    extern __shared__ float partial[];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    partial[threadIdx.x] = i < n ? in[i] : 0.0f;
    __syncthreads();
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        if (threadIdx.x < half)
            partial[threadIdx.x] += partial[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0)
        sums[blockIdx.x] = partial[0];
}

// The sum of all in one number, which starts as zero.
KERNEL reduce_atomic(const double *in, double *sum, int n)
{
    double own = 0.0;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        own += in[i];
    for (int offset = 16; offset > 0; offset /= 2)
        own += __shfl_xor_sync(0xffffffffu, own, offset);
    if (threadIdx.x % 32 == 0)
        atomicAdd(sum, own);
}

// The least and the largest of all, and where the largest is first.
KERNEL extremes(const int *in, int *least, unsigned long long *largest_and_place, int n)
{
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        atomicMin(least, in[i]);
        unsigned ordered = (unsigned)in[i] ^ 0x80000000u;
        atomicMax(largest_and_place, (unsigned long long)ordered << 32 | (0xffffffffu - (unsigned)i));
    }
}

__device__ unsigned blocks_done = 0;

// The last block to end adds up the sums of all blocks.
KERNEL reduce_last_block(const float *in, volatile float *sums, float *total, int n)
{
    __shared__ float partial[256];
    __shared__ bool last;
    float sum = 0.0f;
    for (int i = blockIdx.x * 256 + threadIdx.x; i < n; i += gridDim.x * 256)
        sum += in[i];
    partial[threadIdx.x] = sum;
    __syncthreads();
    for (int half = 128; half > 0; half /= 2) {
        if (threadIdx.x < half)
            partial[threadIdx.x] += partial[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        sums[blockIdx.x] = partial[0];
        __threadfence();
        last = atomicInc(&blocks_done, gridDim.x - 1) == gridDim.x - 1;
    }
    __syncthreads();
    if (last && threadIdx.x == 0) {
        float all = 0.0f;
        for (unsigned block = 0; block < gridDim.x; ++block)
            all += sums[block];
        *total = all;
    }
}
