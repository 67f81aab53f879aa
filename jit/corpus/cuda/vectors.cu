#include "kernel.h"

KERNEL add_float2(const float2 *a, const float2 *b, float2 *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float2 x = a[i], y = b[i];
    out[i] = float2{x.x + y.x, x.y + y.y};
}

KERNEL add_float4(const float4 *__restrict__ a, const float4 *__restrict__ b, float4 *__restrict__ out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float4 x = a[i], y = b[i];
    out[i] = float4{x.x + y.x, x.y + y.y, x.z + y.z, x.w + y.w};
}

KERNEL swap_double2(double2 *data, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    double2 x = data[i];
    data[i] = double2{x.y, x.x};
}

KERNEL rotate_uint4(uint4 *data, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    uint4 x = data[i];
    data[i] = uint4{x.y, x.z, x.w, x.x};
}

KERNEL multiply_int2(const int2 *pairs, long long *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    int2 pair = pairs[i];
    out[i] = (long long)pair.x * pair.y;
}

KERNEL grey(const uchar4 *pixels, unsigned char *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    uchar4 pixel = pixels[i];
    out[i] = (77 * pixel.x + 150 * pixel.y + 29 * pixel.z) >> 8;
}
