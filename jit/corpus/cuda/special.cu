#include "kernel.h"

// Registers that say where and when a thread runs, and generic addresses.
KERNEL whereabouts(unsigned *out, unsigned long long *times)
{
    unsigned lane, warp, lanes_below, dynamic;
    unsigned long long time;
    asm("mov.u32 %0, %%laneid;" : "=r"(lane));
    asm("mov.u32 %0, %%warpid;" : "=r"(warp));
    asm("mov.u32 %0, %%lanemask_lt;" : "=r"(lanes_below));
    asm("mov.u32 %0, %%dynamic_smem_size;" : "=r"(dynamic));
    asm volatile("mov.u64 %0, %%clock64;" : "=l"(time));
    unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    unsigned i = block * blockDim.x * blockDim.y * blockDim.z + thread;
    out[i] = lane + (lanes_below == (1u << lane) - 1) * 100 + (warp < 32) * 1000 + dynamic * 10000;
    times[i] = time;
}

// Assertions: a thread that finds something wrong stops everything.
KERNEL check_positive(const int *in, int *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    if (in[i] <= 0)
        asm volatile("trap;");
    out[i] = in[i] - 1;
}
