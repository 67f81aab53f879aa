#include "kernel.h"

__constant__ uchar4 palette[8] = {{0, 7, 100, 255},    {32, 107, 203, 255}, {237, 255, 255, 255}, {255, 170, 0, 255},
                                  {180, 60, 20, 255}, {90, 20, 60, 255},   {30, 2, 20, 255},     {0, 2, 0, 255}};

// Doubles, colours from a table, and a whole warp that stops as soon as all its points have left.
KERNEL mandelbrot_colours(uchar4 *image, int width, int height, double left, double top, double step, int limit)
{
    int column = blockIdx.x * blockDim.x + threadIdx.x;
    int row = blockIdx.y * blockDim.y + threadIdx.y;
    bool inside = column < width && row < height;
    double real = left + step * column, imaginary = top + step * row, x = 0.0, y = 0.0;
    int count = 0;
    bool left_circle = !inside;
    for (int i = 0; i < limit; ++i) {
        if (!left_circle) {
            double next = x * x - y * y + real;
            y = 2.0 * x * y + imaginary;
            x = next;
            ++count;
            left_circle = x * x + y * y > 4.0;
        }
        if (__all_sync(0xffffffffu, left_circle))
            break;
    }
    if (inside)
        image[row * width + column] = count == limit ? uchar4{0, 0, 0, 255} : palette[count & 7];
}
