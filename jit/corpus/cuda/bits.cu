#include "kernel.h"

// Counting, finding, turning and gathering bits.
KERNEL bits_32(const unsigned *a, const unsigned *b, unsigned *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    unsigned x = a[i], y = b[i], *result = out + i * 14;
    result[0] = __popc(x);
    result[1] = __clz(x);
    result[2] = __brev(x);
    result[3] = __ffs(x);
    result[4] = __byte_perm(x, y, 0x5140);
    result[5] = __byte_perm(x, y, y);
    result[6] = __funnelshift_l(x, y, 7);
    result[7] = __funnelshift_r(x, y, y);
    result[8] = __umulhi(x, y);
    result[9] = __mulhi((int)x, (int)y);
    result[10] = __mul24((int)x, (int)y);
    result[11] = __sad((int)x, (int)y, 5u);
    result[12] = x >> 5 & 0x7ff;
    result[13] = (x & ~0xff00u) | (y & 0xff) << 8;
}

KERNEL bits_64(const unsigned long long *a, const unsigned long long *b, unsigned long long *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    unsigned long long x = a[i], y = b[i], *result = out + i * 6;
    result[0] = __popcll(x);
    result[1] = __clzll(x);
    result[2] = __brevll(x);
    result[3] = __umul64hi(x, y);
    result[4] = x << (y & 63) | x >> (-y & 63);
    result[5] = x >> 13 & 0xffffff;
}

// Sums and products of 128 bits from carries.
KERNEL wide_integers(const uint4 *a, const uint4 *b, uint4 *sums, unsigned long long *products, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    uint4 x = a[i], y = b[i], sum;
    asm("add.cc.u32 %0, %4, %8;\n\taddc.cc.u32 %1, %5, %9;\n\taddc.cc.u32 %2, %6, %10;\n\taddc.u32 %3, %7, %11;"
        : "=r"(sum.x), "=r"(sum.y), "=r"(sum.z), "=r"(sum.w)
        : "r"(x.x), "r"(x.y), "r"(x.z), "r"(x.w), "r"(y.x), "r"(y.y), "r"(y.z), "r"(y.w));
    sums[i] = sum;
    unsigned long long low = (unsigned long long)x.y << 32 | x.x, other = (unsigned long long)y.y << 32 | y.x;
    products[i * 2] = low * other;
    products[i * 2 + 1] = __umul64hi(low, other);
}

// Instructions that no function stands for: three inputs of any logic, fields of bits, signs, and bytes or their signs.
KERNEL bits_by_instruction(const unsigned *a, const unsigned *b, unsigned *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    unsigned x = a[i], y = b[i], *result = out + i * 8;
    asm("lop3.b32 %0, %1, %2, %3, 0xe8;" : "=r"(result[0]) : "r"(x), "r"(y), "r"(x >> 1));
    asm("bfe.u32 %0, %1, %2, 9;" : "=r"(result[1]) : "r"(x), "r"(y & 31));
    asm("bfe.s32 %0, %1, 3, 7;" : "=r"(result[2]) : "r"(x));
    asm("bfi.b32 %0, %1, %2, 5, 11;" : "=r"(result[3]) : "r"(x), "r"(y));
    asm("bfind.u32 %0, %1;" : "=r"(result[4]) : "r"(x));
    asm("shf.l.clamp.b32 %0, %1, %2, %3;" : "=r"(result[5]) : "r"(x), "r"(y), "r"(y & 63));
    asm("slct.u32.s32 %0, %1, %2, %3;" : "=r"(result[6]) : "r"(x), "r"(y), "r"((int)(x ^ y)));
    asm("prmt.b32 %0, %1, %2, %3;" : "=r"(result[7]) : "r"(x), "r"(y), "r"(x ^ y));
}
