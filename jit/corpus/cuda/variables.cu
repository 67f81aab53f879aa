#include "kernel.h"

struct body {
    float mass;
    int kind;
    double place[3];
    char name[6];
};

__constant__ int primes[] = {2, 3, 5, 7, 11, 13, 17, 19};
__constant__ double coefficients[4] = {1.0, -0.5, 0.25, -0.125};
__constant__ unsigned char message[] = "hello from constant memory";
__constant__ body sun = {1.5f, 7, {1.0, 2.0, 3.0}, "sun"};
__constant__ float scale_set_by_host;

__device__ int counter = 100;
__device__ unsigned long long large = 0x0123456789abcdefull;
__device__ float table[16] = {0.5f, 1.5f, 2.5f};
__device__ short zeros[32];
__device__ int *pointer_to_counter = &counter;
__device__ const float *pointer_into_table = &table[2];
__device__ body planets[2] = {{0.25f, 1, {4.0, 5.0, 6.0}, "one"}, {0.75f, 2, {7.0, 8.0, 9.0}, "two"}};

KERNEL read_constants(int *out, double *wide, unsigned char *text)
{
    int i = threadIdx.x;
    out[i] = primes[i & 7] * sun.kind;
    double x = i;
    wide[i] = ((coefficients[3] * x + coefficients[2]) * x + coefficients[1]) * x + coefficients[0] + sun.place[i % 3];
    text[i] = i < sizeof message ? message[i] : sun.name[i % 6];
}

KERNEL scale_by_constant(float *data, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        data[i] *= scale_set_by_host;
}

KERNEL use_variables(int *out, unsigned long long *wide, float *floats)
{
    int i = threadIdx.x;
    out[i] = atomicAdd(&counter, 1);
    wide[i] = large + i;
    floats[i] = table[i & 15] + planets[i & 1].mass;
    zeros[i & 31] = (short)i;
}

KERNEL follow_pointers(int *out, float *floats)
{
    atomicAdd(pointer_to_counter, 5);
    __syncthreads();
    out[threadIdx.x] = *pointer_to_counter;
    floats[threadIdx.x] = pointer_into_table[threadIdx.x & 3] + (float)planets[1].place[2];
}
