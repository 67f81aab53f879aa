#include "kernel.h"
#include <cuda_fp16.h>

// Halves, alone and in pairs.
KERNEL half_arithmetic(const half *a, const half *b, half *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    half x = a[i], y = b[i], *result = out + i * 12;
    result[0] = __hadd(x, y);
    result[1] = __hsub(x, y);
    result[2] = __hmul(x, y);
    result[3] = __hdiv(x, y);
    result[4] = __hfma(x, y, x);
    result[5] = __hneg(x);
    result[6] = __habs(x);
    result[7] = __hmin(x, y);
    result[8] = __hmax(x, y);
    result[9] = hsqrt(__habs(x));
    result[10] = __hlt(x, y) ? x : y;
    result[11] = __hadd_sat(x, y);
}

KERNEL half2_arithmetic(const half2 *a, const half2 *b, half2 *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    half2 x = a[i], y = b[i], *result = out + i * 9;
    result[0] = __hadd2(x, y);
    result[1] = __hsub2(x, y);
    result[2] = __hmul2(x, y);
    result[3] = __hfma2(x, y, x);
    result[4] = __hneg2(x);
    result[5] = __hmin2(x, y);
    result[6] = __hmax2(x, y);
    result[7] = __lowhigh2highlow(x);
    result[8] = __hgt2(x, y);
}

KERNEL half_conversions(const half *in, float *floats, int *words, short *shorts, half *back, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float value = __half2float(in[i]);
    floats[i] = value;
    words[i] = __half2int_rz(in[i]);
    shorts[i] = __half2short_rn(in[i]);
    back[i * 4] = __float2half(value * 1.001f);
    back[i * 4 + 1] = __int2half_rn(words[i]);
    back[i * 4 + 2] = __float2half_rz(value / 3.0f);
    back[i * 4 + 3] = __double2half((double)value * 0.1);
}

KERNEL half_functions(const half *in, half *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    half x = in[i], *result = out + i * 7;
    result[0] = hexp(x);
    result[1] = hlog(__habs(x));
    result[2] = hrcp(x);
    result[3] = hrsqrt(__habs(x));
    result[4] = hfloor(x);
    result[5] = hrint(x);
    result[6] = hsin(x);
}

// A scalar product of halves, two at a time, whose sum is a float.
KERNEL half2_dot(const half2 *a, const half2 *b, float *sum, int n)
{
    float own = 0.0f;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        float2 product = __half22float2(__hmul2(a[i], b[i]));
        own += product.x + product.y;
    }
    for (int offset = 16; offset > 0; offset /= 2)
        own += __shfl_down_sync(0xffffffffu, own, offset);
    if (threadIdx.x % 32 == 0)
        atomicAdd(sum, own);
}

KERNEL half_shuffle_and_add(const half2 *in, half2 *sum, half *single, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    half2 value = i < n ? in[i] : __float2half2_rn(0.0f);
    value = __hadd2(value, __shfl_xor_sync(0xffffffffu, value, 1));
    if (i < n && i % 2 == 0) {
        atomicAdd(sum, value);
        atomicAdd(single, __low2half(value));
    }
}
