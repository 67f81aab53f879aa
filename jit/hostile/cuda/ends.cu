// Loops that do not end, in CUDA C++.
// test: accept
// run: for_ever block=32 stop=20
// in: for_ever_param_0 = u32[0 x 64]
// run: until_told block=32 stop=20
// in: until_told_param_0 = u32[0 x 64]
// run: a_lock_in_a_warp block=32 stop=20
// in: a_lock_in_a_warp_param_0 = u32[1]
// run: collatz block=4 stop=20
// in: collatz_param_0 = u32[1 x 4]
// run: by_loaded_bounds block=4 stop=20
// in: by_loaded_bounds_param_0 = u32[0xffffffff x 4]
// run: between_barriers block=64 stop=20
// in: between_barriers_param_0 = u32[1 x 64]
// run: nested block=4 stop=20
// in: nested_param_0 = u32[2000000000]
// run: a_wait_for_the_clock stop=20
// in: a_wait_for_the_clock_param_0 = u32[0]
// run: all_blocks_wait_for_one_another grid=100000 block=32 stop=20
// in: all_blocks_wait_for_one_another_param_0 = u32[0]
#include "kernel.h"

KERNEL for_ever(volatile unsigned *data)
{
    for (;;)
        data[threadIdx.x]++;
}

KERNEL until_told(volatile unsigned *data)
{
    while (!data[threadIdx.x]) { }
}

KERNEL a_lock_in_a_warp(unsigned *data)
{
    while (atomicCAS(data, 0u, 1u)) { }
    data[0] = 0;
}

KERNEL collatz(unsigned *data)
{
    unsigned n = data[threadIdx.x], steps = 0;
    while (n != 0) {
        n = n & 1 ? 3 * n + 1 : n / 2;
        steps++;
    }
    data[threadIdx.x] = steps;
}

KERNEL by_loaded_bounds(unsigned *data)
{
    unsigned sum = 0;
    for (unsigned long long i = 0; i < (unsigned long long)data[threadIdx.x] << 30; i++)
        sum = sum * 31 + data[i & 3];
    data[threadIdx.x] = sum;
}

KERNEL between_barriers(volatile unsigned *data)
{
    while (data[threadIdx.x])
        __syncthreads();
}

KERNEL nested(volatile unsigned *data)
{
    unsigned n = data[0];
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = i; j < n; j++)
            for (unsigned k = j; k < n; k++)
                data[0] += k;
}

KERNEL a_wait_for_the_clock(unsigned *data)
{
    unsigned long long now;
    do
        asm volatile("mov.u64 %0, %%clock64;" : "=l"(now));
    while (now != 1);
    data[0] = 1;
}

KERNEL all_blocks_wait_for_one_another(unsigned *data)
{
    if (threadIdx.x == 0)
        atomicAdd(data, 1u);
    while (*(volatile unsigned *)data < gridDim.x) { }
}
