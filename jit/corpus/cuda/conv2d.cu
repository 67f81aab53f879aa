#include "kernel.h"

__constant__ float blur[5][5] = {
    {1 / 256.0f, 4 / 256.0f, 6 / 256.0f, 4 / 256.0f, 1 / 256.0f},
    {4 / 256.0f, 16 / 256.0f, 24 / 256.0f, 16 / 256.0f, 4 / 256.0f},
    {6 / 256.0f, 24 / 256.0f, 36 / 256.0f, 24 / 256.0f, 6 / 256.0f},
    {4 / 256.0f, 16 / 256.0f, 24 / 256.0f, 16 / 256.0f, 4 / 256.0f},
    {1 / 256.0f, 4 / 256.0f, 6 / 256.0f, 4 / 256.0f, 1 / 256.0f},
};

// A filter of 5 x 5 from constant memory; a tile of 16 x 16 and its edge of two in shared memory, zeros outside.
KERNEL conv2d_blur(const float *in, float *out, int width, int height)
{
    __shared__ float tile[20][20];
    int left = blockIdx.x * 16 - 2, top = blockIdx.y * 16 - 2;
    for (int i = threadIdx.y * 16 + threadIdx.x; i < 400; i += 256) {
        int x = left + i % 20, y = top + i / 20;
        tile[i / 20][i % 20] = x >= 0 && x < width && y >= 0 && y < height ? in[y * width + x] : 0.0f;
    }
    __syncthreads();
    int x = blockIdx.x * 16 + threadIdx.x, y = blockIdx.y * 16 + threadIdx.y;
    if (x >= width || y >= height)
        return;
    float sum = 0.0f;
    for (int row = 0; row < 5; ++row)
        for (int column = 0; column < 5; ++column)
            sum += blur[row][column] * tile[threadIdx.y + row][threadIdx.x + column];
    out[y * width + x] = sum;
}

// Many channels, as in a neural network: `filters` is outputs x channels x size x size; one thread an output element.
KERNEL conv2d_channels(const float *__restrict__ in, const float *__restrict__ filters, const float *__restrict__ bias,
                       float *__restrict__ out, int channels, int height, int width, int size, int stride)
{
    int out_height = (height - size) / stride + 1, out_width = (width - size) / stride + 1;
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y, output = blockIdx.z;
    if (x >= out_width || y >= out_height)
        return;
    float sum = bias[output];
    for (int channel = 0; channel < channels; ++channel)
        for (int row = 0; row < size; ++row)
            for (int column = 0; column < size; ++column)
                sum += in[(channel * height + y * stride + row) * width + x * stride + column] *
                       filters[((output * channels + channel) * size + row) * size + column];
    out[(output * out_height + y) * out_width + x] = sum;
}
