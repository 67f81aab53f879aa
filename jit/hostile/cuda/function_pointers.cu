// Functions of CUDA C++ by their addresses, which data choose.
// test: refuse
#include "kernel.h"

__device__ __noinline__ int twice(int x) { return 2 * x; }
__device__ __noinline__ int square(int x) { return x * x; }
__device__ int (*const functions[])(int) = {twice, square};

KERNEL k(int *data)
{
    data[0] = functions[data[0]](data[1]);
}
