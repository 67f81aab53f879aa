#include "kernel.h"

// A bitonic sort of 512 keys in shared memory, one block of 256 threads.
KERNEL bitonic_block(float *keys)
{
    __shared__ float tile[512];
    int thread = threadIdx.x;
    tile[thread] = keys[blockIdx.x * 512 + thread];
    tile[thread + 256] = keys[blockIdx.x * 512 + thread + 256];
    for (int size = 2; size <= 512; size *= 2) {
        for (int stride = size / 2; stride > 0; stride /= 2) {
            __syncthreads();
            int low = thread / stride * stride * 2 + thread % stride;
            bool ascending = (low & size) == 0;
            float a = tile[low], b = tile[low + stride];
            if ((a > b) == ascending) {
                tile[low] = b;
                tile[low + stride] = a;
            }
        }
    }
    __syncthreads();
    keys[blockIdx.x * 512 + thread] = tile[thread];
    keys[blockIdx.x * 512 + thread + 256] = tile[thread + 256];
}

// One step over global memory, for more keys: a power of two of them.
KERNEL bitonic_step(unsigned long long *keys, unsigned size, unsigned stride)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x, other = i ^ stride;
    if (other <= i)
        return;
    unsigned long long a = keys[i], b = keys[other];
    if ((a > b) == ((i & size) == 0)) {
        keys[i] = b;
        keys[other] = a;
    }
}

// Keys of each thread in an array of its own, which stays in local memory where loops are not unrolled.
KERNEL insertion_sort(int *keys, int length, int n)
{
    int own[32];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n || length > 32)
        return;
    for (int at = 0; at < length; ++at)
        own[at] = keys[i * length + at];
    for (int at = 1; at < length; ++at) {
        int key = own[at], place = at;
        while (place > 0 && own[place - 1] > key) {
            own[place] = own[place - 1];
            --place;
        }
        own[place] = key;
    }
    for (int at = 0; at < length; ++at)
        keys[i * length + at] = own[at];
}
