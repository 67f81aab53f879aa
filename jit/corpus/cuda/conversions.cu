#include "kernel.h"

KERNEL narrow(const long long *in, signed char *bytes, short *halves, int *words, unsigned n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    bytes[i] = (signed char)in[i];
    halves[i] = (short)in[i];
    words[i] = (int)in[i];
}

KERNEL widen(const signed char *bytes, const unsigned short *halves, const int *words, const unsigned *unsigned_words,
             long long *out, unsigned n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    long long *result = out + (unsigned long long)i * 4;
    result[0] = bytes[i];
    result[1] = halves[i];
    result[2] = words[i];
    result[3] = unsigned_words[i];
}

KERNEL integers_to_floats(const int *a, const unsigned *b, const long long *c, const unsigned long long *d,
                          const short *e, const unsigned char *f, float *out, double *wide, unsigned n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float *result = out + (unsigned long long)i * 6;
    double *wide_result = wide + (unsigned long long)i * 6;
    result[0] = (float)a[i];
    result[1] = (float)b[i];
    result[2] = (float)c[i];
    result[3] = (float)d[i];
    result[4] = (float)e[i];
    result[5] = (float)f[i];
    wide_result[0] = (double)a[i];
    wide_result[1] = (double)b[i];
    wide_result[2] = (double)c[i];
    wide_result[3] = (double)d[i];
    wide_result[4] = (double)e[i];
    wide_result[5] = (double)f[i];
}

KERNEL floats_to_integers(const float *a, const double *b, int *words, unsigned *unsigned_words, long long *wide,
                          unsigned long long *unsigned_wide, short *halves, unsigned char *bytes, unsigned n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    words[i] = (int)a[i] ^ (int)b[i];
    unsigned_words[i] = (unsigned)a[i] ^ (unsigned)b[i];
    wide[i] = (long long)a[i] ^ (long long)b[i];
    unsigned_wide[i] = (unsigned long long)a[i] ^ (unsigned long long)b[i];
    halves[i] = (short)a[i];
    bytes[i] = (unsigned char)b[i];
}

KERNEL between_floats(const float *a, const double *b, double *wide, float *out, unsigned n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    wide[i] = (double)a[i];
    out[i] = (float)b[i];
}

KERNEL bits_of_floats(const float *a, const double *b, unsigned *out, unsigned long long *wide, unsigned n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    union { float number; unsigned bits; } x;
    union { double number; unsigned long long bits; } y;
    x.number = a[i];
    y.number = b[i];
    out[i] = x.bits & 0x7fffffffu;
    wide[i] = y.bits >> 52;
}
