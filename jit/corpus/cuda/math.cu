#include "kernel.h"

// Functions of the compiler's own library, which it writes out where they are used.
KERNEL functions_f32(const float *in, float *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float x = in[i], *result = out + i * 14;
    result[0] = expf(x);
    result[1] = logf(x);
    result[2] = powf(x, 1.7f);
    result[3] = tanhf(x);
    result[4] = erff(x);
    result[5] = floorf(x) + ceilf(x);
    result[6] = rintf(x) + truncf(x);
    result[7] = fmodf(x, 0.7f);
    result[8] = atan2f(x, 0.5f);
    result[9] = cbrtf(x);
    result[10] = log1pf(x);
    result[11] = hypotf(x, 2.0f);
    result[12] = copysignf(x, -1.0f);
    result[13] = isnan(x) ? 1.0f : isinf(x) ? 2.0f : 3.0f;
}

// Large angles need many digits of pi: a table in memory, and an array in each thread's own.
KERNEL trigonometry_f32(const float *in, float *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float sine, cosine;
    sincosf(in[i], &sine, &cosine);
    out[i * 3] = sine;
    out[i * 3 + 1] = cosine;
    out[i * 3 + 2] = tanf(in[i]);
}

KERNEL functions_f64(const double *in, double *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    double x = in[i], *result = out + i * 6;
    result[0] = exp(x);
    result[1] = log(x);
    result[2] = sin(x);
    result[3] = rsqrt(x);
    result[4] = floor(x);
    result[5] = fmod(x, 0.7);
}

KERNEL rounded_f32(const float *a, const float *b, float *out, double *wide, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float x = a[i], y = b[i], *result = out + i * 10;
    result[0] = __fadd_rd(x, y);
    result[1] = __fmul_ru(x, y);
    result[2] = __fmaf_rz(x, y, x);
    result[3] = __fdiv_rn(x, y);
    result[4] = __frcp_ru(x);
    result[5] = __fsqrt_rd(x);
    result[6] = __saturatef(x);
    result[7] = __double2float_rd((double)x * 0.1);
    result[8] = __int2float_rz(__float2int_rd(x) * 16777217);
    result[9] = __uint2float_ru(__float2uint_ru(y));
    wide[i * 3] = __dadd_rz(x, y);
    wide[i * 3 + 1] = __dmul_rd(x, y);
    wide[i * 3 + 2] = __ddiv_rn(x, y);
}
