//! One element a thread, or some: sums, products and vectors of floats.

use crate::corpus::{Row, SIZES, Subject};
use crate::launch::{Bound, Launch, within};
use crate::numbers::Random;
use half::f16;

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/vector_add", "vector_add", vector_add_i32),
    ("rust/vector_add", "vector_add", vector_add_u64),
    ("triton/vector_add", "vector_add", triton_vector_add),
    ("triton/vector_add_any", "vector_add", triton_vector_add_any),
    ("cuda/saxpy", "saxpy", saxpy),
    ("cuda/saxpy", "daxpy", daxpy),
    ("rust/saxpy", "saxpy", rust_saxpy),
    ("rust/saxpy", "saxpy_fused", rust_saxpy_fused),
    ("triton/saxpy", "saxpy", triton_saxpy),
    ("cuda/grid_stride", "scale_all", scale_all),
    ("cuda/grid_stride", "scale_all_wide", scale_all_wide),
    ("cuda/grid_stride", "sum_per_thread", sum_per_thread),
    ("cuda/grid_stride", "transpose_tiles", transpose_tiles),
    ("rust/grid_stride", "scale_all", rust_scale_all),
    ("rust/grid_stride", "sum_per_thread", rust_sum_per_thread),
    ("cuda/vectors", "add_float2", add_float2),
    ("cuda/vectors", "add_float4", add_float4),
    ("cuda/vectors", "swap_double2", swap_double2),
    ("cuda/vectors", "rotate_uint4", rotate_uint4),
    ("cuda/vectors", "multiply_int2", multiply_int2),
    ("cuda/vectors", "grey", grey),
    ("rust/vectors", "add_float4", rust_add_float4),
    ("rust/vectors", "swap_words", swap_words),
    ("cuda/cache_hints", "hints", hints),
    ("cuda/cache_hints", "hinted_vectors", hinted_vectors),
    ("cuda/float", "arithmetic_f32", arithmetic_f32),
    ("cuda/float", "arithmetic_f64", arithmetic_f64),
    ("cuda/float", "polynomial", polynomial),
    ("rust/float", "arithmetic_f32", rust_arithmetic_f32),
    ("rust/float", "arithmetic_f64", rust_arithmetic_f64),
];

/// Products and sums in 32 bits, fused or not, where no result is much smaller than its parts.
const FUSED_OR_NOT: Bound = Bound {
    relative: 2e-7,
    absolute: 2e-3,
};

fn sums(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(x, y)| x + y).collect()
}

fn add(subject: &Subject, lanes: usize, count: impl Fn(Launch, usize) -> Launch) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, b) = (random.f32s(n * lanes), random.f32s(n * lanes));
        let launch = Launch::threads(n, block)
            .input(&a)
            .input(&b)
            .output(&sums(&a, &b));
        subject.check(count(launch, n));
    }
}

fn vector_add_i32(subject: &Subject) {
    add(subject, 1, |launch, n| launch.value(n as i32));
}

fn vector_add_u64(subject: &Subject) {
    add(subject, 1, |launch, n| launch.value(n as u64));
}

fn add_float2(subject: &Subject) {
    add(subject, 2, |launch, n| launch.value(n as i32));
}

fn add_float4(subject: &Subject) {
    add(subject, 4, |launch, n| launch.value(n as i32));
}

fn rust_add_float4(subject: &Subject) {
    add(subject, 4, |launch, n| launch.value(n as u32));
}

fn triton_vector_add(subject: &Subject) {
    for n in [0, 16, 1024, 1504] {
        let mut random = Random::new(n);
        let (a, b) = (random.f32s(n), random.f32s(n));
        let launch = Launch::threads(n.div_ceil(1024) * 128, 128)
            .input(&a)
            .input(&b);
        subject.check(launch.output(&sums(&a, &b)).value(n as i32).null().null());
    }
}

