#include "kernel.h"

KERNEL classify(const float *in, int *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float x = in[i];
    if (x != x)
        out[i] = -1;
    else if (x < 0.0f)
        out[i] = x > -1.0f ? 1 : 2;
    else if (x == 0.0f)
        out[i] = 3;
    else
        out[i] = x <= 1.0f ? 4 : 5;
}

KERNEL comparisons(const int *a, const unsigned *b, const double *c, unsigned *out, unsigned n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i + 1 >= n)
        return;
    unsigned bits = 0;
    bits |= (a[i] < a[i + 1]) << 0;
    bits |= (a[i] <= a[i + 1]) << 1;
    bits |= (a[i] == a[i + 1]) << 2;
    bits |= (b[i] > b[i + 1]) << 3;
    bits |= (b[i] >= b[i + 1]) << 4;
    bits |= (b[i] != b[i + 1]) << 5;
    bits |= (c[i] < c[i + 1]) << 6;
    bits |= !(c[i] < c[i + 1]) << 7;
    bits |= (c[i] != c[i + 1]) << 8;
    bits |= (c[i] >= c[i + 1] && a[i] > 0) << 9;
    bits |= (c[i] == c[i + 1] || b[i] == 0) << 10;
    bits |= ((a[i] > 0) != (b[i] > 7)) << 11;
    out[i] = bits;
}

// Loops that are left early, that go on early, and one whose body is a choice among many.
KERNEL interpreter(const unsigned char *program, const int *inputs, int *results, int length, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    int value = inputs[i];
    for (int at = 0; at < length; ++at) {
        unsigned char code = program[at];
        if (code == 0)
            break;
        if (code > 6)
            continue;
        if (code == 1)
            value += 3;
        else if (code == 2)
            value *= 5;
        else if (code == 3)
            value ^= value >> 3;
        else if (code == 4)
            value = value < 0 ? -value : value;
        else if (code == 5)
            do
                value -= 7;
            while (value > 100);
        else
            at += value & 1;
    }
    results[i] = value;
}

KERNEL collatz(const unsigned long long *in, unsigned *steps, unsigned limit, unsigned n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    unsigned long long value = in[i];
    unsigned count = 0;
    while (value > 1 && count < limit) {
        value = value & 1 ? 3 * value + 1 : value / 2;
        ++count;
    }
    steps[i] = count;
}
