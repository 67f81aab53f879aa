#include "kernel.h"

// Loads and stores that say how long to keep what they touch.
KERNEL hints(const float *once, const float *often, const int *table, float *out, float *streamed, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float value = __ldg(&often[__ldg(&table[i])]);
    float a, b, c, d;
    asm volatile("ld.global.cs.f32 %0, [%1];" : "=f"(a) : "l"(once + i));
    asm volatile("ld.global.cg.f32 %0, [%1];" : "=f"(b) : "l"(once + i));
    asm volatile("ld.global.cv.f32 %0, [%1];" : "=f"(c) : "l"(once + i));
    asm volatile("ld.global.nc.L1::no_allocate.f32 %0, [%1];" : "=f"(d) : "l"(once + i));
    out[i] = value + a + b + c + d;
    asm volatile("st.global.cs.f32 [%0], %1;" ::"l"(streamed + i), "f"(a) : "memory");
    asm volatile("prefetch.global.L2 [%0];" ::"l"(out + i));
}

// Through intrinsics' vectors: sixteen bytes at once.
KERNEL hinted_vectors(const float4 *in, float4 *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float4 value;
    asm volatile("ld.global.nc.v4.f32 {%0, %1, %2, %3}, [%4];"
                 : "=f"(value.x), "=f"(value.y), "=f"(value.z), "=f"(value.w)
                 : "l"(in + i));
    asm volatile("st.global.wt.v4.f32 [%0], {%1, %2, %3, %4};" ::"l"(out + i), "f"(value.w), "f"(value.z), "f"(value.y),
                 "f"(value.x)
                 : "memory");
}
