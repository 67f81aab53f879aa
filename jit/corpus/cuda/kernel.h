// What the sources here use of CUDA, for compilers that come without its headers: NVRTC has all of it built in.
#pragma once

#ifdef __clang__

#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
#define __noinline__ __attribute__((noinline))
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))

#define SPECIAL(name) (special{(unsigned)__nvvm_read_ptx_sreg_##name##_x(), (unsigned)__nvvm_read_ptx_sreg_##name##_y(), \
                               (unsigned)__nvvm_read_ptx_sreg_##name##_z()})
struct special { unsigned x, y, z; };
#define threadIdx SPECIAL(tid)
#define blockIdx SPECIAL(ctaid)
#define blockDim SPECIAL(ntid)
#define gridDim SPECIAL(nctaid)

struct __attribute__((aligned(8))) float2 { float x, y; };
struct __attribute__((aligned(16))) float4 { float x, y, z, w; };
struct float3 { float x, y, z; };
struct __attribute__((aligned(16))) double2 { double x, y; };
struct __attribute__((aligned(16))) uint4 { unsigned x, y, z, w; };
struct __attribute__((aligned(8))) uint2 { unsigned x, y; };
struct __attribute__((aligned(8))) int2 { int x, y; };
struct __attribute__((aligned(4))) uchar4 { unsigned char x, y, z, w; };

#define fmaf __builtin_fmaf
#define fma __builtin_fma
#define sqrtf __builtin_sqrtf
#define sqrt __builtin_sqrt
#define fabsf __builtin_fabsf
#define fabs __builtin_fabs
#define fminf __builtin_fminf
#define fmaxf __builtin_fmaxf
#define fmin __builtin_fmin
#define fmax __builtin_fmax

#include "intrinsics.h"

#endif

#define KERNEL extern "C" __global__ void
