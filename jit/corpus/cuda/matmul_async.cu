#include "kernel.h"
#include "tensor.h"

// While one pair of tiles is multiplied the next is copied. 256 threads make 64 x 64; m, n and k are multiples of 4.
KERNEL __launch_bounds__(256) matmul_async(const float *a, const float *b, float *c, int m, int n, int k)
{
    const int TILE = 64, DEPTH = 16, OWN = 4;
    __shared__ __attribute__((aligned(16))) float a_tiles[2][TILE][DEPTH];
    __shared__ __attribute__((aligned(16))) float b_tiles[2][DEPTH][TILE];
    int thread = threadIdx.x;
    int first_row = blockIdx.y * TILE, first_column = blockIdx.x * TILE;
    int own_row = thread / 16 * OWN, own_column = thread % 16 * OWN;
    float sums[OWN][OWN] = {};

    auto fetch = [&](int stage, int start) {
        int a_row = thread / 4, a_column = thread % 4 * 4, b_row = thread / 16, b_column = thread % 16 * 4;
        bool a_inside = first_row + a_row < m && start + a_column < k;
        bool b_inside = start + b_row < k && first_column + b_column < n;
        const float *from_a = a + (a_inside ? (first_row + a_row) * k + start + a_column : 0);
        const float *from_b = b + (b_inside ? (start + b_row) * n + first_column + b_column : 0);
        copy_async(&a_tiles[stage][a_row][a_column], from_a, a_inside);
        copy_async(&b_tiles[stage][b_row][b_column], from_b, b_inside);
        copies_end_group();
    };

    fetch(0, 0);
    int stage = 0;
    for (int start = 0; start < k; start += DEPTH) {
        if (start + DEPTH < k) {
            fetch(stage ^ 1, start + DEPTH);
            copies_wait<1>();
        } else {
            copies_wait<0>();
        }
        __syncthreads();
#pragma unroll
        for (int i = 0; i < DEPTH; ++i) {
            float4 right = *(const float4 *)&b_tiles[stage][i][own_column];
#pragma unroll
            for (int row = 0; row < OWN; ++row) {
                float left = a_tiles[stage][own_row + row][i];
                sums[row][0] = fmaf(left, right.x, sums[row][0]);
                sums[row][1] = fmaf(left, right.y, sums[row][1]);
                sums[row][2] = fmaf(left, right.z, sums[row][2]);
                sums[row][3] = fmaf(left, right.w, sums[row][3]);
            }
        }
        __syncthreads();
        stage ^= 1;
    }
    for (int row = 0; row < OWN; ++row)
        for (int column = 0; column < OWN; ++column)
            if (first_row + own_row + row < m && first_column + own_column + column < n)
                c[(first_row + own_row + row) * n + first_column + own_column + column] = sums[row][column];
}
