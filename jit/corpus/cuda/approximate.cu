#include "kernel.h"

// Fast functions that the device has instructions for.
KERNEL approximate_functions(const float *in, float *out, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float x = in[i], *result = out + i * 8;
    result[0] = __expf(x);
    result[1] = __log2f(x);
    result[2] = __sinf(x);
    result[3] = __cosf(x);
    result[4] = rsqrtf(x);
    result[5] = __fdividef(x, 3.0f + x);
    result[6] = __frcp_rn(x);
    result[7] = floorf(x) + ceilf(x) * truncf(x) - rintf(x);
}

// What neural networks put between layers.
KERNEL activations(const float *in, float *gelu, float *silu, float *leaky, int n)
{
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        float x = in[i], tanh;
        asm("tanh.approx.f32 %0, %1;" : "=f"(tanh) : "f"(0.7978845608f * (x + 0.044715f * x * x * x)));
        gelu[i] = 0.5f * x * (1.0f + tanh);
        silu[i] = __fdividef(x, 1.0f + __expf(-x));
        leaky[i] = x > 0.0f ? x : 0.01f * x;
    }
}

// One step of Adam's.
KERNEL adam(float *weights, float *means, float *squares, const float *gradients, float rate, float beta1, float beta2,
            float epsilon, float correction1, float correction2, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float gradient = gradients[i];
    float mean = beta1 * means[i] + (1.0f - beta1) * gradient;
    float square = beta2 * squares[i] + (1.0f - beta2) * gradient * gradient;
    means[i] = mean;
    squares[i] = square;
    weights[i] -= rate * (mean / correction1) / (sqrtf(square / correction2) + epsilon);
}
