#include "kernel.h"

// Tiles of 32 x 32 through shared memory, with a column more so that its banks are not all the same; blocks of 32 x 8.
template <typename T> static __device__ __forceinline__ void transpose(const T *in, T *out, int width, int height)
{
    __shared__ T tile[32][33];
    int x = blockIdx.x * 32 + threadIdx.x, y = blockIdx.y * 32 + threadIdx.y;
    for (int row = 0; row < 32; row += 8)
        if (x < width && y + row < height)
            tile[threadIdx.y + row][threadIdx.x] = in[(y + row) * width + x];
    __syncthreads();
    x = blockIdx.y * 32 + threadIdx.x;
    y = blockIdx.x * 32 + threadIdx.y;
    for (int row = 0; row < 32; row += 8)
        if (x < height && y + row < width)
            out[(y + row) * height + x] = tile[threadIdx.x][threadIdx.y + row];
}

KERNEL transpose_f32(const float *in, float *out, int width, int height) { transpose(in, out, width, height); }
KERNEL transpose_f64(const double *in, double *out, int width, int height) { transpose(in, out, width, height); }
KERNEL transpose_u16(const unsigned short *in, unsigned short *out, int width, int height)
{
    transpose(in, out, width, height);
}
KERNEL transpose_u8(const unsigned char *in, unsigned char *out, int width, int height)
{
    transpose(in, out, width, height);
}
