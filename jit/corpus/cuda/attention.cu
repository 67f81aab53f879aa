#include "kernel.h"

// softmax(q * k^T * scale) * v for one head a block's y, 64 numbers a row: each of 64 threads holds one row of queries,
// keys and values pass through shared memory 32 at a time, and the softmax is corrected as it goes.
KERNEL __launch_bounds__(64) attention_forward(const float *__restrict__ q, const float *__restrict__ k,
                                                const float *__restrict__ v, float *__restrict__ out, int length,
                                                float scale, int causal)
{
    const int WIDTH = 64, KEYS = 32;
    __shared__ float keys[KEYS][WIDTH], values[KEYS][WIDTH];
    int row = blockIdx.x * 64 + threadIdx.x;
    unsigned long long head = (unsigned long long)blockIdx.y * length * WIDTH;
    float query[WIDTH], sums[WIDTH];
    float largest = -1e30f, total = 0.0f;
#pragma unroll
    for (int i = 0; i < WIDTH; ++i) {
        query[i] = row < length ? q[head + row * WIDTH + i] : 0.0f;
        sums[i] = 0.0f;
    }
    for (int start = 0; start < length; start += KEYS) {
        for (int i = threadIdx.x; i < KEYS * WIDTH; i += 64) {
            int from = start + i / WIDTH;
            keys[i / WIDTH][i % WIDTH] = from < length ? k[head + from * WIDTH + i % WIDTH] : 0.0f;
            values[i / WIDTH][i % WIDTH] = from < length ? v[head + from * WIDTH + i % WIDTH] : 0.0f;
        }
        __syncthreads();
        int end = min(KEYS, length - start);
        if (causal)
            end = min(end, row - start + 1);
        for (int key = 0; key < end; ++key) {
            float score = 0.0f;
#pragma unroll
            for (int i = 0; i < WIDTH; ++i)
                score = fmaf(query[i], keys[key][i], score);
            score *= scale;
            float next = fmaxf(largest, score);
            float correction = __expf(largest - next), weight = __expf(score - next);
            total = total * correction + weight;
#pragma unroll
            for (int i = 0; i < WIDTH; ++i)
                sums[i] = sums[i] * correction + weight * values[key][i];
            largest = next;
        }
        __syncthreads();
    }
    if (row < length) {
        float inverse = 1.0f / total;
#pragma unroll
        for (int i = 0; i < WIDTH; ++i)
            out[head + row * WIDTH + i] = sums[i] * inverse;
    }
}
