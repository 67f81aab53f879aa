// CUDA's functions for threads that work together, atomics and bits, made of clang's own builtins.
#pragma once

#define INTRINSIC static __device__ __forceinline__

INTRINSIC void __syncwarp(unsigned mask = ~0u) { __nvvm_bar_warp_sync(mask); }
INTRINSIC int __syncthreads_count(int holds) { return __nvvm_bar0_popc(holds); }
INTRINSIC int __syncthreads_and(int holds) { return __nvvm_bar0_and(holds); }
INTRINSIC int __syncthreads_or(int holds) { return __nvvm_bar0_or(holds); }
INTRINSIC void __threadfence_block() { __nvvm_membar_cta(); }
INTRINSIC void __threadfence() { __nvvm_membar_gl(); }
INTRINSIC void __threadfence_system() { __nvvm_membar_sys(); }

// The lanes of a warp in groups of `width`: the upper byte says where groups begin, the lower one where they end.
#define SHUFFLES(name, builtin, end)                                                                          \
    INTRINSIC int name(unsigned mask, int value, unsigned by, int width = 32)                                 \
    {                                                                                                         \
        return __nvvm_shfl_sync_##builtin##_i32(mask, value, by, (32 - width) << 8 | end);                    \
    }                                                                                                         \
    INTRINSIC unsigned name(unsigned mask, unsigned value, unsigned by, int width = 32)                       \
    {                                                                                                         \
        return __nvvm_shfl_sync_##builtin##_i32(mask, value, by, (32 - width) << 8 | end);                    \
    }                                                                                                         \
    INTRINSIC float name(unsigned mask, float value, unsigned by, int width = 32)                             \
    {                                                                                                         \
        return __nvvm_shfl_sync_##builtin##_f32(mask, value, by, (32 - width) << 8 | end);                    \
    }                                                                                                         \
    INTRINSIC double name(unsigned mask, double value, unsigned by, int width = 32)                           \
    {                                                                                                         \
        union { double whole; int halves[2]; } bits = {value};                                                \
        bits.halves[0] = name(mask, bits.halves[0], by, width);                                               \
        bits.halves[1] = name(mask, bits.halves[1], by, width);                                               \
        return bits.whole;                                                                                    \
    }
SHUFFLES(__shfl_sync, idx, 31)
SHUFFLES(__shfl_xor_sync, bfly, 31)
SHUFFLES(__shfl_down_sync, down, 31)
SHUFFLES(__shfl_up_sync, up, 0)

INTRINSIC unsigned __ballot_sync(unsigned mask, int holds) { return __nvvm_vote_ballot_sync(mask, holds); }
INTRINSIC int __all_sync(unsigned mask, int holds) { return __nvvm_vote_all_sync(mask, holds); }
INTRINSIC int __any_sync(unsigned mask, int holds) { return __nvvm_vote_any_sync(mask, holds); }
INTRINSIC unsigned __match_any_sync(unsigned mask, unsigned value) { return __nvvm_match_any_sync_i32(mask, value); }
INTRINSIC unsigned __match_any_sync(unsigned mask, unsigned long long value)
{
    return __nvvm_match_any_sync_i64(mask, value);
}
INTRINSIC unsigned __match_all_sync(unsigned mask, unsigned value, int *all)
{
    return __nvvm_match_all_sync_i32p(mask, value, all);
}
INTRINSIC unsigned __activemask()
{
    unsigned mask;
    asm volatile("activemask.b32 %0;" : "=r"(mask));
    return mask;
}
#if __CUDA_ARCH__ >= 800
INTRINSIC unsigned __reduce_add_sync(unsigned mask, unsigned value) { return __nvvm_redux_sync_add(value, mask); }
INTRINSIC unsigned __reduce_min_sync(unsigned mask, unsigned value) { return __nvvm_redux_sync_umin(value, mask); }
INTRINSIC unsigned __reduce_max_sync(unsigned mask, unsigned value) { return __nvvm_redux_sync_umax(value, mask); }
INTRINSIC int __reduce_min_sync(unsigned mask, int value) { return __nvvm_redux_sync_min(value, mask); }
INTRINSIC int __reduce_max_sync(unsigned mask, int value) { return __nvvm_redux_sync_max(value, mask); }
INTRINSIC unsigned __reduce_and_sync(unsigned mask, unsigned value) { return __nvvm_redux_sync_and(value, mask); }
INTRINSIC unsigned __reduce_or_sync(unsigned mask, unsigned value) { return __nvvm_redux_sync_or(value, mask); }
INTRINSIC unsigned __reduce_xor_sync(unsigned mask, unsigned value) { return __nvvm_redux_sync_xor(value, mask); }
#endif

