#include "kernel.h"

// A choice among many that are close together, as a table of places to jump to.
KERNEL calculator(const unsigned char *operations, const float *a, const float *b, float *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float x = a[i], y = b[i], result;
    switch (operations[i]) {
    case 0: result = x + y; break;
    case 1: result = x - y; break;
    case 2: result = x * y; break;
    case 3: result = x / y; break;
    case 4: result = fminf(x, y); break;
    case 5: result = fmaxf(x, y); break;
    case 6: result = sqrtf(fabsf(x)); break;
    case 7: result = x; // fallthrough
    case 8: result = y * y; break;
    case 9:
        for (result = x; result > 1.0f; result *= 0.5f) {
        }
        break;
    default: result = -1.0f;
    }
    out[i] = result;
}

// A machine with a stack: the choice is in a loop.
KERNEL stack_machine(const unsigned char *program, int length, const int *inputs, int *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    int stack[8] = {inputs[i]}, top = 0, steps = 0;
    for (int at = 0; at < length && steps < 1000; ++at, ++steps) {
        int low = stack[top > 0 ? top - 1 : 0], high = stack[top];
        switch (program[at] & 15) {
        case 0: at = length; break;
        case 1: stack[top < 7 ? ++top : top] = program[at] >> 4; break;
        case 2: stack[top > 0 ? --top : top] = low + high; break;
        case 3: stack[top > 0 ? --top : top] = low - high; break;
        case 4: stack[top > 0 ? --top : top] = low * high; break;
        case 5: stack[top] = -high; break;
        case 6: stack[top < 7 ? ++top : top] = high; break;
        case 7: stack[top] = high & 0xff; break;
        case 8: if (high > 0) at -= program[at] >> 4; break;
        case 9: stack[top] = high >> 1; break;
        case 10: top = top > 0 ? top - 1 : 0; break;
        case 11: stack[top] = high ^ steps; break;
        default: break;
        }
        if (at < -1)
            at = -1;
    }
    out[i] = stack[top];
}

// Values instead of places: a table in memory.
KERNEL days_of_month(const int *months, int *days, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    switch (months[i]) {
    case 1: case 3: case 5: case 7: case 8: case 10: case 12: days[i] = 31; break;
    case 4: case 6: case 9: case 11: days[i] = 30; break;
    case 2: days[i] = 28; break;
    default: days[i] = 0;
    }
}
