//! One product of tensor cores of each shape: matrices as they lie in a warp's registers.

use crate::corpus::{Row, Subject};
use crate::launch::Launch;
use crate::numbers::{Element, Random};
use half::{bf16, f16};

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/tensor_shapes", "mma_m16n8k8_f16", f16_k8),
    ("cuda/tensor_shapes", "mma_m16n8k16_f16_sums", f16_sums),
    ("cuda/tensor_shapes", "mma_m16n8k8_bf16", bf16_k8),
    ("cuda/tensor_shapes", "mma_m16n8k8_tf32", tf32_k8),
    ("cuda/tensor_shapes", "mma_m16n8k32_s8", s8_k32),
    ("cuda/tensor_shapes", "mma_m8n8k4_f64", f64_k4),
];

/// Adds the product of 16 x k and k x 8 to 16 x 8, each as the registers of 32 lanes one after the other: `packed`
/// elements of the factors lie in a register.
fn add_product(a: &[f64], b: &[f64], c: &[f64], packed: usize) -> Vec<f64> {
    let depth = a.len() / 16;
    let (mut left, mut right) = (vec![0.0; 16 * depth], vec![0.0; depth * 8]);
    for (at, element) in a.iter().enumerate() {
        let (register, part) = (at / packed, at % packed);
        let per_lane = a.len() / packed / 32;
        let (lane, register) = (register / per_lane, register % per_lane);
        let row = lane / 4 + 8 * (register % 2);
        let column = (lane % 4 + 4 * (register / 2)) * packed + part;
        left[row * depth + column] = *element;
    }
    for (at, element) in b.iter().enumerate() {
        let (register, part) = (at / packed, at % packed);
        let per_lane = b.len() / packed / 32;
        let (lane, register) = (register / per_lane, register % per_lane);
        let row = (lane % 4 + 4 * register) * packed + part;
        right[row * 8 + lane / 4] = *element;
    }
    let sum = |(at, before): (usize, &f64)| {
        let (lane, register, part) = (at / 4, at / 2 % 2, at % 2);
        let (row, column) = (lane / 4 + 8 * register, lane % 4 * 2 + part);
        let terms = (0..depth).map(|i| left[row * depth + i] * right[i * 8 + column]);
        terms.fold(*before, |sum, term| sum + term)
    };
    c.iter().enumerate().map(sum).collect()
}

/// Tries a shape of this depth with integers up to 8.
fn shape<T: Element, S: Element>(
    subject: &Subject,
    depth: usize,
    packed: usize,
    factor: fn(f64) -> T,
    sum: fn(f64) -> S,
) {
    for seed in 0..4 {
        let mut random = Random::new(seed);
        let mut integers = |count| random.many(count, |random| random.within(-8, 9) as f64);
        let (a, b, c) = (integers(16 * depth), integers(8 * depth), integers(128));
        let after: Vec<S> = add_product(&a, &b, &c, packed)
            .into_iter()
            .map(sum)
            .collect();
        let a: Vec<T> = a.into_iter().map(factor).collect();
        let b: Vec<T> = b.into_iter().map(factor).collect();
        let c: Vec<S> = c.into_iter().map(sum).collect();
        subject.check(Launch::line(1, 32).input(&a).input(&b).update(&c, &after));
    }
}

fn f16_k8(subject: &Subject) {
    shape(subject, 8, 2, f16::from_f64, |sum| sum as f32);
}

fn f16_sums(subject: &Subject) {
    shape(subject, 16, 2, f16::from_f64, f16::from_f64);
}

fn bf16_k8(subject: &Subject) {
    shape(subject, 8, 2, bf16::from_f64, |sum| sum as f32);
}

fn tf32_k8(subject: &Subject) {
    shape(subject, 8, 1, |factor| factor as f32, |sum| sum as f32);
}

fn s8_k32(subject: &Subject) {
    shape(subject, 32, 4, |factor| factor as i8, |sum| sum as i32);
}

fn f64_k4(subject: &Subject) {
    let mut random = Random::new(4);
    let mut numbers =
        |count| -> Vec<f64> { random.eighths(count).into_iter().map(f64::from).collect() };
    let (a, b, c) = (numbers(32), numbers(32), numbers(64));
    let sum = |(at, before): (usize, &f64)| {
        let (row, column) = (at / 8, at % 8);
        (0..4).fold(*before, |sum, i| sum + a[row * 4 + i] * b[column * 4 + i])
    };
    let after: Vec<f64> = c.iter().enumerate().map(sum).collect();
    subject.check(Launch::line(1, 32).input(&a).input(&b).update(&c, &after));
}
