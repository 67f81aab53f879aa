#include "kernel.h"

// 256 threads make a tile of 64 x 64, each 4 x 4 of it in registers; m, n and k are multiples of 64, 64 and 16.
KERNEL __launch_bounds__(256) matmul_registers(const float *__restrict__ a, const float *__restrict__ b,
                                                float *__restrict__ c, int m, int n, int k)
{
    const int TILE = 64, DEPTH = 16, OWN = 4;
    __shared__ __attribute__((aligned(16))) float a_tile[DEPTH][TILE];
    __shared__ __attribute__((aligned(16))) float b_tile[DEPTH][TILE];
    int thread = threadIdx.x;
    int own_row = thread / 16 * OWN, own_column = thread % 16 * OWN;
    const float *a_rows = a + blockIdx.y * TILE * k;
    const float *b_columns = b + blockIdx.x * TILE;
    float sums[OWN][OWN] = {};

    for (int start = 0; start < k; start += DEPTH) {
        float4 from_a = *(const float4 *)(a_rows + thread / 4 * k + start + thread % 4 * 4);
        a_tile[thread % 4 * 4 + 0][thread / 4] = from_a.x;
        a_tile[thread % 4 * 4 + 1][thread / 4] = from_a.y;
        a_tile[thread % 4 * 4 + 2][thread / 4] = from_a.z;
        a_tile[thread % 4 * 4 + 3][thread / 4] = from_a.w;
        *(float4 *)&b_tile[thread / 16][thread % 16 * 4] =
            *(const float4 *)(b_columns + (start + thread / 16) * n + thread % 16 * 4);
        __syncthreads();
#pragma unroll
        for (int i = 0; i < DEPTH; ++i) {
            float4 x = *(const float4 *)&a_tile[i][own_row];
            float4 y = *(const float4 *)&b_tile[i][own_column];
            float left[OWN] = {x.x, x.y, x.z, x.w}, right[OWN] = {y.x, y.y, y.z, y.w};
#pragma unroll
            for (int row = 0; row < OWN; ++row)
#pragma unroll
                for (int column = 0; column < OWN; ++column)
                    sums[row][column] = fmaf(left[row], right[column], sums[row][column]);
        }
        __syncthreads();
    }
#pragma unroll
    for (int row = 0; row < OWN; ++row)
        *(float4 *)(c + (blockIdx.y * TILE + own_row + row) * n + blockIdx.x * TILE + own_column) =
            float4{sums[row][0], sums[row][1], sums[row][2], sums[row][3]};
}
