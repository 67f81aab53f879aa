#include "kernel.h"

// Philox of four words and ten rounds: numbers from a counter and a key, without state.
static __device__ uint4 philox(uint4 counter, uint2 key)
{
    for (int round = 0; round < 10; ++round) {
        unsigned high0 = __umulhi(0xd2511f53u, counter.x), low0 = 0xd2511f53u * counter.x;
        unsigned high1 = __umulhi(0xcd9e8d57u, counter.z), low1 = 0xcd9e8d57u * counter.z;
        counter = uint4{high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0};
        key.x += 0x9e3779b9u;
        key.y += 0xbb67ae85u;
    }
    return counter;
}

KERNEL random_words(uint4 *out, unsigned seed, unsigned long long offset, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        out[i] = philox(uint4{(unsigned)i, (unsigned)offset, (unsigned)(offset >> 32), 0}, uint2{seed, 0});
}

// How many of so many points lie in a circle; a generator with state in registers.
KERNEL estimate_pi(unsigned *hits, unsigned seed, int points)
{
    unsigned state = seed + blockIdx.x * blockDim.x + threadIdx.x, own = 0;
    state = state * 747796405u + 2891336453u;
    for (int i = 0; i < points; ++i) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        float x = (state >> 8) * 5.9604645e-8f;
        state = state * 1664525u + 1013904223u;
        float y = (state >> 8) * 5.9604645e-8f;
        own += x * x + y * y < 1.0f;
    }
    for (int offset = 16; offset > 0; offset /= 2)
        own += __shfl_down_sync(0xffffffffu, own, offset);
    if (threadIdx.x % 32 == 0)
        atomicAdd(hits, own);
}

// Box and Muller's: pairs of numbers spread as a bell.
KERNEL random_normal(const uint2 *in, float2 *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float u = ((in[i].x >> 8) + 1) * 5.9604645e-8f, angle = (in[i].y >> 8) * 5.9604645e-8f * 6.2831853f;
    float radius = sqrtf(-2.0f * 0.69314718f * __log2f(u));
    out[i] = float2{radius * __cosf(angle), radius * __sinf(angle)};
}
