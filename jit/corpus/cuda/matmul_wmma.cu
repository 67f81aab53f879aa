#include "kernel.h"
#include <mma.h>

using namespace nvcuda;

// One warp makes 16 x 16 of a product; m, n and k are multiples of 16.
template <typename T> static __device__ void multiply(const T *a, const T *b, float *c, int n, int k)
{
    int row = blockIdx.y * 16, column = blockIdx.x * 16;
    wmma::fragment<wmma::matrix_a, 16, 16, 16, T, wmma::row_major> left;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, T, wmma::row_major> right;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> sums;
    wmma::fill_fragment(sums, 0.0f);
    for (int i = 0; i < k; i += 16) {
        wmma::load_matrix_sync(left, a + row * k + i, k);
        wmma::load_matrix_sync(right, b + i * n + column, n);
        wmma::mma_sync(sums, left, right, sums);
    }
    wmma::store_matrix_sync(c + row * n + column, sums, n, wmma::mem_row_major);
}

KERNEL wmma_f16(const half *a, const half *b, float *c, int n, int k) { multiply(a, b, c, n, k); }
KERNEL wmma_bf16(const __nv_bfloat16 *a, const __nv_bfloat16 *b, float *c, int n, int k) { multiply(a, b, c, n, k); }

// `b` is stored column by column, the sums are halves, and the tiles pass through shared memory.
KERNEL wmma_f16_shared(const half *a, const half *b, half *c, int n, int k)
{
    __shared__ __attribute__((aligned(32))) half a_tile[16][16], b_tile[16][16];
    int row = blockIdx.y * 16, column = blockIdx.x * 16;
    wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> left;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::col_major> right;
    wmma::fragment<wmma::accumulator, 16, 16, 16, half> sums;
    wmma::fill_fragment(sums, (half)0.0f);
    for (int i = 0; i < k; i += 16) {
        for (int at = threadIdx.x; at < 256; at += 32) {
            a_tile[at / 16][at % 16] = a[(row + at / 16) * k + i + at % 16];
            b_tile[at / 16][at % 16] = b[(column + at / 16) * k + i + at % 16];
        }
        __syncwarp();
        wmma::load_matrix_sync(left, &a_tile[0][0], 16);
        wmma::load_matrix_sync(right, &b_tile[0][0], 16);
        wmma::mma_sync(sums, left, right, sums);
        __syncwarp();
    }
    wmma::store_matrix_sync(c + row * n + column, sums, n, wmma::mem_row_major);
}

// Bytes, with sums of 32 bits; `c` is added to.
KERNEL wmma_s8(const signed char *a, const signed char *b, int *c, int n, int k)
{
    int row = blockIdx.y * 16, column = blockIdx.x * 16;
    wmma::fragment<wmma::matrix_a, 16, 16, 16, signed char, wmma::row_major> left;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, signed char, wmma::row_major> right;
    wmma::fragment<wmma::accumulator, 16, 16, 16, int> sums;
    wmma::load_matrix_sync(sums, c + row * n + column, n, wmma::mem_row_major);
    for (int i = 0; i < k; i += 16) {
        wmma::load_matrix_sync(left, a + row * k + i, k);
        wmma::load_matrix_sync(right, b + i * n + column, n);
        wmma::mma_sync(sums, left, right, sums);
    }
    wmma::store_matrix_sync(c + row * n + column, sums, n, wmma::mem_row_major);
}

KERNEL wmma_tf32(const float *a, const float *b, float *c, int n, int k)
{
    int row = blockIdx.y * 16, column = blockIdx.x * 16;
    wmma::fragment<wmma::matrix_a, 16, 16, 8, wmma::precision::tf32, wmma::row_major> left;
    wmma::fragment<wmma::matrix_b, 16, 16, 8, wmma::precision::tf32, wmma::row_major> right;
    wmma::fragment<wmma::accumulator, 16, 16, 8, float> sums;
    wmma::fill_fragment(sums, 0.0f);
    for (int i = 0; i < k; i += 8) {
        wmma::load_matrix_sync(left, a + row * k + i, k);
        wmma::load_matrix_sync(right, b + i * n + column, n);
        for (int at = 0; at < left.num_elements; ++at)
            left.x[at] = wmma::__float_to_tf32(left.x[at]);
        for (int at = 0; at < right.num_elements; ++at)
            right.x[at] = wmma::__float_to_tf32(right.x[at]);
        wmma::mma_sync(sums, left, right, sums);
    }
    wmma::store_matrix_sync(c + row * n + column, sums, n, wmma::mem_row_major);
}