fn triton_vector_add_any(subject: &Subject) {
    for n in [0, 1, 77, 256, 1001] {
        let mut random = Random::new(n);
        let halves = |random: &mut Random| {
            random.many(n, |random| f16::from_f32(random.between(-9.0, 9.0) as f32))
        };
        let (a, b) = (halves(&mut random), halves(&mut random));
        let both = a.iter().zip(&b);
        let out: Vec<f16> = both
            .map(|(x, y)| f16::from_f32(x.to_f32() + y.to_f32()))
            .collect();
        let launch = Launch::threads(n.div_ceil(256) * 128, 128)
            .input(&a)
            .input(&b)
            .output(&out);
        subject.check(launch.value(n as i32).null().null());
    }
}

/// a x + y, which some compilers fuse.
fn saxpy(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, x, y) = (1.3f32, random.f32s(n), random.f32s(n));
        let expected: Vec<f64> = x
            .iter()
            .zip(&y)
            .map(|(x, y)| f64::from(a.mul_add(*x, *y)))
            .collect();
        let launch = Launch::threads(n, block).value(n as i32).value(a).input(&x);
        subject.check(launch.update_near(&y, &expected, FUSED_OR_NOT));
        let (a, x, y) = (1.5f32, random.eighths(n), random.eighths(n));
        let exact: Vec<f32> = x.iter().zip(&y).map(|(x, y)| a * x + y).collect();
        let launch = Launch::threads(n, block).value(n as i32).value(a).input(&x);
        subject.check(launch.update(&y, &exact));
    }
}

fn daxpy(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, x, y) = (1.5f64, random.f64s(n), random.f64s(n));
        let expected: Vec<f64> = x.iter().zip(&y).map(|(x, y)| a.mul_add(*x, *y)).collect();
        let launch = Launch::threads(n, block).value(n as u64).value(a).input(&x);
        subject.check(launch.update_near(&y, &expected, within(1e-13)));
    }
}

fn rust_saxpy(subject: &Subject) {
    rust_axpy(subject, |a, x, y| a * x + y);
}

fn rust_saxpy_fused(subject: &Subject) {
    rust_axpy(subject, f32::mul_add);
}

fn rust_axpy(subject: &Subject, reference: fn(f32, f32, f32) -> f32) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, x, y) = (1.3f32, random.f32s(n), random.f32s(n));
        let expected: Vec<f32> = x
            .iter()
            .zip(&y)
            .map(|(x, y)| reference(a, *x, *y))
            .collect();
        let launch = Launch::threads(n, block).value(n as u32).value(a).input(&x);
        subject.check(launch.update(&y, &expected));
    }
}

fn triton_saxpy(subject: &Subject) {
    for n in [0, 1, 511, 1501] {
        let mut random = Random::new(n);
        let (a, x, y) = (1.3f32, random.f32s(n), random.f32s(n));
        let expected: Vec<f64> = x
            .iter()
            .zip(&y)
            .map(|(x, y)| f64::from(a.mul_add(*x, *y)))
            .collect();
        let launch = Launch::line(2, 128)
            .input(&x)
            .update_near(&y, &expected, FUSED_OR_NOT);
        subject.check(launch.value(a).value(n as i32).null().null());
    }
}

fn scale_all(subject: &Subject) {
    scale(subject, |launch, n| launch.value(1.3f32).value(n as u32));
}

fn rust_scale_all(subject: &Subject) {
    scale(subject, |launch, n| launch.value(1.3f32).value(n as u64));
}

/// A grid of fewer threads than elements.
fn scale(subject: &Subject, rest: impl Fn(Launch, usize) -> Launch) {
    for n in [0, 1, 42, 100, 333] {
        let data = Random::new(n).any_f32s(n);
        // Tiny numbers are zeros where speed matters more.
        let data: Vec<f32> = data
            .into_iter()
            .map(|x| if x.is_subnormal() { 0.0 } else { x })
            .collect();
        let expected: Vec<f32> = data.iter().map(|x| x * 1.3).collect();
        subject.check(rest(Launch::line(3, 14).update(&data, &expected), n));
    }
}

