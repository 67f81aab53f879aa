#include "kernel.h"

// One step of heat in a plane, in shared memory with an edge of one; blocks of 16 x 16, the border stays as it is.
KERNEL heat_2d(const float *in, float *out, int width, int height, float rate)
{
    __shared__ float tile[18][18];
    int x = blockIdx.x * 16 + threadIdx.x, y = blockIdx.y * 16 + threadIdx.y;
    int tx = threadIdx.x + 1, ty = threadIdx.y + 1;
    bool inside = x < width && y < height;
    if (inside) {
        tile[ty][tx] = in[y * width + x];
        if (threadIdx.x == 0 && x > 0)
            tile[ty][0] = in[y * width + x - 1];
        if (threadIdx.x == 15 && x + 1 < width)
            tile[ty][17] = in[y * width + x + 1];
        if (threadIdx.y == 0 && y > 0)
            tile[0][tx] = in[(y - 1) * width + x];
        if (threadIdx.y == 15 && y + 1 < height)
            tile[17][tx] = in[(y + 1) * width + x];
    }
    __syncthreads();
    if (!inside)
        return;
    float centre = tile[ty][tx];
    if (x > 0 && x + 1 < width && y > 0 && y + 1 < height)
        centre += rate * (tile[ty][tx - 1] + tile[ty][tx + 1] + tile[ty - 1][tx] + tile[ty + 1][tx] - 4.0f * centre);
    out[y * width + x] = centre;
}

// Seven points in space: planes one after another, three of them in registers.
KERNEL stencil_3d(const float *__restrict__ in, float *__restrict__ out, int nx, int ny, int nz, float centre, float side)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x < 1 || y < 1 || x >= nx - 1 || y >= ny - 1)
        return;
    int plane = nx * ny, at = y * nx + x;
    float below = in[at], here = in[at + plane];
    for (int z = 1; z < nz - 1; ++z) {
        at += plane;
        float above = in[at + plane];
        out[at] = centre * here + side * (below + above + in[at - 1] + in[at + 1] + in[at - nx] + in[at + nx]);
        below = here;
        here = above;
    }
}

// Conway's game of life on a torus, a byte a cell.
KERNEL life(const unsigned char *in, unsigned char *out, int width, int height)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= width || y >= height)
        return;
    int neighbours = 0;
    for (int dy = -1; dy <= 1; ++dy)
        for (int dx = -1; dx <= 1; ++dx)
            if (dx != 0 || dy != 0)
                neighbours += in[(y + dy + height) % height * width + (x + dx + width) % width];
    out[y * width + x] = neighbours == 3 || (neighbours == 2 && in[y * width + x]);
}
