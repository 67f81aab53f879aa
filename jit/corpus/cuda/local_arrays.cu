#include "kernel.h"

// Arrays of one thread that are indexed by what it computes, so that they cannot be registers.

KERNEL local_histogram(const unsigned char *in, unsigned *out, int length)
{
    unsigned bins[16] = {};
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    for (int i = 0; i < length; ++i)
        ++bins[in[thread * length + i] & 15];
    for (int bin = 0; bin < 16; ++bin)
        out[thread * 16 + bin] = bins[bin];
}

// A stack of its own instead of recursion: the sum of the digits of all numbers below each node of a tree of three.
KERNEL local_stack(const unsigned *roots, unsigned *sums, unsigned limit, int n)
{
    unsigned stack[24];
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    if (thread >= n)
        return;
    int depth = 0;
    unsigned sum = 0;
    stack[depth++] = roots[thread];
    while (depth > 0) {
        unsigned node = stack[--depth];
        sum += node % 10;
        for (unsigned child = 0; child < 3; ++child) {
            unsigned next = node * 3 + child + 1;
            if (next < limit && depth < 24)
                stack[depth++] = next;
        }
    }
    sums[thread] = sum;
}

// Which of two arrays a pointer means is decided while it runs: generic addresses.
KERNEL local_or_shared(const double *in, double *out, int choice)
{
    __shared__ double shared[128];
    double own[4];
    int thread = threadIdx.x;
    shared[thread & 127] = in[thread];
    for (int i = 0; i < 4; ++i)
        own[i] = in[thread] * i;
    __syncthreads();
    const double *from = choice & 1 ? own : choice & 2 ? shared : in;
    out[thread] = from[choice >> 2 & 3] + own[thread & 3];
}

KERNEL local_bytes(const unsigned *in, unsigned *out, int n)
{
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    if (thread >= n)
        return;
    unsigned char digits[12];
    unsigned value = in[thread];
    int length = 0;
    do {
        digits[length++] = value % 10;
        value /= 10;
    } while (value != 0);
    unsigned reversed = 0;
    for (int i = 0; i < length; ++i)
        reversed = reversed * 10 + digits[i];
    out[thread] = reversed;
}
