//! Parts of neural networks: softmax, norms, attention, losses.

use crate::corpus::{Row, Subject};
use crate::functions::error_function;
use crate::launch::{Bound, Launch, within};
use crate::numbers::{Random, to_bf16, to_f16};
use crate::simulations::philox;
use half::{bf16, f16};

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/softmax", "softmax_warp", softmax_warp),
    ("cuda/softmax", "softmax_block", softmax_block),
    ("triton/softmax", "softmax", triton_softmax),
    ("triton/cross_entropy", "cross_entropy", cross_entropy),
    ("cuda/layer_norm", "layer_norm", layer_norm),
    ("cuda/layer_norm", "rms_norm", rms_norm),
    ("triton/layer_norm", "layer_norm", triton_layer_norm),
    ("cuda/attention", "attention_forward", attention_forward),
    ("triton/attention_f16", "attention", attention_f16),
    ("triton/attention_bf16_causal", "attention", attention_bf16),
    ("triton/gelu_dropout", "gelu_dropout", gelu_dropout),
];

/// Powers of the device's fast function, their sum in another order, and their quotient: parts of one.
const SOFTMAX: Bound = Bound {
    relative: 5e-6,
    absolute: 1e-9,
};
/// A mean, a variance and a reciprocal root in 32 bits, of results up to a few units.
const NORM: Bound = within(5e-6);

fn softmax(data: &[f32], columns: usize) -> Vec<f64> {
    let row = |row: &[f32]| {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers: Vec<f64> = row.iter().map(|x| f64::from(x - largest).exp()).collect();
        let sum: f64 = powers.iter().sum();
        powers
            .into_iter()
            .map(move |power| power / sum)
            .collect::<Vec<_>>()
    };
    data.chunks(columns).flat_map(row).collect()
}

fn scores(seed: usize, count: usize) -> Vec<f32> {
    Random::new(seed).many(count, |random| random.between(-6.0, 6.0) as f32)
}

fn softmax_warp(subject: &Subject) {
    for (rows, columns, block) in [(1, 1, 32), (5, 70, 96), (3, 32, 64)] {
        let data = scores(rows, rows * columns);
        let launch = Launch::threads(32 * rows, block).input(&data);
        let launch = launch.output_near::<f32>(&softmax(&data, columns), SOFTMAX);
        subject.check(launch.value(rows as i32).value(columns as i32));
    }
}

fn softmax_block(subject: &Subject) {
    for (rows, columns) in [(1, 1), (5, 270), (3, 128)] {
        let data = scores(rows, rows * columns);
        let launch = Launch::line(rows, 128).shared(4 * columns).input(&data);
        let launch = launch.output_near::<f32>(&softmax(&data, columns), SOFTMAX);
        subject.check(launch.value(columns as i32));
    }
}

fn triton_softmax(subject: &Subject) {
    for (rows, columns) in [(1, 16), (5, 272), (3, 1024)] {
        let data = scores(rows, rows * columns);
        let launch = Launch::line(rows, 128).shared(16).input(&data);
        let launch = launch.output_near::<f32>(&softmax(&data, columns), SOFTMAX);
        subject.check(launch.value(columns as i32).null().null());
    }
}

fn cross_entropy(subject: &Subject) {
    for (rows, columns) in [(1, 1), (5, 700), (3, 512)] {
        let mut random = Random::new(rows);
        let logits = random.many(rows * columns, |random| to_bf16(random.between(-6.0, 6.0)));
        let wanted = random.many(rows, |random| random.within(0, columns as i64));
        let loss = |(row, wanted): (&[bf16], &i64)| {
            let sum: f64 = row.iter().map(|x| f64::from(*x).exp()).sum();
            sum.ln() - f64::from(row[*wanted as usize])
        };
        let losses: Vec<f64> = logits.chunks(columns).zip(&wanted).map(loss).collect();
        let launch = Launch::line(rows, 128)
            .shared(16)
            .input(&logits)
            .input(&wanted);
        let launch = launch.output_near::<f32>(&losses, within(5e-6));
        subject.check(launch.value(columns as i32).null().null());
    }
}

/// The mean of a row, and one by its deviation.
fn statistics(row: &[f64], epsilon: f64) -> (f64, f64) {
    let count = row.len() as f64;
    let mean = row.iter().sum::<f64>() / count;
    let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
    (mean, 1.0 / (variance + epsilon).sqrt())
}

