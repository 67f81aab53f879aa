//! Planes: filters, stencils, fractals, transposition.

use crate::corpus::{Row, Subject};
use crate::launch::{Launch, either};
use crate::numbers::{Element, Random, bytes};

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/conv2d", "conv2d_blur", blur),
    ("cuda/conv2d", "conv2d_channels", channels),
    ("cuda/stencil", "heat_2d", heat),
    ("cuda/stencil", "stencil_3d", stencil_3d),
    ("cuda/stencil", "life", life),
    ("cuda/float", "mandelbrot", mandelbrot),
    ("cuda/mandelbrot", "mandelbrot_colours", mandelbrot_colours),
    ("rust/mandelbrot", "mandelbrot", rust_mandelbrot),
    ("cuda/transpose", "transpose_f32", transpose_f32),
    ("cuda/transpose", "transpose_f64", transpose_f64),
    ("cuda/transpose", "transpose_u16", transpose_u16),
    ("cuda/transpose", "transpose_u8", transpose_u8),
    ("triton/transpose", "transpose", triton_transpose),
    ("triton/transpose_u8", "transpose", triton_transpose_u8),
];

const PLANES: [(usize, usize); 5] = [(1, 1), (16, 16), (45, 37), (3, 33), (70, 2)];

fn blur(subject: &Subject) {
    for (width, height) in PLANES {
        let data = Random::new(width).eighths(width * height);
        let at = |x: i64, y: i64| {
            let inside = (0..width as i64).contains(&x) && (0..height as i64).contains(&y);
            if inside {
                data[y as usize * width + x as usize]
            } else {
                0.0
            }
        };
        let weights = [1.0, 4.0, 6.0, 4.0, 1.0];
        let mut out = Vec::new();
        for y in 0..height as i64 {
            for x in 0..width as i64 {
                let mut sum = 0.0;
                for row in 0..5 {
                    for column in 0..5 {
                        sum += weights[row] * weights[column] / 256.0
                            * at(x + column as i64 - 2, y + row as i64 - 2);
                    }
                }
                out.push(sum);
            }
        }
        let launch = Launch::plane(width, height, [16, 16])
            .input(&data)
            .output(&out);
        subject.check(launch.value(width as i32).value(height as i32));
    }
}

fn channels(subject: &Subject) {
    for (channels, height, width, size, stride, outputs) in
        [(1, 1, 1, 1, 1, 1), (3, 13, 17, 3, 2, 4), (2, 9, 8, 5, 1, 3)]
    {
        let mut random = Random::new(width);
        let data = random.eighths(channels * height * width);
        let filters = random.eighths(outputs * channels * size * size);
        let bias = random.eighths(outputs);
        let (out_height, out_width) = ((height - size) / stride + 1, (width - size) / stride + 1);
        let mut out = Vec::new();
        for output in 0..outputs {
            for (y, x) in (0..out_height).flat_map(|y| (0..out_width).map(move |x| (y, x))) {
                let mut sum = bias[output];
                for channel in 0..channels {
                    for (row, column) in
                        (0..size).flat_map(|row| (0..size).map(move |column| (row, column)))
                    {
                        let from =
                            (channel * height + y * stride + row) * width + x * stride + column;
                        sum += data[from]
                            * filters[((output * channels + channel) * size + row) * size + column];
                    }
                }
                out.push(sum);
            }
        }
        let mut launch = Launch::plane(out_width, out_height, [5, 3])
            .input(&data)
            .input(&filters);
        launch.grid[2] = outputs as u32;
        let launch = launch
            .input(&bias)
            .output(&out)
            .value(channels as i32)
            .value(height as i32);
        subject.check(
            launch
                .value(width as i32)
                .value(size as i32)
                .value(stride as i32),
        );
    }
}

