#include "kernel.h"

// Counts of bytes: 256 bins, which start as zero.
KERNEL histogram_global(const unsigned char *in, unsigned *bins, int n)
{
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        atomicAdd(&bins[in[i]], 1u);
}

KERNEL histogram_shared(const unsigned char *in, unsigned *bins, int n)
{
    __shared__ unsigned own[256];
    for (int i = threadIdx.x; i < 256; i += blockDim.x)
        own[i] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        atomicAdd(&own[in[i]], 1u);
    __syncthreads();
    for (int i = threadIdx.x; i < 256; i += blockDim.x)
        if (own[i] != 0)
            atomicAdd(&bins[i], own[i]);
}

// Weights instead of counts, in bins between two limits; elements outside are left out.
KERNEL histogram_weighted(const float *in, const float *weights, float *bins, int count, float low, float high, int n)
{
    extern __shared__ float sums[];
    for (int i = threadIdx.x; i < count; i += blockDim.x)
        sums[i] = 0.0f;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        int bin = (int)floorf((in[i] - low) / (high - low) * count);
        if (bin >= 0 && bin < count)
            atomicAdd(&sums[bin], weights[i]);
    }
    __syncthreads();
    for (int i = threadIdx.x; i < count; i += blockDim.x)
        atomicAdd(&bins[i], sums[i]);
}
