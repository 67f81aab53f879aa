// Barriers and warps in divergent code, in CUDA C++.
// test: accept
// run: barrier_of_some block=64
// in: barrier_of_some_param_0 = u32[0 x 64]
// run: barrier_in_each_way block=64
// in: barrier_in_each_way_param_0 = u32[0 x 64]
// run: leaves_before_the_barrier block=64
// in: leaves_before_the_barrier_param_0 = u32[0 x 64]
// run: two_shuffles block=32
// in: two_shuffles_param_0 = u32[0 x 32]
// run: shuffle_and_vote block=32
// in: shuffle_and_vote_param_0 = u32[0 x 32]
#include "kernel.h"

KERNEL barrier_of_some(unsigned *data)
{
    if (threadIdx.x % 3 == 0)
        __syncthreads();
    data[threadIdx.x] = 1;
}

KERNEL barrier_in_each_way(unsigned *data)
{
    if (threadIdx.x < 32) {
        data[threadIdx.x] = 1;
        __syncthreads();
    } else {
        __syncthreads();
        data[threadIdx.x] = data[threadIdx.x - 32] + 1;
    }
}

KERNEL leaves_before_the_barrier(unsigned *data)
{
    if (threadIdx.x >= 40)
        return;
    __syncthreads();
    data[threadIdx.x] = 1;
}

KERNEL two_shuffles(unsigned *data)
{
    unsigned value = threadIdx.x;
    if (threadIdx.x < 16)
        asm volatile("shfl.sync.down.b32 %0, %0, 1, 31, -1;" : "+r"(value));
    else
        asm volatile("shfl.sync.up.b32 %0, %0, 2, 0, -1;" : "+r"(value));
    data[threadIdx.x] = value;
}

KERNEL shuffle_and_vote(unsigned *data)
{
    unsigned value = threadIdx.x;
    if (threadIdx.x & 1)
        asm volatile("shfl.sync.down.b32 %0, %0, 1, 31, -1;" : "+r"(value));
    else
        asm volatile("vote.sync.ballot.b32 %0, 1, -1;" : "=r"(value));
    data[threadIdx.x] = value;
}
