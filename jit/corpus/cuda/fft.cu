#include "kernel.h"

// A Fourier transform of 256 complex numbers a block of 128 threads: Cooley and Tukey's, in shared memory.
KERNEL __launch_bounds__(128) fft_256(const float2 *in, float2 *out, float direction)
{
    __shared__ float2 tile[256];
    int thread = threadIdx.x;
    for (int i = thread; i < 256; i += 128)
        tile[__brev(i) >> 24] = in[blockIdx.x * 256 + i];
    for (int half = 1; half < 256; half *= 2) {
        __syncthreads();
        int low = thread / half * half * 2 + thread % half, high = low + half;
        float angle = direction * 3.14159265f * (thread % half) / half;
        float real = __cosf(angle), imaginary = __sinf(angle);
        float2 a = tile[low], b = tile[high];
        float2 turned = float2{b.x * real - b.y * imaginary, b.x * imaginary + b.y * real};
        tile[low] = float2{a.x + turned.x, a.y + turned.y};
        tile[high] = float2{a.x - turned.x, a.y - turned.y};
    }
    __syncthreads();
    for (int i = thread; i < 256; i += 128)
        out[blockIdx.x * 256 + i] = tile[i];
}
