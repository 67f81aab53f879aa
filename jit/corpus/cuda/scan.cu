#include "kernel.h"

// Sums of all elements up to each one, block by block: 256 threads each; `totals` gets each block's sum.
KERNEL scan_shuffle(const int *in, int *out, int *totals, int n)
{
    __shared__ int of_warps[8];
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    int sum = i < n ? in[i] : 0;
    for (int offset = 1; offset < 32; offset *= 2) {
        int below = __shfl_up_sync(0xffffffffu, sum, offset);
        if (lane >= offset)
            sum += below;
    }
    if (lane == 31)
        of_warps[warp] = sum;
    __syncthreads();
    if (warp == 0) {
        int total = lane < 8 ? of_warps[lane] : 0;
        for (int offset = 1; offset < 8; offset *= 2) {
            int below = __shfl_up_sync(0xffffffffu, total, offset, 8);
            if (lane % 8 >= offset)
                total += below;
        }
        if (lane < 8)
            of_warps[lane] = total;
    }
    __syncthreads();
    if (warp > 0)
        sum += of_warps[warp - 1];
    if (i < n)
        out[i] = sum;
    if (threadIdx.x == blockDim.x - 1)
        totals[blockIdx.x] = sum;
}

// Adds to each element the sums of the blocks before its own.
KERNEL scan_add_totals(int *data, const int *totals, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    int before = 0;
    for (unsigned block = 0; block < blockIdx.x; ++block)
        before += totals[block];
    if (i < n)
        data[i] += before;
}

// Hillis and Steele's: two buffers in shared memory of two floats a thread; one block.
KERNEL scan_two_buffers(const float *in, float *out, int n)
{
    extern __shared__ float buffers[];
    float *from = buffers, *to = buffers + blockDim.x;
    int i = threadIdx.x;
    from[i] = i < n ? in[i] : 0.0f;
    __syncthreads();
    for (int offset = 1; offset < blockDim.x; offset *= 2) {
        to[i] = i >= offset ? from[i] + from[i - offset] : from[i];
        float *swap = from;
        from = to;
        to = swap;
        __syncthreads();
    }
    if (i < n)
        out[i] = from[i];
}

// Blelloch's, exclusive: up and down a tree in shared memory, two elements a thread; 512 elements of 64 bits a block.
KERNEL scan_tree(unsigned long long *data)
{
    __shared__ unsigned long long tree[512];
    int thread = threadIdx.x;
    unsigned long long *own = data + blockIdx.x * 512;
    tree[2 * thread] = own[2 * thread];
    tree[2 * thread + 1] = own[2 * thread + 1];
    int offset = 1;
    for (int active = 256; active > 0; active /= 2, offset *= 2) {
        __syncthreads();
        if (thread < active)
            tree[offset * (2 * thread + 2) - 1] += tree[offset * (2 * thread + 1) - 1];
    }
    if (thread == 0)
        tree[511] = 0;
    for (int active = 1; active < 512; active *= 2) {
        offset /= 2;
        __syncthreads();
        if (thread < active) {
            int left = offset * (2 * thread + 1) - 1, right = offset * (2 * thread + 2) - 1;
            unsigned long long before = tree[left];
            tree[left] = tree[right];
            tree[right] += before;
        }
    }
    __syncthreads();
    own[2 * thread] = tree[2 * thread];
    own[2 * thread + 1] = tree[2 * thread + 1];
}
