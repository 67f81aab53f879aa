// Searches of CUDA C++ for memory that is somebody's.
// test: accept
// run: upwards
// in: upwards_param_0 = u64[0 x 32]
// run: downwards
// in: downwards_param_0 = u64[0 x 32]
// run: by_powers_of_two block=24
// in: by_powers_of_two_param_0 = u64[0 x 32]
// run: what_lies_behind_the_stack
// in: what_lies_behind_the_stack_param_0 = u64[1000]
#include "kernel.h"

KERNEL upwards(unsigned long long *data)
{
    for (unsigned long long *at = data;; at += 1 << 18)
        if (*at)
            data[0] = *at;
}

KERNEL downwards(unsigned long long *data)
{
    for (unsigned long long *at = data;; at -= 1 << 9)
        if (*at)
            data[0] = *at;
}

KERNEL by_powers_of_two(unsigned long long *data)
{
    data[1ull << (threadIdx.x + 5)] = 0;
}

KERNEL what_lies_behind_the_stack(unsigned long long *data)
{
    volatile unsigned long long kept[4];
    kept[data[0] & 3] = 1;
    data[0] = kept[data[0]];
}