fn scale_all_wide(subject: &Subject) {
    for n in [0, 1, 42, 100, 333] {
        let data = Random::new(n).any_f64s(n);
        let expected: Vec<f64> = data.iter().map(|x| x * 1.3).collect();
        let launch = Launch::line(3, 14).update(&data, &expected).value(1.3f64);
        subject.check(launch.value(n as u64));
    }
}

fn sum_per_thread(subject: &Subject) {
    for n in [0, 1, 42, 100, 333] {
        let data = Random::new(n).f32s(n);
        let sums: Vec<f32> = (0..42)
            .map(|thread| {
                data.iter()
                    .skip(thread)
                    .step_by(42)
                    .fold(0.0, |sum, x| sum + x)
            })
            .collect();
        subject.check(
            Launch::line(3, 14)
                .input(&data)
                .output(&sums)
                .value(n as i32),
        );
    }
}

fn rust_sum_per_thread(subject: &Subject) {
    for n in [0, 1, 42, 100, 333] {
        let data = Random::new(n).f64s(n);
        let sums: Vec<f64> = (0..42)
            .map(|thread| {
                data.iter()
                    .skip(thread)
                    .step_by(42)
                    .fold(0.0, |sum, x| sum + x)
            })
            .collect();
        subject.check(
            Launch::line(3, 14)
                .input(&data)
                .output(&sums)
                .value(n as u32),
        );
    }
}

fn transpose_tiles(subject: &Subject) {
    for [width, height, depth] in [[0, 0, 0], [1, 1, 1], [7, 5, 3], [9, 13, 2]] {
        let data = Random::new(width).many(width * height * depth, |random| random.word() as u32);
        let mut out = vec![0; data.len()];
        for z in 0..depth {
            for y in 0..height {
                for x in 0..width {
                    out[(z * width + x) * height + y] = data[(z * height + y) * width + x];
                }
            }
        }
        for (grid, block) in [([1, 1, 1], [4, 3, 2]), ([2, 2, 2], [3, 2, 1])] {
            let launch = Launch::of(grid, block).input(&data).output(&out);
            subject.check(
                launch
                    .value(width as i32)
                    .value(height as i32)
                    .value(depth as i32),
            );
        }
    }
}

fn swap_double2(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).any_f64s(2 * n);
        let swapped: Vec<f64> = data.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
        subject.check(
            Launch::threads(n, block)
                .update(&data, &swapped)
                .value(n as i32),
        );
    }
}

fn words(seed: usize, count: usize) -> Vec<u32> {
    Random::new(seed).many(count, |random| random.word() as u32)
}

fn rotate_uint4(subject: &Subject) {
    for (n, block) in SIZES {
        let data = words(n, 4 * n);
        let rotated: Vec<u32> = data
            .chunks(4)
            .flat_map(|x| [x[1], x[2], x[3], x[0]])
            .collect();
        subject.check(
            Launch::threads(n, block)
                .update(&data, &rotated)
                .value(n as i32),
        );
    }
}

fn swap_words(subject: &Subject) {
    for (n, block) in SIZES {
        let data = words(n, 2 * n);
        let swapped: Vec<u32> = data.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
        subject.check(
            Launch::threads(n, block)
                .update(&data, &swapped)
                .value(n as u32),
        );
    }
}

fn multiply_int2(subject: &Subject) {
    for (n, block) in SIZES {
        let pairs: Vec<i32> = words(n, 2 * n)
            .into_iter()
            .map(|word| word as i32)
            .collect();
        let out: Vec<i64> = pairs
            .chunks(2)
            .map(|pair| i64::from(pair[0]) * i64::from(pair[1]))
            .collect();
        subject.check(
            Launch::threads(n, block)
                .input(&pairs)
                .output(&out)
                .value(n as i32),
        );
    }
}

fn grey(subject: &Subject) {
    for (n, block) in SIZES {
        let pixels = Random::new(n).many(4 * n, |random| random.word() as u8);
        let grey = |pixel: &[u8]| {
            let [x, y, z] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
            ((77 * x + 150 * y + 29 * z) >> 8) as u8
        };
        let out: Vec<u8> = pixels.chunks(4).map(grey).collect();
        subject.check(
            Launch::threads(n, block)
                .input(&pixels)
                .output(&out)
                .value(n as i32),
        );
    }
}

