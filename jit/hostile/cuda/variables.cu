// Variables of a module, in CUDA C++: each loaded copy has its own, and nothing lies behind them.
// test: accept
// run: count
// in: count_param_0 = u32[0]
// run: count
// in: count_param_0 = u32[0]
// run: table_by_data
// in: table_by_data_param_0 = u32[1000000]
// run: constants_by_data
// in: constants_by_data_param_0 = u32[1000000]
// run: through_a_pointer
// in: through_a_pointer_param_0 = u32[0]
// run: through_a_pointer
// in: through_a_pointer_param_0 = u32[0]
#include "kernel.h"

__device__ unsigned counter = 5;
__device__ unsigned table[64] = {1, 2, 3};
__constant__ unsigned constants[64] = {4, 5, 6};
__device__ unsigned *place = &counter;

KERNEL count(unsigned *data)
{
    data[0] = atomicAdd(&counter, 1u);
}

KERNEL table_by_data(unsigned *data)
{
    table[data[0]] = 1;
}

KERNEL constants_by_data(unsigned *data)
{
    data[0] = constants[data[0]];
}

KERNEL through_a_pointer(unsigned *data)
{
    data[0] = *place;
    *place = 99;
}
