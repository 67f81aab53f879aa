//! Products of matrices. Elements are small multiples of a power of two, so that every order of sums gives the same.

use crate::corpus::{Row, Subject};
use crate::launch::Launch;
use crate::numbers::Random;
use half::{bf16, f16};

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/matmul", "matmul_naive", naive),
    ("cuda/matmul", "matmul_tiled", tiled),
    ("cuda/matmul", "matmul_tiled_f64", tiled_f64),
    ("cuda/matmul_async", "matmul_async", asynchronous),
    ("cuda/matmul_registers", "matmul_registers", registers),
    ("cuda/matmul_tensor_f16", "matmul_tensor_f16", tensor_f16),
    ("cuda/matmul_tensor_bf16", "matmul_tensor_bf16", tensor_bf16),
    ("cuda/matmul_wmma", "wmma_f16", wmma_f16),
    ("cuda/matmul_wmma", "wmma_bf16", wmma_bf16),
    ("cuda/matmul_wmma", "wmma_f16_shared", wmma_f16_shared),
    ("cuda/matmul_wmma", "wmma_s8", wmma_s8),
    ("cuda/matmul_wmma", "wmma_tf32", wmma_tf32),
    ("rust/matmul", "matmul", rust_naive),
    ("rust/matmul", "matmul_tiled", rust_tiled),
    ("triton/matmul_f16", "matmul", triton_f16),
    ("triton/matmul_bf16", "matmul", triton_bf16),
    ("triton/matmul_tf32", "matmul", triton_tf32),
    ("triton/matmul_s8", "matmul", triton_s8),
];

/// Rows and columns of the result, and the length of the sums.
#[derive(Clone, Copy)]
struct Sizes {
    m: usize,
    n: usize,
    k: usize,
}

const fn sizes(m: usize, n: usize, k: usize) -> Sizes {
    Sizes { m, n, k }
}

/// a b, exactly.
fn product<T: Copy>(a: &[T], b: &[T], Sizes { m, n, k }: Sizes, number: fn(T) -> f64) -> Vec<f64> {
    let mut c = Vec::with_capacity(m * n);
    for row in 0..m {
        for column in 0..n {
            let term = |i| number(a[row * k + i]) * number(b[i * n + column]);
            c.push((0..k).map(term).fold(0.0, |sum, x| sum + x));
        }
    }
    c
}

fn narrow(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|number| *number as f32).collect()
}

fn with_sizes(launch: Launch, Sizes { m, n, k }: Sizes) -> Launch {
    launch.value(m as i32).value(n as i32).value(k as i32)
}

/// A product of floats.
fn floats(launch: Launch, sizes: Sizes) -> Launch {
    let mut random = Random::new(sizes.m);
    let (a, b) = (
        random.eighths(sizes.m * sizes.k),
        random.eighths(sizes.k * sizes.n),
    );
    let c = product(&a, &b, sizes, f64::from);
    launch.input(&a).input(&b).output(&narrow(&c))
}

/// Sizes of which few are whole tiles.
const ANY: [Sizes; 6] = [
    sizes(1, 1, 0),
    sizes(1, 1, 1),
    sizes(3, 50, 7),
    sizes(37, 45, 29),
    sizes(16, 32, 16),
    sizes(65, 2, 33),
];

fn naive(subject: &Subject) {
    for size in ANY {
        let launch = Launch::plane(size.n, size.m, [7, 5]);
        subject.check(with_sizes(floats(launch, size), size));
    }
}

fn tiled(subject: &Subject) {
    for size in ANY {
        let launch = Launch::plane(size.n, size.m, [16, 16]);
        subject.check(with_sizes(floats(launch, size), size));
    }
}

fn tiled_f64(subject: &Subject) {
    for n in [8, 24] {
        let mut random = Random::new(n);
        let mut numbers =
            || -> Vec<f64> { random.eighths(n * n).into_iter().map(f64::from).collect() };
        let (a, b) = (numbers(), numbers());
        let c = product(&a, &b, sizes(n, n, n), |x| x);
        let launch = Launch::plane(n, n, [8, 8]).input(&a).input(&b).output(&c);
        subject.check(launch.value(n as i32));
    }
}

fn asynchronous(subject: &Subject) {
    for size in [sizes(1, 4, 4), sizes(70, 68, 44), sizes(64, 128, 16)] {
        let blocks = [size.n.div_ceil(64), size.m.div_ceil(64), 1];
        subject.check(with_sizes(
            floats(Launch::of(blocks, [256, 1, 1]), size),
            size,
        ));
    }
}

fn registers(subject: &Subject) {
    for size in [sizes(64, 64, 16), sizes(128, 64, 48)] {
        let blocks = [size.n / 64, size.m / 64, 1];
        subject.check(with_sizes(
            floats(Launch::of(blocks, [256, 1, 1]), size),
            size,
        ));
    }
}

fn rust_naive(subject: &Subject) {
    for size in ANY {
        let mut random = Random::new(size.m);
        let mut numbers =
            |count| -> Vec<f64> { random.eighths(count).into_iter().map(f64::from).collect() };
        let (a, b) = (numbers(size.m * size.k), numbers(size.k * size.n));
        let c = product(&a, &b, size, |x| x);
        let launch = Launch::plane(size.n, size.m, [5, 7])
            .input(&a)
            .input(&b)
            .output(&c);
        subject.check(with_sizes(launch, size));
    }
}

fn rust_tiled(subject: &Subject) {
    for n in [16, 48] {
        let launch = floats(Launch::plane(n, n, [16, 16]), sizes(n, n, n));
        subject.check(launch.value(n as u32));
    }
}