fn normed(data: &[f64], weight: &[f64], bias: &[f64], epsilon: f64) -> Vec<f64> {
    let row = |row: &[f64]| {
        let (mean, scale) = statistics(row, epsilon);
        let parts = row.iter().zip(weight.iter().zip(bias));
        parts
            .map(|(x, (weight, bias))| (x - mean) * scale * weight + bias)
            .collect::<Vec<_>>()
    };
    data.chunks(weight.len()).flat_map(row).collect()
}

fn wide<T: Copy + Into<f64>>(data: &[T]) -> Vec<f64> {
    data.iter().map(|x| (*x).into()).collect()
}

const EPSILON: f32 = 1e-3;

fn layer_norm(subject: &Subject) {
    for (rows, columns, block) in [(1, 1, 32), (5, 300, 128), (3, 77, 96)] {
        let data = scores(rows, rows * columns);
        let (weight, bias) = (scores(1, columns), scores(2, columns));
        let out = normed(
            &wide(&data),
            &wide(&weight),
            &wide(&bias),
            f64::from(EPSILON),
        );
        let launch = Launch::line(rows, block)
            .input(&data)
            .input(&weight)
            .input(&bias);
        let launch = launch.output_near::<f32>(&out, NORM);
        subject.check(launch.value(columns as i32).value(EPSILON));
    }
}

fn rms_norm(subject: &Subject) {
    for (rows, columns, block) in [(1, 1, 32), (5, 300, 128), (3, 77, 96)] {
        let (data, weight) = (scores(rows, rows * columns), scores(1, columns));
        let row = |row: &[f32]| {
            let squares: f64 = row.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
            let scale = 1.0 / (squares / columns as f64 + f64::from(EPSILON)).sqrt();
            let parts = row.iter().zip(&weight);
            parts
                .map(|(x, weight)| f64::from(*x) * scale * f64::from(*weight))
                .collect::<Vec<_>>()
        };
        let out: Vec<f64> = data.chunks(columns).flat_map(row).collect();
        let launch = Launch::line(rows, block).input(&data).input(&weight);
        let launch = launch.output_near::<f32>(&out, NORM);
        subject.check(launch.value(columns as i32).value(EPSILON));
    }
}

fn triton_layer_norm(subject: &Subject) {
    for (rows, columns) in [(1, 1), (5, 700), (3, 77)] {
        let halves = |seed, count| -> Vec<f16> {
            scores(seed, count).into_iter().map(f16::from_f32).collect()
        };
        let data = halves(rows, rows * columns);
        let (weight, bias) = (halves(1, columns), halves(2, columns));
        let out = normed(
            &wide(&data),
            &wide(&weight),
            &wide(&bias),
            f64::from(EPSILON),
        );
        let statistics = |row: &[f16]| statistics(&wide(row), f64::from(EPSILON));
        let (means, scales): (Vec<f64>, Vec<f64>) = data.chunks(columns).map(statistics).unzip();
        let launch = Launch::line(rows, 128)
            .shared(1024)
            .input(&data)
            .input(&weight)
            .input(&bias);
        // Half a unit in the last place of a half, and a little more.
        let launch = launch
            .output_near::<f16>(&out, within(5e-4))
            .output_near::<f32>(&means, NORM);
        let launch = launch.output_near::<f32>(&scales, NORM);
        subject.check(launch.value(columns as i32).value(EPSILON).null().null());
    }
}

/// softmax(q k^T scale) v for each head of rows of 64 numbers.
fn attention([q, k, v]: [&[f64]; 3], length: usize, scale: f64, causal: bool) -> Vec<f64> {
    let mut out = Vec::with_capacity(q.len());
    for (index, query) in q.chunks(64).enumerate() {
        let (head, row) = (index / length, index % length);
        let seen = if causal { row + 1 } else { length };
        let row_of = |data: &'_ [f64], at: usize| data[(head * length + at) * 64..][..64].to_vec();
        let score = |at| {
            query
                .iter()
                .zip(row_of(k, at))
                .map(|(x, y)| x * y)
                .sum::<f64>()
                * scale
        };
        let scores: Vec<f64> = (0..seen).map(score).collect();
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
        let total: f64 = weights.iter().sum();
        let mut sums = vec![0.0; 64];
        for (at, weight) in weights.iter().enumerate() {
            sums.iter_mut()
                .zip(row_of(v, at))
                .for_each(|(sum, x)| *sum += weight * x / total);
        }
        out.extend(sums);
    }
    out
}

