#include "kernel.h"

KERNEL scale_all(float *data, float factor, unsigned n)
{
    for (unsigned i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
        data[i] *= factor;
}

KERNEL scale_all_wide(double *data, double factor, unsigned long long n)
{
    unsigned long long stride = (unsigned long long)gridDim.x * blockDim.x;
    for (unsigned long long i = (unsigned long long)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += stride)
        data[i] *= factor;
}

KERNEL sum_per_thread(const float *data, float *sums, int n)
{
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    float sum = 0.0f;
    for (int i = thread; i < n; i += gridDim.x * blockDim.x)
        sum += data[i];
    sums[thread] = sum;
}

// Three dimensions of blocks and threads, and one loop in another.
KERNEL transpose_tiles(const unsigned *in, unsigned *out, int width, int height, int depth)
{
    for (int z = blockIdx.z * blockDim.z + threadIdx.z; z < depth; z += gridDim.z * blockDim.z)
        for (int y = blockIdx.y * blockDim.y + threadIdx.y; y < height; y += gridDim.y * blockDim.y)
            for (int x = blockIdx.x * blockDim.x + threadIdx.x; x < width; x += gridDim.x * blockDim.x)
                out[(z * width + x) * height + y] = in[(z * height + y) * width + x];
}
