#include "kernel.h"

// Each thread takes part in each operation on one number of its own kind; what it found there is summed or stored.

KERNEL atomics_u32(unsigned *numbers, unsigned *found, const unsigned *in, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    unsigned value = in[i];
    unsigned seen = atomicAdd(&numbers[0], value);
    seen ^= atomicMin(&numbers[1], value);
    seen ^= atomicMax(&numbers[2], value);
    seen ^= atomicAnd(&numbers[3], value);
    seen ^= atomicOr(&numbers[4], value);
    seen ^= atomicXor(&numbers[5], value);
    seen ^= atomicInc(&numbers[6], 1000);
    seen ^= atomicDec(&numbers[7], 1000);
    seen ^= atomicExch(&numbers[8], value);
    seen ^= atomicCAS(&numbers[9], 0u, value);
    found[i] = seen;
}

// Nobody looks at what was there: compilers may write `red`.
KERNEL atomics_without_result(int *numbers, unsigned long long *wide, float *floats, double *doubles, const int *in,
                              int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    int value = in[i];
    atomicAdd(&numbers[0], value);
    atomicSub(&numbers[1], value);
    atomicMin(&numbers[2], value);
    atomicMax(&numbers[3], value);
    atomicAdd(&wide[0], (unsigned long long)value);
    atomicMin(&wide[1], (unsigned long long)value);
    atomicMax(&wide[2], (unsigned long long)value);
    atomicOr(&wide[3], 1ull << (value & 63));
    atomicAdd(floats, (float)value);
    atomicAdd(doubles, (double)value);
}

KERNEL atomics_u64(unsigned long long *numbers, unsigned long long *found, const unsigned long long *in, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    unsigned long long value = in[i];
    unsigned long long seen = atomicAdd(&numbers[0], value);
    seen ^= atomicMax(&numbers[1], value);
    seen ^= atomicMin((long long *)&numbers[2], (long long)value);
    seen ^= atomicExch(&numbers[3], value);
    seen ^= atomicCAS(&numbers[4], 0ull, value);
    found[i] = seen;
}

KERNEL atomics_shared(unsigned *numbers, unsigned long long *wide, float *floats, const unsigned *in, int n)
{
    __shared__ unsigned own[6];
    __shared__ unsigned long long own_wide[3];
    __shared__ float own_float;
    if (threadIdx.x == 0) {
        own[0] = own[1] = own[4] = own[5] = 0;
        own[2] = own[3] = 0xffffffffu;
        own_wide[0] = own_wide[1] = own_wide[2] = 0;
        own_float = 0.0f;
    }
    __syncthreads();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        unsigned value = in[i];
        atomicAdd(&own[0], value);
        atomicMax(&own[1], value);
        atomicMin(&own[2], value);
        atomicAnd(&own[3], value);
        atomicOr(&own[4], value);
        atomicXor(&own[5], value);
        atomicAdd(&own_wide[0], (unsigned long long)value);
        atomicMax(&own_wide[1], (unsigned long long)value * value);
        atomicCAS(&own_wide[2], 0ull, (unsigned long long)value);
        atomicAdd(&own_float, (float)value);
    }
    __syncthreads();
    if (threadIdx.x < 6)
        numbers[blockIdx.x * 6 + threadIdx.x] = own[threadIdx.x];
    if (threadIdx.x < 2)
        wide[blockIdx.x * 2 + threadIdx.x] = own_wide[threadIdx.x];
    if (threadIdx.x == 0)
        floats[blockIdx.x] = own_float;
}

// A product and a largest float, which no instruction makes at once: a loop around compare-and-swap.
KERNEL atomics_by_exchange(float *largest, double *product, const float *in, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float value = in[i];
    unsigned seen = *(volatile unsigned *)largest;
    while (__uint_as_float(seen) < value) {
        unsigned before = atomicCAS((unsigned *)largest, seen, __float_as_uint(value));
        if (before == seen)
            break;
        seen = before;
    }
    unsigned long long *bits = (unsigned long long *)product, old = *bits, expected;
    do {
        expected = old;
        double next = __longlong_as_double(expected) * value;
        old = atomicCAS(bits, expected, (unsigned long long)__double_as_longlong(next));
    } while (old != expected);
}

// A lock of one word that one thread of a block takes at a time.
KERNEL lock_and_count(unsigned *lock, volatile unsigned *count)
{
    if (threadIdx.x != 0)
        return;
    while (atomicCAS(lock, 0u, 1u) != 0) {
    }
    __threadfence();
    *count = *count + 1;
    __threadfence();
    atomicExch(lock, 0u);
}
