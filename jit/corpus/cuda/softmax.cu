#include "kernel.h"

// One warp a row.
KERNEL softmax_warp(const float *in, float *out, int rows, int columns)
{
    int row = (blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = threadIdx.x % 32;
    if (row >= rows)
        return;
    const float *from = in + row * columns;
    float *to = out + row * columns;
    float largest = -__int_as_float(0x7f800000);
    for (int i = lane; i < columns; i += 32)
        largest = fmaxf(largest, from[i]);
    for (int offset = 16; offset > 0; offset /= 2)
        largest = fmaxf(largest, __shfl_xor_sync(0xffffffffu, largest, offset));
    float sum = 0.0f;
    for (int i = lane; i < columns; i += 32)
        sum += __expf(from[i] - largest);
    for (int offset = 16; offset > 0; offset /= 2)
        sum += __shfl_xor_sync(0xffffffffu, sum, offset);
    float scale = 1.0f / sum;
    for (int i = lane; i < columns; i += 32)
        to[i] = __expf(from[i] - largest) * scale;
}

// One block of 128 threads a row; the row's numbers stay in shared memory of one float a column.
KERNEL __launch_bounds__(128) softmax_block(const float *in, float *out, int columns)
{
    extern __shared__ float row[];
    __shared__ float partial[128];
    const float *from = in + blockIdx.x * columns;
    int thread = threadIdx.x;
    float largest = -3.4e38f;
    for (int i = thread; i < columns; i += 128) {
        row[i] = from[i];
        largest = fmaxf(largest, row[i]);
    }
    partial[thread] = largest;
    __syncthreads();
    for (int half = 64; half > 0; half /= 2) {
        if (thread < half)
            partial[thread] = fmaxf(partial[thread], partial[thread + half]);
        __syncthreads();
    }
    largest = partial[0];
    __syncthreads();
    float sum = 0.0f;
    for (int i = thread; i < columns; i += 128) {
        row[i] = __expf(row[i] - largest);
        sum += row[i];
    }
    partial[thread] = sum;
    __syncthreads();
    for (int half = 64; half > 0; half /= 2) {
        if (thread < half)
            partial[thread] += partial[thread + half];
        __syncthreads();
    }
    for (int i = thread; i < columns; i += 128)
        out[blockIdx.x * columns + i] = __fdividef(row[i], partial[0]);
}
