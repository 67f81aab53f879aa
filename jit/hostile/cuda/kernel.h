// What begins a kernel.
#pragma once

#define KERNEL extern "C" __global__ void
