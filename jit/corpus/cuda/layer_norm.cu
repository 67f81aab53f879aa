#include "kernel.h"

static __device__ float sum_of_block(float value, float *of_warps)
{
    for (int offset = 16; offset > 0; offset /= 2)
        value += __shfl_xor_sync(0xffffffffu, value, offset);
    if (threadIdx.x % 32 == 0)
        of_warps[threadIdx.x / 32] = value;
    __syncthreads();
    float sum = 0.0f;
    for (unsigned warp = 0; warp < blockDim.x / 32; ++warp)
        sum += of_warps[warp];
    __syncthreads();
    return sum;
}

// One block a row: mean zero and variance one, then `weight` and `bias`.
KERNEL layer_norm(const float *__restrict__ in, const float *__restrict__ weight, const float *__restrict__ bias,
                  float *__restrict__ out, int columns, float epsilon)
{
    __shared__ float of_warps[32];
    const float *from = in + blockIdx.x * columns;
    float *to = out + blockIdx.x * columns;
    float sum = 0.0f;
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        sum += from[i];
    float mean = sum_of_block(sum, of_warps) / columns;
    float squares = 0.0f;
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        squares += (from[i] - mean) * (from[i] - mean);
    float scale = rsqrtf(sum_of_block(squares, of_warps) / columns + epsilon);
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        to[i] = (from[i] - mean) * scale * weight[i] + bias[i];
}

// The root of the mean square alone.
KERNEL rms_norm(const float *in, const float *weight, float *out, int columns, float epsilon)
{
    __shared__ float of_warps[32];
    const float *from = in + blockIdx.x * columns;
    float squares = 0.0f;
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        squares = fmaf(from[i], from[i], squares);
    float scale = 1.0f / sqrtf(sum_of_block(squares, of_warps) / columns + epsilon);
    for (int i = threadIdx.x; i < columns; i += blockDim.x)
        out[blockIdx.x * columns + i] = from[i] * scale * weight[i];
}
