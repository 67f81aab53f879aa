// Casts of CUDA C++ to types that need more alignment than there is.
// test: accept
// run: floats_as_four
// in: floats_as_four_param_0 = f32[0.0 x 64]
// in: floats_as_four_param_1 = s32(1)
// run: bytes_as_double
// in: bytes_as_double_param_0 = u8[0 x 256]
// in: bytes_as_double_param_1 = s32(12)
// run: words_as_counter
// in: words_as_counter_param_0 = u32[0 x 64]
// in: words_as_counter_param_1 = s32(3)
// run: bytes_as_half
// in: bytes_as_half_param_0 = u8[0 x 256]
// in: bytes_as_half_param_1 = s32(7)
// run: in_shared_memory
// in: in_shared_memory_param_0 = f32[0.0 x 64]
// in: in_shared_memory_param_1 = s32(2)
// run: in_local_memory
// in: in_local_memory_param_0 = f32[0.0 x 64]
// in: in_local_memory_param_1 = s32(1)
#include "kernel.h"

KERNEL floats_as_four(float *data, int at)
{
    *reinterpret_cast<float4 *>(data) = *reinterpret_cast<float4 *>(data + at);
}

KERNEL bytes_as_double(char *data, int at)
{
    *reinterpret_cast<double *>(data + at) = 1;
}

KERNEL words_as_counter(unsigned *data, int at)
{
    atomicAdd(reinterpret_cast<unsigned long long *>(data + at), 1ull);
}

KERNEL bytes_as_half(char *data, int at)
{
    *reinterpret_cast<short *>(data + at) = 1;
}

KERNEL in_shared_memory(float *data, int at)
{
    __shared__ float tile[64];
    tile[threadIdx.x] = 1;
    __syncthreads();
    *reinterpret_cast<float4 *>(data) = *reinterpret_cast<float4 *>(tile + at);
}

KERNEL in_local_memory(float *data, int at)
{
    volatile float kept[8];
    for (int i = 0; i < 8; i++)
        kept[i] = data[i];
    data[0] = *reinterpret_cast<volatile double *>(kept + at);
}