fn hints(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (once, often) = (random.eighths(n), random.eighths(30));
        let table = random.many(n, |random| random.within(0, 30) as i32);
        let out: Vec<f32> = once
            .iter()
            .zip(&table)
            .map(|(once, at)| often[*at as usize] + 4.0 * once)
            .collect();
        let launch = Launch::threads(n, block)
            .input(&once)
            .input(&often)
            .input(&table);
        subject.check(launch.output(&out).output(&once).value(n as i32));
    }
}

fn hinted_vectors(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).any_f32s(4 * n);
        let reversed: Vec<f32> = data
            .chunks(4)
            .flat_map(|x| [x[3], x[2], x[1], x[0]])
            .collect();
        subject.check(
            Launch::threads(n, block)
                .input(&data)
                .output(&reversed)
                .value(n as i32),
        );
    }
}

macro_rules! arithmetic {
    ($cuda:ident, $rust:ident, $float:ident, $any:ident, $some:ident) => {
        fn $cuda(subject: &Subject) {
            for (n, block) in SIZES {
                for special in [false, true] {
                    let mut random = Random::new(n);
                    let mut numbers = || {
                        if special {
                            random.$any(n)
                        } else {
                            random.$some(n)
                        }
                    };
                    let (a, b) = (numbers(), numbers());
                    let results = |x: $float, y: $float| {
                        [
                            x + y,
                            x - y,
                            x * y,
                            x / y,
                            x.sqrt(),
                            x.mul_add(y, x),
                            -x,
                            x.abs(),
                            x.min(y),
                            x.max(y),
                        ]
                    };
                    let out: Vec<$float> = a
                        .iter()
                        .zip(&b)
                        .flat_map(|(x, y)| results(*x, *y))
                        .collect();
                    // Fast quotients and square roots are two units in the last place away, tiny numbers are zeros, and
                    // infinite quotients may be anything: those are compared where speed does not matter more.
                    let fast = if special {
                        Bound {
                            relative: f64::INFINITY,
                            absolute: f64::INFINITY,
                        }
                    } else {
                        within(1e-6)
                    };
                    let launch = Launch::threads(n, block).input(&a).input(&b).fast(fast);
                    subject.check(launch.output(&out).value(n as u32));
                }
            }
        }

        fn $rust(subject: &Subject) {
            for (n, block) in SIZES {
                let mut random = Random::new(n);
                let (a, b) = (random.$any(n), random.$any(n));
                let results = |x: $float, y: $float| {
                    let signed = x.abs().copysign(y);
                    [
                        x + y,
                        x - y,
                        x * y,
                        x / y,
                        x.sqrt(),
                        x.mul_add(y, x),
                        -x,
                        x.abs(),
                        signed,
                        x * 0.25 - 1.5,
                    ]
                };
                let out: Vec<$float> = a
                    .iter()
                    .zip(&b)
                    .flat_map(|(x, y)| results(*x, *y))
                    .collect();
                let launch = Launch::threads(n, block).input(&a).input(&b);
                subject.check(launch.output(&out).value(n as u32));
            }
        }
    };
}

arithmetic!(arithmetic_f32, rust_arithmetic_f32, f32, any_f32s, f32s);
arithmetic!(arithmetic_f64, rust_arithmetic_f64, f64, any_f64s, f64s);

fn polynomial(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| random.between(-4.0, 4.0) as f32);
        let wide = |x: &f32| {
            let x = f64::from(*x);
            ((0.25 * x + 1.5) * x - std::f64::consts::PI) * x + 1e-300
        };
        let wide: Vec<f64> = data.iter().map(wide).collect();
        let narrow: Vec<f64> = wide.iter().map(|y| y + 1e-7).collect();
        // Four roundings of numbers below 60, or two.
        let launch = Launch::threads(n, block)
            .input(&data)
            .output_near::<f32>(&narrow, within(8e-6));
        subject.check(
            launch
                .output_near::<f64>(&wide, within(2e-14))
                .value(n as u32),
        );
    }
}