fn heat(subject: &Subject) {
    for (width, height) in PLANES {
        let data = Random::new(width).eighths(width * height);
        let mut out = data.clone();
        for y in 1..height.max(1) - 1 {
            for x in 1..width.max(1) - 1 {
                let at = y * width + x;
                let around = data[at - 1] + data[at + 1] + data[at - width] + data[at + width];
                out[at] += 0.25 * (around - 4.0 * data[at]);
            }
        }
        let launch = Launch::plane(width, height, [16, 16])
            .input(&data)
            .output(&out);
        subject.check(
            launch
                .value(width as i32)
                .value(height as i32)
                .value(0.25f32),
        );
    }
}

fn stencil_3d(subject: &Subject) {
    for (nx, ny, nz) in [(3, 3, 3), (11, 9, 7), (20, 4, 3)] {
        let data = Random::new(nx).eighths(nx * ny * nz);
        let before = vec![77.0f32; data.len()];
        let mut after = before.clone();
        for z in 1..nz - 1 {
            for (y, x) in (1..ny - 1).flat_map(|y| (1..nx - 1).map(move |x| (y, x))) {
                let at = (z * ny + y) * nx + x;
                let distances = [1, nx, nx * ny];
                let around: f32 = distances
                    .iter()
                    .map(|by| data[at - by] + data[at + by])
                    .sum();
                after[at] = 0.5 * data[at] + 0.125 * around;
            }
        }
        let launch = Launch::plane(nx, ny, [8, 3])
            .input(&data)
            .update(&before, &after);
        let launch = launch.value(nx as i32).value(ny as i32).value(nz as i32);
        subject.check(launch.value(0.5f32).value(0.125f32));
    }
}

fn life(subject: &Subject) {
    for (width, height) in [(1, 1), (30, 20), (2, 5), (7, 9)] {
        let cells = Random::new(width).many(width * height, |random| (random.word() % 2) as u8);
        let mut out = Vec::new();
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            let mut neighbours = 0;
            for (dy, dx) in (0..3).flat_map(|dy| (0..3).map(move |dx| (dy, dx))) {
                if (dy, dx) != (1, 1) {
                    neighbours += cells
                        [(y + dy + height - 1) % height * width + (x + dx + width - 1) % width];
                }
            }
            out.push(u8::from(
                neighbours == 3 || neighbours == 2 && cells[y * width + x] == 1,
            ));
        }
        let launch = Launch::plane(width, height, [8, 8])
            .input(&cells)
            .output(&out);
        subject.check(launch.value(width as i32).value(height as i32));
    }
}

macro_rules! steps {
    ($name:ident, $float:ident) => {
        /// How many steps stay within 2 where products are fused with sums in the order that compilers choose, or not.
        fn $name(real: $float, imaginary: $float, limit: u32, fused: bool) -> u32 {
            let multiply_add =
                |a: $float, b: $float, c: $float| if fused { a.mul_add(b, c) } else { a * b + c };
            let (mut x, mut y): ($float, $float) = (0.0, 0.0);
            let mut count = 0;
            while count < limit && multiply_add(x, x, y * y) <= 4.0 {
                let next = multiply_add(x, x, -(y * y)) + real;
                y = multiply_add(2.0 * x, y, imaginary);
                x = next;
                count += 1;
            }
            count
        }
    };
}

steps!(steps_f32, f32);
steps!(steps_f64, f64);

/// A view of which no coordinate is rounded.
const LEFT: f64 = -2.125;
const TOP: f64 = -1.25;
const STEP: f64 = 0.0625;
const LIMIT: u32 = 24;

fn points(width: usize, height: usize) -> impl Iterator<Item = (f64, f64)> {
    let points = (0..height).flat_map(move |row| (0..width).map(move |column| (column, row)));
    points.map(|(column, row)| (LEFT + STEP * column as f64, TOP + STEP * row as f64))
}

fn mandelbrot(subject: &Subject) {
    for (width, height) in [(1, 1), (40, 33), (7, 50)] {
        let count = |fused| -> Vec<u32> {
            let points = points(width, height);
            points
                .map(|(x, y)| steps_f32(x as f32, y as f32, LIMIT, fused))
                .collect()
        };
        let (fused, plain) = (count(true), count(false));
        let launch = Launch::plane(width, height, [9, 4]);
        let launch = launch.checked(&vec![0u32; width * height], either(&fused, &plain));
        let launch = launch.value(width as i32).value(height as i32);
        subject.check(
            launch
                .value(LEFT as f32)
                .value(TOP as f32)
                .value(STEP as f32)
                .value(LIMIT),
        );
    }
}

