#include "kernel.h"

// Loads, stores and atomics with an order and a scope, which `cuda::atomic` is made of: written as instructions, since
// its headers are not small. `flags` start as zero.

KERNEL release_and_acquire(unsigned *flags, unsigned *message, unsigned *out)
{
    if (blockIdx.x == 0 && threadIdx.x == 0) {
        message[0] = 42;
        asm volatile("st.release.gpu.global.u32 [%0], %1;" ::"l"(flags), "r"(1) : "memory");
    }
    if (blockIdx.x == 1 && threadIdx.x == 0) {
        unsigned ready = 0;
        for (int tries = 0; tries < 1000000 && ready == 0; ++tries)
            asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(ready) : "l"(flags) : "memory");
        out[0] = ready ? message[0] : 0;
    }
}

KERNEL orders_and_scopes(unsigned *numbers, unsigned long long *wide, float *floats)
{
    unsigned seen, all = 0;
    unsigned long long seen_wide;
    float seen_float;
    asm volatile("atom.relaxed.gpu.global.add.u32 %0, [%1], %2;" : "=r"(seen) : "l"(numbers), "r"(1) : "memory");
    all += seen;
    asm volatile("atom.acq_rel.sys.global.add.u32 %0, [%1], %2;" : "=r"(seen) : "l"(numbers + 1), "r"(1) : "memory");
    all += seen;
    asm volatile("atom.acquire.cta.global.exch.b32 %0, [%1], %2;" : "=r"(seen) : "l"(numbers + 2), "r"(7) : "memory");
    all += seen;
    asm volatile("atom.release.gpu.global.cas.b32 %0, [%1], %2, %3;"
                 : "=r"(seen)
                 : "l"(numbers + 3), "r"(0), "r"(7)
                 : "memory");
    all += seen;
    asm volatile("atom.relaxed.gpu.global.add.u64 %0, [%1], %2;" : "=l"(seen_wide) : "l"(wide), "l"(1ull) : "memory");
    asm volatile("atom.relaxed.gpu.global.add.f32 %0, [%1], %2;" : "=f"(seen_float) : "l"(floats), "f"(0.5f) : "memory");
    asm volatile("red.relaxed.gpu.global.add.u32 [%0], %1;" ::"l"(numbers + 4), "r"(2) : "memory");
    asm volatile("red.release.gpu.global.max.s32 [%0], %1;" ::"l"(numbers + 5), "r"(3) : "memory");
    asm volatile("red.relaxed.sys.global.or.b32 [%0], %1;" ::"l"(numbers + 6), "r"(4) : "memory");
    asm volatile("st.relaxed.sys.global.u32 [%0], %1;" ::"l"(numbers + 7), "r"(5) : "memory");
    asm volatile("ld.relaxed.sys.global.u32 %0, [%1];" : "=r"(seen) : "l"(numbers + 7) : "memory");
    asm volatile("fence.acq_rel.gpu;" ::: "memory");
    asm volatile("fence.sc.sys;" ::: "memory");
    asm volatile("fence.acq_rel.cta;" ::: "memory");
    if (all == 0xffffffffu)
        numbers[8] = seen + (unsigned)seen_wide + (unsigned)seen_float;
}
