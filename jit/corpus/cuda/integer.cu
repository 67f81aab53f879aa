#include "kernel.h"

// One result of each operation an index, so that no operation is optimised away.
template <typename T> static __device__ void arithmetic(const T *a, const T *b, T *out, unsigned n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    T x = a[i], y = b[i];
    T *result = out + (unsigned long long)i * 12;
    result[0] = x + y;
    result[1] = x - y;
    result[2] = x * y;
    result[3] = y == 0 ? x : x / y;
    result[4] = y == 0 ? x : x % y;
    result[5] = x & y;
    result[6] = x | y;
    result[7] = x ^ y;
    result[8] = ~x;
    result[9] = x << (y & 7);
    result[10] = x >> (y & 7);
    result[11] = x < y ? x : y;
}

KERNEL arithmetic_s8(const signed char *a, const signed char *b, signed char *out, unsigned n) { arithmetic(a, b, out, n); }
KERNEL arithmetic_u8(const unsigned char *a, const unsigned char *b, unsigned char *out, unsigned n) { arithmetic(a, b, out, n); }
KERNEL arithmetic_s16(const short *a, const short *b, short *out, unsigned n) { arithmetic(a, b, out, n); }
KERNEL arithmetic_u16(const unsigned short *a, const unsigned short *b, unsigned short *out, unsigned n) { arithmetic(a, b, out, n); }
KERNEL arithmetic_s32(const int *a, const int *b, int *out, unsigned n) { arithmetic(a, b, out, n); }
KERNEL arithmetic_u32(const unsigned *a, const unsigned *b, unsigned *out, unsigned n) { arithmetic(a, b, out, n); }
KERNEL arithmetic_s64(const long long *a, const long long *b, long long *out, unsigned n) { arithmetic(a, b, out, n); }
KERNEL arithmetic_u64(const unsigned long long *a, const unsigned long long *b, unsigned long long *out, unsigned n) { arithmetic(a, b, out, n); }

// Division by constants becomes a multiplication's upper half and shifts.
KERNEL divide_by_constants(const int *a, const unsigned *b, int *out, unsigned *rest, unsigned n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    out[i] = a[i] / 10 + a[i] % 7 + a[i] / -8;
    rest[i] = b[i] / 10 + b[i] % 7 + b[i] / 8;
}

KERNEL mixed_widths(const int *a, const unsigned *b, long long *products, unsigned long long *sums, unsigned n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    products[i] = (long long)a[i] * a[i] + a[i];
    sums[i] = (unsigned long long)b[i] * b[i] + sums[i];
}

// A hash: rotations, multiplications and exclusive ors.
KERNEL hash_words(const unsigned *in, unsigned *out, unsigned n, unsigned seed)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    unsigned hash = seed ^ in[i] * 0xcc9e2d51u;
    hash = (hash << 15) | (hash >> 17);
    hash ^= hash >> 16;
    hash *= 0x85ebca6bu;
    hash ^= hash >> 13;
    hash *= 0xc2b2ae35u;
    hash ^= hash >> 16;
    out[i] = hash;
}

KERNEL absolute_and_limits(const int *a, const long long *b, int *out, long long *wide, unsigned n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    int x = a[i];
    long long y = b[i];
    out[i] = (x < 0 ? -x : x) + (x > 100 ? 100 : x) + (x < -100 ? -100 : x);
    wide[i] = (y < 0 ? -y : y) + (y > 100 ? 100 : y) + (y < -100 ? -100 : y);
}
