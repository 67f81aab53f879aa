// A function of CUDA C++ that calls itself.
// test: refuse
#include "kernel.h"

__device__ __noinline__ unsigned ackermann(unsigned m, unsigned n)
{
    if (!m)
        return n + 1;
    return ackermann(m - 1, n ? ackermann(m, n - 1) : 1);
}

KERNEL k(unsigned *data)
{
    data[0] = ackermann(data[0], data[1]);
}
