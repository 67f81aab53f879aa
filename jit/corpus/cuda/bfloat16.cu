#include "kernel.h"
#include <cuda_bf16.h>

// Numbers of eight bits' exponent in sixteen bits, alone and in pairs.
KERNEL bfloat16_arithmetic(const __nv_bfloat16 *a, const __nv_bfloat16 *b, __nv_bfloat16 *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    __nv_bfloat16 x = a[i], y = b[i], *result = out + i * 10;
    result[0] = __hadd(x, y);
    result[1] = __hsub(x, y);
    result[2] = __hmul(x, y);
    result[3] = __hdiv(x, y);
    result[4] = __hfma(x, y, x);
    result[5] = __hneg(x);
    result[6] = __habs(x);
    result[7] = __hmin(x, y);
    result[8] = __hmax(x, y);
    result[9] = __hlt(x, y) ? x : y;
}

KERNEL bfloat162_arithmetic(const __nv_bfloat162 *a, const __nv_bfloat162 *b, __nv_bfloat162 *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    __nv_bfloat162 x = a[i], y = b[i], *result = out + i * 6;
    result[0] = __hadd2(x, y);
    result[1] = __hsub2(x, y);
    result[2] = __hmul2(x, y);
    result[3] = __hfma2(x, y, x);
    result[4] = __hmin2(x, y);
    result[5] = __hmax2(x, y);
}

KERNEL bfloat16_conversions(const __nv_bfloat16 *in, float *floats, int *words, __nv_bfloat16 *back,
                            __nv_bfloat162 *pairs, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float value = __bfloat162float(in[i]);
    floats[i] = value;
    words[i] = __bfloat162int_rz(in[i]);
    back[i * 3] = __float2bfloat16(value * 1.001f);
    back[i * 3 + 1] = __float2bfloat16_rz(value / 3.0f);
    back[i * 3 + 2] = __int2bfloat16_rn(words[i]);
    pairs[i] = __floats2bfloat162_rn(value, -value);
}

// y = a * x + y over pairs, as an optimiser's step would.
KERNEL bfloat16_saxpy(float a, const __nv_bfloat162 *x, __nv_bfloat162 *y, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        y[i] = __hfma2(__float2bfloat162_rn(a), x[i], y[i]);
}
