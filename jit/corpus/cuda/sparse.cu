#include "kernel.h"

// A sparse matrix, its rows one after another, by a vector: one warp a row.
KERNEL sparse_by_warp(const int *starts, const int *columns, const double *values, const double *x, double *y, int rows)
{
    int row = (blockIdx.x * blockDim.x + threadIdx.x) / 32, lane = threadIdx.x % 32;
    if (row >= rows)
        return;
    double sum = 0.0;
    for (int at = starts[row] + lane; at < starts[row + 1]; at += 32)
        sum += values[at] * x[columns[at]];
    for (int offset = 16; offset > 0; offset /= 2)
        sum += __shfl_down_sync(0xffffffffu, sum, offset);
    if (lane == 0)
        y[row] = sum;
}

// One step of a breadth-first search: neighbours of those at `depth` that nobody has seen yet.
KERNEL breadth_first(const int *starts, const int *neighbours, unsigned *depths, unsigned depth, int *changed, int nodes)
{
    int node = blockIdx.x * blockDim.x + threadIdx.x;
    if (node >= nodes || depths[node] != depth)
        return;
    for (int at = starts[node]; at < starts[node + 1]; ++at)
        if (atomicCAS(&depths[neighbours[at]], 0xffffffffu, depth + 1) == 0xffffffffu)
            *changed = 1;
}

// A row of a table for each number, sixteen bytes at a time.
KERNEL gather_rows(const int *ids, const float4 *rows, float4 *out, int width, int n)
{
    for (int i = blockIdx.x; i < n; i += gridDim.x)
        for (int at = threadIdx.x; at < width; at += blockDim.x)
            out[i * width + at] = rows[(long long)ids[i] * width + at];
}
