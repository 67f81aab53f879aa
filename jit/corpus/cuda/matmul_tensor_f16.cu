#include "kernel.h"
#include "tensor.h"

// `c` (m x n, f32) = `a` (m x k) * `b` (k x n), both of f16, in tensor cores. Four warps make 32 x 32; m and n are
// multiples of 32 and k is one of 16. Two tiles are in flight at a time.
KERNEL __launch_bounds__(128) matmul_tensor_f16(const unsigned short *a, const unsigned short *b, float *c,
                                                 int m, int n, int k)
{
    const int TILE = 32, DEPTH = 16, PAD = 8;
    __shared__ __attribute__((aligned(16))) unsigned short a_tiles[2][TILE][DEPTH + PAD];
    __shared__ __attribute__((aligned(16))) unsigned short b_tiles[2][DEPTH][TILE + PAD];
    int thread = threadIdx.x, lane = thread % 32, warp = thread / 32;
    int first_row = blockIdx.y * TILE, first_column = blockIdx.x * TILE;
    int warp_row = warp / 2 * 16, warp_column = warp % 2 * 16;
    float sums[2][4] = {};

    // One half of the threads copies one tile, the other half the other: eight numbers each.
    auto fetch = [&](int stage, int start) {
        int at = thread % 64;
        if (thread < 64)
            copy_async(&a_tiles[stage][at / 2][at % 2 * 8], a + (first_row + at / 2) * k + start + at % 2 * 8, true);
        else
            copy_async(&b_tiles[stage][at / 4][at % 4 * 8], b + (start + at / 4) * n + first_column + at % 4 * 8, true);
        copies_end_group();
    };

    fetch(0, 0);
    for (int start = 0, stage = 0; start < k; start += DEPTH, stage ^= 1) {
        if (start + DEPTH < k) {
            fetch(stage ^ 1, start + DEPTH);
            copies_wait<1>();
        } else {
            copies_wait<0>();
        }
        __syncthreads();
        unsigned left[4], right[2];
        load_matrices(left, &a_tiles[stage][warp_row + lane % 16][lane / 16 * 8]);
#pragma unroll
        for (int part = 0; part < 2; ++part) {
            load_matrices_transposed(right, &b_tiles[stage][lane % 16][warp_column + part * 8]);
            multiply_f16(sums[part], left, right);
        }
        __syncthreads();
    }
#pragma unroll
    for (int part = 0; part < 2; ++part) {
        int row = first_row + warp_row + lane / 4;
        int column = first_column + warp_column + part * 8 + lane % 4 * 2;
        *(float2 *)(c + row * n + column) = float2{sums[part][0], sums[part][1]};
        *(float2 *)(c + (row + 8) * n + column) = float2{sums[part][2], sums[part][3]};
    }
}
