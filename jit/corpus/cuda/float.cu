#include "kernel.h"

KERNEL arithmetic_f32(const float *a, const float *b, float *out, unsigned n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float x = a[i], y = b[i];
    float *result = out + (unsigned long long)i * 10;
    result[0] = x + y;
    result[1] = x - y;
    result[2] = x * y;
    result[3] = x / y;
    result[4] = sqrtf(x);
    result[5] = fmaf(x, y, x);
    result[6] = -x;
    result[7] = fabsf(x);
    result[8] = fminf(x, y);
    result[9] = fmaxf(x, y);
}

KERNEL arithmetic_f64(const double *a, const double *b, double *out, unsigned n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    double x = a[i], y = b[i];
    double *result = out + (unsigned long long)i * 10;
    result[0] = x + y;
    result[1] = x - y;
    result[2] = x * y;
    result[3] = x / y;
    result[4] = sqrt(x);
    result[5] = fma(x, y, x);
    result[6] = -x;
    result[7] = fabs(x);
    result[8] = fmin(x, y);
    result[9] = fmax(x, y);
}

// A polynomial with constants, as compilers write them: hexadecimal.
KERNEL polynomial(const float *in, float *out, double *wide, unsigned n)
{
    unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float x = in[i];
    out[i] = ((0.25f * x + 1.5f) * x - 3.14159265f) * x + 1e-7f;
    double y = x;
    wide[i] = ((0.25 * y + 1.5) * y - 3.141592653589793) * y + 1e-300;
}

KERNEL mandelbrot(unsigned *iterations, int width, int height, float left, float top, float step, unsigned limit)
{
    int column = blockIdx.x * blockDim.x + threadIdx.x;
    int row = blockIdx.y * blockDim.y + threadIdx.y;
    if (column >= width || row >= height)
        return;
    float real = left + step * column, imaginary = top + step * row;
    float x = 0.0f, y = 0.0f;
    unsigned count = 0;
    while (count < limit && x * x + y * y <= 4.0f) {
        float next = x * x - y * y + real;
        y = 2.0f * x * y + imaginary;
        x = next;
        ++count;
    }
    iterations[row * width + column] = count;
}
