#include "kernel.h"

// Four products of bytes at once.
KERNEL dot_bytes(const int *a, const int *b, const unsigned *c, int *out, unsigned *unsigned_out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    out[i] = __dp4a(a[i], b[i], out[i]);
    out[i] += __dp2a_lo(a[i], b[i], 3);
    unsigned_out[i] = __dp4a(c[i], (unsigned)b[i], 1u);
}

// A matrix of bytes by a vector of bytes, with a scale for each row: a quantised layer. One warp a row; `columns` counts
// words of four bytes.
KERNEL quantised_layer(const int *matrix, const int *vector, const float *scales, float *out, int columns)
{
    int row = blockIdx.x, lane = threadIdx.x;
    int sum = 0;
    for (int column = lane; column < columns; column += 32)
        sum = __dp4a(matrix[row * columns + column], vector[column], sum);
    for (int offset = 16; offset > 0; offset /= 2)
        sum += __shfl_xor_sync(0xffffffffu, sum, offset);
    if (lane == 0)
        out[row] = sum * scales[row];
}
