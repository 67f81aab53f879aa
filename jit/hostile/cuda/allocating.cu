// `malloc` in a kernel, which takes of a heap that guests would share.
// test: refuse
#include "kernel.h"

KERNEL k(void **data)
{
    data[threadIdx.x] = malloc(1 << 20);
}
