#include "kernel.h"

// Halves as a type of clang's own.
typedef _Float16 half;
typedef half half2 __attribute__((ext_vector_type(2)));

KERNEL half_native_arithmetic(const half *a, const half *b, half *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    half x = a[i], y = b[i], *result = out + i * 8;
    result[0] = x + y;
    result[1] = x - y;
    result[2] = x * y;
    result[3] = x / y;
    result[4] = -x;
    result[5] = x < y ? x : y;
    result[6] = (half)sqrtf((float)x);
    result[7] = (half)(int)y;
}

KERNEL half2_native_arithmetic(const half2 *a, const half2 *b, half2 *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    half2 x = a[i], y = b[i], *result = out + i * 3;
    result[0] = x + y;
    result[1] = x * y - x;
    result[2] = half2{y.y, x.x};
}

KERNEL half_native_conversions(const half *in, float *floats, double *doubles, int *words, unsigned char *bytes, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    floats[i] = (float)in[i];
    doubles[i] = (double)in[i];
    words[i] = (int)in[i];
    bytes[i] = (unsigned char)in[i];
}
