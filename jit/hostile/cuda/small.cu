// Arrays of a block and of a thread whose indices are data, in CUDA C++.
// test: accept
// run: tile_by_data block=32
// in: tile_by_data_param_0 = s32[0..31, 64, 0 x 32]
// run: tile_before_its_start block=32
// in: tile_before_its_start_param_0 = s32[0 x 64]
// run: one_more_than_given block=9 shared=32
// in: one_more_than_given_param_0 = s32[0 x 64]
// run: array_by_data
// in: array_by_data_param_0 = s32[3, 1000]
// run: array_by_negative_data
// in: array_by_negative_data_param_0 = s32[-4, 1]
// run: signed_remainder block=4
// in: signed_remainder_param_0 = s32[-1, -2, -3, -4]
// run: counters_by_data block=4
// in: counters_by_data_param_0 = s32[0, 1, 2, 256]
// run: pointer_to_either block=4
// in: pointer_to_either_param_0 = s32[0, 1, 2, 99]
#include "kernel.h"

KERNEL tile_by_data(int *data)
{
    __shared__ int tile[32];
    tile[data[threadIdx.x]] = threadIdx.x;
    __syncthreads();
    data[threadIdx.x] = tile[threadIdx.x];
}

KERNEL tile_before_its_start(int *data)
{
    __shared__ int tile[32];
    tile[threadIdx.x] = data[threadIdx.x];
    __syncthreads();
    data[threadIdx.x] = tile[(int)threadIdx.x - 1];
}

KERNEL one_more_than_given(int *data)
{
    extern __shared__ int given[];
    given[threadIdx.x] = data[threadIdx.x];
    __syncthreads();
    data[threadIdx.x] = given[0];
}

KERNEL array_by_data(int *data)
{
    int kept[16];
    for (int i = 0; i < 16; i++)
        kept[i] = i;
    kept[data[0]] = 7;
    data[0] = kept[data[1]];
}

KERNEL array_by_negative_data(int *data)
{
    int kept[16];
    for (int i = 0; i < 16; i++)
        kept[i] = i;
    kept[data[0]] = 7;
    data[0] = kept[data[1]];
}

KERNEL signed_remainder(int *data)
{
    __shared__ int ring[16];
    ring[data[threadIdx.x] % 16] = threadIdx.x;
    __syncthreads();
    data[threadIdx.x] = ring[threadIdx.x];
}

KERNEL counters_by_data(int *data)
{
    __shared__ unsigned counters[256];
    atomicAdd(&counters[data[threadIdx.x]], 1u);
    __syncthreads();
    data[threadIdx.x] = counters[threadIdx.x];
}

__device__ __noinline__ void put(int *where, int index, int value)
{
    where[index] = value;
}

KERNEL pointer_to_either(int *data)
{
    __shared__ int tile[32];
    put(threadIdx.x & 1 ? tile : data, data[threadIdx.x], 5);
    __syncthreads();
    data[threadIdx.x] = tile[0];
}