// `as` is the type that clang declares its builtin for: most know signed integers alone.
#define ATOMIC(name, type, as, builtin)                                                                       \
    INTRINSIC type name(type *at, type value) { return __nvvm_atom_##builtin((as *)at, value); }
ATOMIC(atomicAdd, int, int, add_gen_i)
ATOMIC(atomicAdd, unsigned, int, add_gen_i)
ATOMIC(atomicAdd, unsigned long long, long long, add_gen_ll)
ATOMIC(atomicAdd, float, float, add_gen_f)
ATOMIC(atomicAdd, double, double, add_gen_d)
ATOMIC(atomicMin, int, int, min_gen_i)
ATOMIC(atomicMax, int, int, max_gen_i)
ATOMIC(atomicMin, unsigned, unsigned, min_gen_ui)
ATOMIC(atomicMax, unsigned, unsigned, max_gen_ui)
ATOMIC(atomicMin, long long, long long, min_gen_ll)
ATOMIC(atomicMax, long long, long long, max_gen_ll)
ATOMIC(atomicMin, unsigned long long, unsigned long long, min_gen_ull)
ATOMIC(atomicMax, unsigned long long, unsigned long long, max_gen_ull)
ATOMIC(atomicAnd, unsigned, int, and_gen_i)
ATOMIC(atomicOr, unsigned, int, or_gen_i)
ATOMIC(atomicXor, unsigned, int, xor_gen_i)
ATOMIC(atomicOr, unsigned long long, long long, or_gen_ll)
ATOMIC(atomicExch, unsigned, int, xchg_gen_i)
ATOMIC(atomicExch, int, int, xchg_gen_i)
ATOMIC(atomicExch, unsigned long long, long long, xchg_gen_ll)
ATOMIC(atomicInc, unsigned, unsigned, inc_gen_ui)
ATOMIC(atomicDec, unsigned, unsigned, dec_gen_ui)
INTRINSIC int atomicSub(int *at, int value) { return __nvvm_atom_add_gen_i(at, -value); }
INTRINSIC unsigned atomicCAS(unsigned *at, unsigned expected, unsigned value)
{
    return __nvvm_atom_cas_gen_i((int *)at, expected, value);
}
INTRINSIC unsigned long long atomicCAS(unsigned long long *at, unsigned long long expected, unsigned long long value)
{
    return __nvvm_atom_cas_gen_ll((long long *)at, expected, value);
}

#define __popc __builtin_popcount
#define __popcll __builtin_popcountll
#define __brev __builtin_bitreverse32
#define __brevll __builtin_bitreverse64
INTRINSIC int __clz(int value) { return value == 0 ? 32 : __builtin_clz(value); }
INTRINSIC int __clzll(long long value) { return value == 0 ? 64 : __builtin_clzll(value); }
#define __ffs __builtin_ffs
INTRINSIC int __mulhi(int a, int b) { return __nvvm_mulhi_i(a, b); }
INTRINSIC unsigned __umulhi(unsigned a, unsigned b) { return __nvvm_mulhi_ui(a, b); }
INTRINSIC unsigned long long __umul64hi(unsigned long long a, unsigned long long b) { return __nvvm_mulhi_ull(a, b); }
INTRINSIC int __mul24(int a, int b) { return __nvvm_mul24_i(a, b); }
INTRINSIC unsigned __sad(int a, int b, unsigned c) { return __nvvm_sad_i(a, b, c); }
INTRINSIC unsigned __byte_perm(unsigned low, unsigned high, unsigned selector)
{
    return __nvvm_prmt(low, high, selector & 0x7777);
}
INTRINSIC unsigned __funnelshift_l(unsigned low, unsigned high, unsigned by)
{
    return (unsigned)(((unsigned long long)high << 32 | low) << (by & 31) >> 32);
}
INTRINSIC unsigned __funnelshift_r(unsigned low, unsigned high, unsigned by)
{
    return (unsigned)(((unsigned long long)high << 32 | low) >> (by & 31));
}
INTRINSIC int __dp4a(int a, int b, int c)
{
    int sum;
    asm("dp4a.s32.s32 %0, %1, %2, %3;" : "=r"(sum) : "r"(a), "r"(b), "r"(c));
    return sum;
}
INTRINSIC unsigned __dp4a(unsigned a, unsigned b, unsigned c)
{
    unsigned sum;
    asm("dp4a.u32.u32 %0, %1, %2, %3;" : "=r"(sum) : "r"(a), "r"(b), "r"(c));
    return sum;
}
INTRINSIC int __dp2a_lo(int a, int b, int c)
{
    int sum;
    asm("dp2a.lo.s32.s32 %0, %1, %2, %3;" : "=r"(sum) : "r"(a), "r"(b), "r"(c));
    return sum;
}

INTRINSIC unsigned __float_as_uint(float value) { return __builtin_bit_cast(unsigned, value); }
INTRINSIC int __float_as_int(float value) { return __builtin_bit_cast(int, value); }
INTRINSIC float __int_as_float(int value) { return __builtin_bit_cast(float, value); }
INTRINSIC float __uint_as_float(unsigned value) { return __builtin_bit_cast(float, value); }
INTRINSIC long long __double_as_longlong(double value) { return __builtin_bit_cast(long long, value); }
INTRINSIC double __longlong_as_double(long long value) { return __builtin_bit_cast(double, value); }

INTRINSIC float __expf(float value) { return __nvvm_ex2_approx_f(value * 1.44269504f); }
INTRINSIC float __log2f(float value) { return __nvvm_lg2_approx_f(value); }
INTRINSIC float __sinf(float value) { return __nvvm_sin_approx_f(value); }
INTRINSIC float __cosf(float value) { return __nvvm_cos_approx_f(value); }
INTRINSIC float rsqrtf(float value) { return __nvvm_rsqrt_approx_f(value); }
INTRINSIC float __fdividef(float a, float b) { return __nvvm_div_approx_f(a, b); }
INTRINSIC float __frcp_rn(float value) { return __nvvm_rcp_rn_f(value); }
INTRINSIC float floorf(float value) { return __builtin_floorf(value); }
INTRINSIC float ceilf(float value) { return __builtin_ceilf(value); }
INTRINSIC float truncf(float value) { return __builtin_truncf(value); }
INTRINSIC float rintf(float value) { return __builtin_rintf(value); }
INTRINSIC int min(int a, int b) { return a < b ? a : b; }
INTRINSIC int max(int a, int b) { return a > b ? a : b; }
INTRINSIC unsigned min(unsigned a, unsigned b) { return a < b ? a : b; }
INTRINSIC unsigned max(unsigned a, unsigned b) { return a > b ? a : b; }

INTRINSIC float __ldg(const float *at) { return __nvvm_ldg_f(at); }
INTRINSIC int __ldg(const int *at) { return __nvvm_ldg_i(at); }