/// Halves, with sums below 2^11.
fn halves(sizes: Sizes) -> (Vec<f16>, Vec<f16>, Vec<f64>) {
    let mut random = Random::new(sizes.m);
    let a = random.small_halves(sizes.m * sizes.k, 4);
    let b = random.small_halves(sizes.k * sizes.n, 4);
    let c = product(&a, &b, sizes, f64::from);
    (a, b, c)
}

fn bfloats(sizes: Sizes) -> (Vec<bf16>, Vec<bf16>, Vec<f64>) {
    let mut random = Random::new(sizes.m);
    let a = random.small_bfloats(sizes.m * sizes.k, 100);
    let b = random.small_bfloats(sizes.k * sizes.n, 100);
    let c = product(&a, &b, sizes, f64::from);
    (a, b, c)
}

/// Each element of the result has other parts than its neighbours, so that no two can be exchanged unseen.
const TENSOR: [Sizes; 2] = [sizes(32, 32, 16), sizes(64, 96, 48)];
const WMMA: [Sizes; 2] = [sizes(16, 16, 16), sizes(32, 48, 64)];

fn tensor_f16(subject: &Subject) {
    for size in TENSOR {
        let (a, b, c) = halves(size);
        let launch = Launch::of([size.n / 32, size.m / 32, 1], [128, 1, 1])
            .input(&a)
            .input(&b);
        subject.check(with_sizes(launch.output(&narrow(&c)), size));
    }
}

fn tensor_bf16(subject: &Subject) {
    for size in TENSOR {
        let (a, b, c) = bfloats(size);
        let launch = Launch::of([size.n / 32, size.m / 32, 1], [128, 1, 1])
            .input(&a)
            .input(&b);
        subject.check(with_sizes(launch.output(&narrow(&c)), size));
    }
}

/// One warp for each 16 x 16 of the result.
fn warps(size: Sizes) -> Launch {
    Launch::of([size.n / 16, size.m / 16, 1], [32, 1, 1])
}

fn wmma_f16(subject: &Subject) {
    for size in WMMA {
        let (a, b, c) = halves(size);
        let launch = warps(size).input(&a).input(&b).output(&narrow(&c));
        subject.check(launch.value(size.n as i32).value(size.k as i32));
    }
}

fn wmma_bf16(subject: &Subject) {
    for size in WMMA {
        let (a, b, c) = bfloats(size);
        let launch = warps(size).input(&a).input(&b).output(&narrow(&c));
        subject.check(launch.value(size.n as i32).value(size.k as i32));
    }
}

fn wmma_f16_shared(subject: &Subject) {
    for size in WMMA {
        let (a, b, c) = halves(size);
        // The second is stored column by column.
        let columns: Vec<f16> = (0..size.n)
            .flat_map(|column| (0..size.k).map(move |row| (row, column)))
            .map(|(row, column)| b[row * size.n + column])
            .collect();
        let c: Vec<f16> = c.into_iter().map(f16::from_f64).collect();
        let launch = warps(size).input(&a).input(&columns).output(&c);
        subject.check(launch.value(size.n as i32).value(size.k as i32));
    }
}

fn bytes(size: Sizes) -> (Vec<i8>, Vec<i8>, Vec<f64>) {
    let mut random = Random::new(size.m);
    let a = random.many(size.m * size.k, |random| random.word() as i8);
    let b = random.many(size.k * size.n, |random| random.word() as i8);
    let c = product(&a, &b, size, f64::from);
    (a, b, c)
}

fn wmma_s8(subject: &Subject) {
    for size in WMMA {
        let (a, b, c) = bytes(size);
        let before = Random::new(size.n).many(c.len(), |random| random.word() as i32);
        let after: Vec<i32> = before
            .iter()
            .zip(c)
            .map(|(x, y)| x.wrapping_add(y as i32))
            .collect();
        let launch = warps(size).input(&a).input(&b).update(&before, &after);
        subject.check(launch.value(size.n as i32).value(size.k as i32));
    }
}

fn wmma_tf32(subject: &Subject) {
    for size in WMMA {
        let launch = floats(warps(size), size);
        subject.check(launch.value(size.n as i32).value(size.k as i32));
    }
}

/// Sizes for Triton's: n and k are multiples of 16.
const TRITON: [Sizes; 3] = [sizes(1, 16, 16), sizes(50, 80, 48), sizes(64, 64, 128)];

fn triton(size: Sizes, columns: usize, shared: usize) -> Launch {
    let blocks = [size.m.div_ceil(32), size.n.div_ceil(columns), 1];
    Launch::of(blocks, [128, 1, 1]).shared(shared)
}

fn triton_f16(subject: &Subject) {
    for size in TRITON {
        let (a, b, c) = halves(size);
        let c: Vec<f16> = c.into_iter().map(f16::from_f64).collect();
        let launch = triton(size, 64, 12288).input(&a).input(&b).output(&c);
        subject.check(with_sizes(launch, size).null().null());
    }
}

fn triton_bf16(subject: &Subject) {
    for size in TRITON {
        let (a, b, c) = bfloats(size);
        let launch = triton(size, 32, 8192)
            .input(&a)
            .input(&b)
            .output(&narrow(&c));
        subject.check(with_sizes(launch, size).null().null());
    }
}

fn triton_tf32(subject: &Subject) {
    for size in TRITON {
        let launch = floats(triton(size, 32, 8192), size);
        subject.check(with_sizes(launch, size).null().null());
    }
}

fn triton_s8(subject: &Subject) {
    for size in TRITON {
        let (a, b, c) = bytes(size);
        let c: Vec<i32> = c.into_iter().map(|x| x as i32).collect();
        let launch = triton(size, 32, 4096).input(&a).input(&b).output(&c);
        subject.check(with_sizes(launch, size).null().null());
    }
}
