// What nobody has written, in CUDA C++: shared memory, arrays, variables.
// test: accept
// run: shared_memory grid=2 block=32
// in: shared_memory_param_0 = u32[7 x 64]
// run: dynamic_shared_memory grid=2 block=32 shared=16384
// in: dynamic_shared_memory_param_0 = u32[7 x 64]
// run: an_array block=4
// in: an_array_param_0 = u32[7 x 64]
// in: an_array_param_1 = s32(5)
// run: a_variable block=4
// in: a_variable_param_0 = u32[7 x 64]
// in: a_variable_param_1 = s32(2)
#include "kernel.h"

KERNEL shared_memory(unsigned *data)
{
    __shared__ unsigned tile[4096];
    unsigned all = 0;
    for (int i = threadIdx.x; i < 4096; i += blockDim.x)
        all |= tile[i];
    __syncthreads();
    for (int i = threadIdx.x; i < 4096; i += blockDim.x)
        tile[i] = 0x5ec2e7;
    data[blockIdx.x * blockDim.x + threadIdx.x] = all;
}

KERNEL dynamic_shared_memory(unsigned *data)
{
    extern __shared__ unsigned given[];
    unsigned all = 0;
    for (int i = threadIdx.x; i < 4096; i += blockDim.x)
        all |= given[i];
    data[blockIdx.x * blockDim.x + threadIdx.x] = all;
}

KERNEL an_array(unsigned *data, int n)
{
    volatile unsigned kept[64];
    kept[n] = 0;
    unsigned all = 0;
    for (int i = 0; i < 64; i++)
        all |= kept[i];
    data[threadIdx.x] = all;
}

KERNEL a_variable(unsigned *data, int n)
{
    unsigned value;
    if ((int)threadIdx.x < n)
        asm volatile("mov.u32 %0, 3;" : "=r"(value));
    else
        asm volatile("" : "=r"(value));
    data[threadIdx.x] = value;
}
