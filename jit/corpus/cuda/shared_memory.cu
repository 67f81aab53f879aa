#include "kernel.h"

// Shared memory in each form. The size of `dynamic` comes with the launch.
extern __shared__ __attribute__((aligned(16))) unsigned char dynamic[];

// Three arrays of different types in one piece: 16 bytes a thread.
KERNEL shared_parts(const double *a, const float *b, const short *c, double *out)
{
    double *first = (double *)dynamic;
    float *second = (float *)(first + blockDim.x);
    short *third = (short *)(second + blockDim.x);
    int thread = threadIdx.x, i = blockIdx.x * blockDim.x + thread, other = blockDim.x - 1 - thread;
    first[thread] = a[i];
    second[thread] = b[i];
    third[thread] = c[i];
    __syncthreads();
    out[i] = first[other] + second[other] + third[other];
}

// Structures and vectors.
struct pair { int key; float value; };

KERNEL shared_vectors(const float4 *in, const pair *pairs, float4 *out, int rotate)
{
    __shared__ float4 tile[64];
    __shared__ pair table[64];
    __shared__ unsigned char flags[64];
    int thread = threadIdx.x & 63;
    tile[thread] = in[thread];
    table[thread] = pairs[thread];
    flags[thread] = pairs[thread].key > 0;
    __syncthreads();
    float4 own = tile[(thread + rotate) & 63];
    pair from = table[63 - thread];
    own.x += from.value;
    own.w = flags[thread ^ 1] ? own.w : (float)from.key;
    out[thread] = own;
}

// Neighbours of each element, from static and dynamic memory at once: four bytes a thread.
KERNEL shared_both(const int *in, int *out, int n)
{
    __shared__ int edges[2];
    int *tile = (int *)dynamic;
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    tile[threadIdx.x] = i < n ? in[i] : 0;
    if (threadIdx.x == 0) {
        edges[0] = i > 0 ? in[i - 1] : 0;
        edges[1] = i + blockDim.x < n ? in[i + blockDim.x] : 0;
    }
    __syncthreads();
    int left = threadIdx.x > 0 ? tile[threadIdx.x - 1] : edges[0];
    int right = threadIdx.x + 1 < blockDim.x ? tile[threadIdx.x + 1] : edges[1];
    if (i < n)
        out[i] = left + right - 2 * tile[threadIdx.x];
}

// Whether a pointer means shared or global memory shows while it runs.
KERNEL shared_or_global(unsigned *data, unsigned *out, int threshold)
{
    __shared__ unsigned tile[128];
    int thread = threadIdx.x & 127;
    tile[thread] = thread * 3;
    __syncthreads();
    unsigned *chosen = thread < threshold ? &tile[thread] : &data[thread];
    *chosen += 1;
    atomicAdd(chosen, 10u);
    __syncthreads();
    out[thread] = tile[thread] + *chosen;
}
