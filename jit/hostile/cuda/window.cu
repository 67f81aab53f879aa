// Mistakes of CUDA C++ that leave the buffers, as compilers write them: one element too many, signed indices, indices and pointers from data.
// test: accept
// run: off_by_one grid=2 block=32
// in: off_by_one_param_0 = f32[0.0 x 64]
// in: off_by_one_param_1 = s32(64)
// run: before_the_first block=32
// in: before_the_first_param_0 = f32[1.0 x 64]
// in: before_the_first_param_1 = s32(64)
// run: gather block=4
// in: gather_param_0 = f32[0.0 x 64]
// in: gather_param_1 = s32[0, 5, 1000000, 2]
// run: scatter block=4
// in: scatter_param_0 = f32[0.0 x 64]
// in: scatter_param_1 = s32[0, 5, -2147483648, 2]
// run: histogram block=8
// in: histogram_param_0 = u32[0 x 64]
// in: histogram_param_1 = u32[1, 2, 3, 4, 5, 6, 0xffffffff, 7]
// run: four_at_once block=16
// in: four_at_once_param_0 = f32[0.0 x 64]
// in: four_at_once_param_1 = s64(4)
// run: walk_a_list
// in: walk_a_list_param_0 = u64[0x7f0000001000, 1]
// in: walk_a_list_param_1 = u64[0]
// run: table_of_pointers block=2
// in: table_of_pointers_param_0 = u64[0, 0]
// in: table_of_pointers_param_1 = f32[0.0 x 64]
// run: in_bytes
// in: in_bytes_param_0 = u8[0 x 256]
// in: in_bytes_param_1 = u8[1 x 256]
// in: in_bytes_param_2 = u64(257)
// run: structures block=5
// in: structures_param_0 = u32[0 x 64]
// run: wrapped_size block=2
// in: wrapped_size_param_0 = f32[0.0 x 64]
// in: wrapped_size_param_1 = u64(0x4000000000000000)
// run: stencil block=64
// in: stencil_param_0 = f32[0.0 x 64]
// in: stencil_param_1 = f32[0.0 x 64]
#include "kernel.h"

KERNEL off_by_one(float *data, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i <= n)
        data[i + 1] = i;
}

KERNEL before_the_first(float *data, int n)
{
    int i = threadIdx.x;
    if (i < n)
        data[i] = data[i - 1] + 1;
}

KERNEL gather(float *data, const int *indices)
{
    data[threadIdx.x] = data[indices[threadIdx.x]];
}

KERNEL scatter(float *data, const int *indices)
{
    data[indices[threadIdx.x]] = threadIdx.x;
}

KERNEL histogram(unsigned *bins, const unsigned *keys)
{
    atomicAdd(&bins[keys[threadIdx.x]], 1u);
}

KERNEL four_at_once(float *data, long long from)
{
    float4 *at = reinterpret_cast<float4 *>(data) + threadIdx.x;
    at[from] = at[0];
}

struct node { node *next; unsigned long long value; };

KERNEL walk_a_list(const node *list, unsigned long long *sum)
{
    unsigned long long total = 0;
    for (const node *at = list; at; at = at->next)
        total += at->value;
    *sum = total;
}

KERNEL table_of_pointers(float **table, float *data)
{
    table[threadIdx.x][1] = data[0];
}

KERNEL in_bytes(char *to, const char *from, unsigned long long bytes)
{
    for (unsigned long long i = 0; i < bytes; i++)
        to[i + 256] = from[i];
}

struct particle { float position[3], velocity[3]; unsigned flags[8]; };

KERNEL structures(particle *all)
{
    particle &mine = all[threadIdx.x];
    mine.flags[7] = 1;
    mine.position[0] += mine.velocity[0];
}

KERNEL wrapped_size(float *data, unsigned long long rows)
{
    data[rows * 4 + 1000000 * threadIdx.x] = 1;
}

KERNEL stencil(const float *data, float *out)
{
    int i = threadIdx.x;
    out[i] = data[i - 1] + data[i] + data[i + 1];
}
