#include "kernel.h"

struct range { float low, high; };
struct moments { double sum, squares; int count; };

__device__ __noinline__ float horner(float x, float a, float b, float c)
{
    return (a * x + b) * x + c;
}

__device__ __noinline__ range wider(range a, float by)
{
    return range{a.low - by, a.high + by};
}

__device__ __noinline__ moments add(moments to, double value)
{
    return moments{to.sum + value, to.squares + value * value, to.count + 1};
}

__device__ __noinline__ void swap(unsigned *a, unsigned *b)
{
    unsigned kept = *a;
    *a = *b;
    *b = kept;
}

__device__ __noinline__ int choose(signed char small, short middle, int word, long long wide, bool last)
{
    return last ? (int)wide + small : word + middle;
}

// A function that calls another, and waits for the block.
__device__ __noinline__ float sum_of_block(float value, float *shared)
{
    shared[threadIdx.x] = value;
    __syncthreads();
    float sum = 0.0f;
    for (unsigned i = 0; i < blockDim.x; ++i)
        sum += shared[i];
    __syncthreads();
    return horner(sum, 0.0f, 1.0f, 0.5f);
}

KERNEL call_scalars(const float *in, float *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        out[i] = horner(in[i], 1.0f, -2.0f, 3.0f) + horner(-in[i], 0.5f, 0.25f, in[0]);
}

KERNEL call_structures(const float *in, range *out, moments *sums, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    range own = {in[i], in[i]};
    moments total = {0.0, 0.0, 0};
    for (int at = 0; at < 4; ++at) {
        own = wider(own, 0.5f * at);
        total = add(total, own.high);
    }
    out[i] = own;
    sums[i] = total;
}

// Pointers to local, shared and global memory for one function.
KERNEL call_with_pointers(unsigned *data, int n)
{
    __shared__ unsigned tile[64];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    unsigned own[2] = {(unsigned)i, (unsigned)i + 1};
    tile[threadIdx.x & 63] = i;
    swap(&own[0], &own[1]);
    __syncthreads();
    if (threadIdx.x < 32)
        swap(&tile[threadIdx.x], &tile[threadIdx.x + 32]);
    __syncthreads();
    if (2 * i + 1 < n) {
        swap(&data[2 * i], &data[2 * i + 1]);
        data[2 * i] += own[0] + tile[threadIdx.x & 63];
    }
}

KERNEL call_many_widths(const int *in, int *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        out[i] = choose((signed char)in[i], (short)in[i], in[i], (long long)in[i] << 3, in[i] > 0);
}

KERNEL call_with_barrier(const float *in, float *out)
{
    __shared__ float shared[256];
    out[blockIdx.x * blockDim.x + threadIdx.x] = sum_of_block(in[blockIdx.x * blockDim.x + threadIdx.x], shared);
}