fn attention_forward(subject: &Subject) {
    for (length, heads, causal) in [(1, 1, false), (100, 2, true), (70, 1, false)] {
        let mut random = Random::new(length);
        let mut numbers = || {
            random.many(heads * length * 64, |random| {
                random.between(-2.0, 2.0) as f32
            })
        };
        let (q, k, v) = (numbers(), numbers(), numbers());
        let out = attention([&wide(&q), &wide(&k), &wide(&v)], length, 0.125, causal);
        let launch = Launch::of([length.div_ceil(64), heads, 1], [64, 1, 1]);
        // Powers of scores that were summed in 32 bits, means of numbers up to 2.
        let launch = launch
            .input(&q)
            .input(&k)
            .input(&v)
            .output_near::<f32>(&out, within(1e-5));
        subject.check(
            launch
                .value(length as i32)
                .value(0.125f32)
                .value(i32::from(causal)),
        );
    }
}

fn attention_f16(subject: &Subject) {
    for (length, heads) in [(1, 1), (100, 2), (64, 1)] {
        let mut random = Random::new(length);
        let mut numbers = || {
            random.many(heads * length * 64, |random| {
                to_f16(random.between(-2.0, 2.0))
            })
        };
        let (q, k, v) = (numbers(), numbers(), numbers());
        let out = attention([&wide(&q), &wide(&k), &wide(&v)], length, 0.125, false);
        let launch = Launch::of([length.div_ceil(32), heads, 1], [64, 1, 1]).shared(14336);
        // Weights and results are rounded to halves: 2^-11 of numbers up to 2, twice.
        let launch = launch
            .input(&q)
            .input(&k)
            .input(&v)
            .output_near::<f16>(&out, within(1.5e-3));
        subject.check(launch.value(length as i32).value(0.125f32).null().null());
    }
}

fn attention_bf16(subject: &Subject) {
    for (length, heads) in [(1, 1), (100, 2), (64, 1)] {
        let mut random = Random::new(length);
        let mut numbers = || {
            random.many(heads * length * 64, |random| {
                to_bf16(random.between(-2.0, 2.0))
            })
        };
        let (q, k, v) = (numbers(), numbers(), numbers());
        let out = attention([&wide(&q), &wide(&k), &wide(&v)], length, 0.125, true);
        let launch = Launch::of([length.div_ceil(32), heads, 1], [64, 1, 1]).shared(14336);
        // Weights are rounded to bfloat16: 2^-9 of numbers up to 2.
        let launch = launch
            .input(&q)
            .input(&k)
            .input(&v)
            .output_near::<f32>(&out, within(6e-3));
        subject.check(launch.value(length as i32).value(0.125f32).null().null());
    }
}

fn gelu_dropout(subject: &Subject) {
    for n in [0, 1, 512, 1201] {
        let data = Random::new(n).many(n, |random| to_bf16(random.between(-5.0, 5.0)));
        let (probability, seed) = (0.3f32, 1234u32);
        let keeps = |i: usize| {
            let word = philox([i as u32, 0, 0, 0], [seed, 0])[0] as i32;
            let word = if word < 0 { -word - 1 } else { word };
            word as f32 * 4.656_612_7e-10 > probability
        };
        let kept: Vec<i8> = (0..n).map(|i| i8::from(keeps(i))).collect();
        let target = |i: usize| {
            let x = f64::from(data[i]);
            let half = std::f64::consts::FRAC_1_SQRT_2;
            let gelu = 0.5 * x * (1.0 + error_function(x.abs() * half).copysign(x));
            if keeps(i) {
                gelu / f64::from(1.0 - probability)
            } else {
                0.0
            }
        };
        let target: Vec<f64> = (0..n).map(target).collect();
        let launch = Launch::threads(n.div_ceil(512) * 128, 128).input(&data);
        // Half a unit in the last place of a bfloat16.
        let bound = Bound {
            relative: 4e-3,
            absolute: 1e-6,
        };
        let launch = launch
            .output_near::<bf16>(&target, bound)
            .output(&kept)
            .value(probability);
        subject.check(launch.value(seed as i32).value(n as i32).null().null());
    }
}
