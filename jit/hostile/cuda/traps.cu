// How CUDA C++ stops: by a trap, a breakpoint, an assertion.
// test: accept
// run: trap_of_one block=32
// in: trap_of_one_param_0 = u32[0 x 32]
// run: breakpoint block=2
// in: breakpoint_param_0 = u32[0 x 32]
// run: while_others_wait block=64
// in: while_others_wait_param_0 = u32[0 x 64]
// run: unreachable_code block=4
// in: unreachable_code_param_0 = u32[0, 1, 2, 3]
// run: assertion block=4
// in: assertion_param_0 = u32[1, 2, 0, 4]
#include "kernel.h"

KERNEL trap_of_one(unsigned *data)
{
    if (threadIdx.x == 9)
        asm volatile("trap;");
    data[threadIdx.x] = 1;
}

KERNEL breakpoint(unsigned *data)
{
    asm volatile("brkpt;");
    data[threadIdx.x] = 1;
}

KERNEL while_others_wait(unsigned *data)
{
    if (threadIdx.x == 40)
        asm volatile("trap;");
    __syncthreads();
    data[threadIdx.x] = 1;
}

KERNEL unreachable_code(unsigned *data)
{
    switch (data[threadIdx.x]) {
    case 0: data[threadIdx.x] = 5; return;
    case 1: data[threadIdx.x] = 6; return;
    case 2: data[threadIdx.x] = 7; return;
    default: asm volatile("trap;");
    }
}

KERNEL assertion(unsigned *data)
{
    if (!data[threadIdx.x])
        __assertfail("data[threadIdx.x]", "traps.cu", 52, "assertion", 1);
    data[threadIdx.x] = 1;
}
