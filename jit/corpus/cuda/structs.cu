#include "kernel.h"

// Structures as parameters, by value.
struct view { float *data; int width, height, pitch; };
struct camera { float position[3]; float angle; double far; unsigned char flags; short id; };
struct weights { float of[8]; };
struct nested { view image; camera from; int options[4]; };

static __device__ float *at(view image, int x, int y)
{
    return image.data + y * image.pitch + x;
}

KERNEL fill_view(view image, float value)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x < image.width && y < image.height)
        *at(image, x, y) = value + x;
}

KERNEL copy_view(const view from, view to, int2 offset)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x, y = blockIdx.y * blockDim.y + threadIdx.y;
    int to_x = x + offset.x, to_y = y + offset.y;
    if (x < from.width && y < from.height && to_x >= 0 && to_x < to.width && to_y >= 0 && to_y < to.height)
        *at(to, to_x, to_y) = *at(from, x, y);
}

// The index into the parameter is known while it runs only.
KERNEL weigh(const int *kinds, float *out, weights values, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n)
        out[i] = values.of[kinds[i] & 7];
}

KERNEL project(nested scene, float4 shift, char enabled)
{
    int x = blockIdx.x * blockDim.x + threadIdx.x;
    if (x >= scene.image.width || !enabled)
        return;
    float depth = scene.from.position[0] * shift.x + scene.from.position[1] * shift.y + scene.from.position[2] * shift.z;
    if (scene.from.flags & 1)
        depth += shift.w;
    *at(scene.image, x, 0) = depth * scene.from.angle + (float)scene.from.far + scene.from.id + scene.options[2];
}
