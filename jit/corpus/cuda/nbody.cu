#include "kernel.h"

// Accelerations of bodies (x, y, z, mass) by gravity, 128 of them at a time in shared memory; blocks of 128 threads.
KERNEL nbody_accelerations(const float4 *bodies, float4 *accelerations, int n, float softening)
{
    __shared__ float4 tile[128];
    int i = blockIdx.x * 128 + threadIdx.x;
    float4 own = i < n ? bodies[i] : float4{0, 0, 0, 0};
    float x = 0.0f, y = 0.0f, z = 0.0f;
    for (int start = 0; start < n; start += 128) {
        int other = start + threadIdx.x;
        tile[threadIdx.x] = other < n ? bodies[other] : float4{0, 0, 0, 0};
        __syncthreads();
#pragma unroll 4
        for (int at = 0; at < 128; ++at) {
            float dx = tile[at].x - own.x, dy = tile[at].y - own.y, dz = tile[at].z - own.z;
            float inverse = rsqrtf(dx * dx + dy * dy + dz * dz + softening);
            float pull = tile[at].w * inverse * inverse * inverse;
            x = fmaf(dx, pull, x);
            y = fmaf(dy, pull, y);
            z = fmaf(dz, pull, z);
        }
        __syncthreads();
    }
    if (i < n)
        accelerations[i] = float4{x, y, z, 0.0f};
}

KERNEL nbody_step(float4 *bodies, float4 *velocities, const float4 *accelerations, float time, int n)
{
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n)
        return;
    float4 body = bodies[i], velocity = velocities[i], acceleration = accelerations[i];
    velocity.x += acceleration.x * time;
    velocity.y += acceleration.y * time;
    velocity.z += acceleration.z * time;
    body.x += velocity.x * time;
    body.y += velocity.y * time;
    body.z += velocity.z * time;
    bodies[i] = body;
    velocities[i] = velocity;
}
