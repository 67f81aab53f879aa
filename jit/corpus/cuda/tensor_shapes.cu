#include "kernel.h"

// One product of each shape and type that tensor cores have since sm_80. One warp each: it reads its fragments as they
// lie in registers, lane after lane, and writes what it got in the same way.

KERNEL mma_m16n8k8_f16(const unsigned *a, const unsigned *b, float *c)
{
    int lane = threadIdx.x;
    float *sums = c + lane * 4;
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[lane * 2]), "r"(a[lane * 2 + 1]), "r"(b[lane]));
}

// The sums are halves too, two in a register.
KERNEL mma_m16n8k16_f16_sums(const unsigned *a, const unsigned *b, unsigned *c)
{
    int lane = threadIdx.x;
    unsigned *sums = c + lane * 2;
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16 {%0, %1}, {%2, %3, %4, %5}, {%6, %7}, {%0, %1};"
                 : "+r"(sums[0]), "+r"(sums[1])
                 : "r"(a[lane * 4]), "r"(a[lane * 4 + 1]), "r"(a[lane * 4 + 2]), "r"(a[lane * 4 + 3]), "r"(b[lane * 2]),
                   "r"(b[lane * 2 + 1]));
}

KERNEL mma_m16n8k8_bf16(const unsigned *a, const unsigned *b, float *c)
{
    int lane = threadIdx.x;
    float *sums = c + lane * 4;
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[lane * 2]), "r"(a[lane * 2 + 1]), "r"(b[lane]));
}

KERNEL mma_m16n8k8_tf32(const unsigned *a, const unsigned *b, float *c)
{
    int lane = threadIdx.x;
    float *sums = c + lane * 4;
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%0, %1, %2, %3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[lane * 4]), "r"(a[lane * 4 + 1]), "r"(a[lane * 4 + 2]), "r"(a[lane * 4 + 3]), "r"(b[lane * 2]),
                   "r"(b[lane * 2 + 1]));
}

KERNEL mma_m16n8k32_s8(const unsigned *a, const unsigned *b, int *c)
{
    int lane = threadIdx.x;
    int *sums = c + lane * 4;
    asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%0, %1, %2, %3};"
                 : "+r"(sums[0]), "+r"(sums[1]), "+r"(sums[2]), "+r"(sums[3])
                 : "r"(a[lane * 4]), "r"(a[lane * 4 + 1]), "r"(a[lane * 4 + 2]), "r"(a[lane * 4 + 3]), "r"(b[lane * 2]),
                   "r"(b[lane * 2 + 1]));
}

KERNEL mma_m8n8k4_f64(const double *a, const double *b, double *c)
{
    int lane = threadIdx.x;
    double *sums = c + lane * 2;
    asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0, %1}, {%2}, {%3}, {%0, %1};"
                 : "+d"(sums[0]), "+d"(sums[1])
                 : "d"(a[lane]), "d"(b[lane]));
}