fn mandelbrot_colours(subject: &Subject) {
    let palette: [[u8; 4]; 8] = [
        [0, 7, 100, 255],
        [32, 107, 203, 255],
        [237, 255, 255, 255],
        [255, 170, 0, 255],
        [180, 60, 20, 255],
        [90, 20, 60, 255],
        [30, 2, 20, 255],
        [0, 2, 0, 255],
    ];
    for (width, height) in [(1, 1), (40, 33), (32, 5)] {
        let colours = |fused| -> Vec<u32> {
            let colour = |(x, y)| {
                let count = steps_f64(x, y, LIMIT, fused);
                let black = [0, 0, 0, 255];
                u32::from_le_bytes(if count == LIMIT {
                    black
                } else {
                    palette[(count & 7) as usize]
                })
            };
            points(width, height).map(colour).collect()
        };
        let (fused, plain) = (colours(true), colours(false));
        let launch = Launch::plane(width, height, [32, 3]);
        let launch = launch.checked(&vec![0u32; width * height], either(&fused, &plain));
        let launch = launch
            .value(width as i32)
            .value(height as i32)
            .value(LEFT)
            .value(TOP);
        subject.check(launch.value(STEP).value(LIMIT as i32));
    }
}

fn rust_mandelbrot(subject: &Subject) {
    for (width, height) in [(1, 1), (40, 33), (7, 50)] {
        let plain: Vec<u32> = points(width, height)
            .map(|(x, y)| steps_f64(x, y, 50, false))
            .collect();
        let mut view = bytes(&[LEFT, TOP, STEP]);
        view.extend(bytes(&[width as u32, height as u32]));
        let launch = Launch::plane(width, height, [5, 6]).output(&plain);
        subject.check(launch.structure(view).value(50u32));
    }
}

fn transposed<T: Copy>(data: &[T], width: usize, height: usize) -> Vec<T> {
    let places = (0..width).flat_map(|x| (0..height).map(move |y| y * width + x));
    places.map(|at| data[at]).collect()
}

fn transpose<T: Element>(subject: &Subject, one: fn(u64) -> T) {
    for (width, height) in PLANES {
        let data = Random::new(width).many(width * height, |random| one(random.word()));
        let mut launch = Launch::plane(width, height, [32, 32]);
        launch.block[1] = 8;
        let launch = launch
            .input(&data)
            .output(&transposed(&data, width, height));
        subject.check(launch.value(width as i32).value(height as i32));
    }
}

fn transpose_f32(subject: &Subject) {
    transpose(subject, |word| f32::from_bits(word as u32));
}

fn transpose_f64(subject: &Subject) {
    transpose(subject, f64::from_bits);
}

fn transpose_u16(subject: &Subject) {
    transpose(subject, |word| word as u16);
}

fn transpose_u8(subject: &Subject) {
    transpose(subject, |word| word as u8);
}

fn triton<T: Element>(subject: &Subject, shared: usize, one: fn(u64) -> T) {
    for (width, height) in [(16, 16), (48, 80), (32, 64)] {
        let data = Random::new(width).many(width * height, |random| one(random.word()));
        let blocks = [width.div_ceil(32), height.div_ceil(32), 1];
        let launch = Launch::of(blocks, [128, 1, 1]).shared(shared).input(&data);
        let launch = launch.output(&transposed(&data, width, height));
        subject.check(
            launch
                .value(width as i32)
                .value(height as i32)
                .null()
                .null(),
        );
    }
}

fn triton_transpose(subject: &Subject) {
    triton(subject, 4096, |word| f32::from_bits(word as u32));
}

fn triton_transpose_u8(subject: &Subject) {
    triton(subject, 1024, |word| word as u8);
}
