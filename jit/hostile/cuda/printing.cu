// `printf` in a kernel, whose text the host would format.
// test: refuse
#include "kernel.h"

KERNEL k(const char *text)
{
    printf(text, threadIdx.x);
}
