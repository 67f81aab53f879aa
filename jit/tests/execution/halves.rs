//! Numbers of sixteen bits.

use crate::corpus::{Row, SIZES, Subject};
use crate::launch::{Bound, EXACT, Launch, either, within};
use crate::numbers::{Random, to_bf16, to_f16};
use half::{bf16, f16};

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/half", "half_arithmetic", arithmetic),
    ("cuda/half", "half2_arithmetic", pairs),
    ("cuda/half", "half_conversions", conversions),
    ("cuda/half", "half_functions", functions),
    ("cuda/half", "half2_dot", dot),
    ("cuda/half", "half_shuffle_and_add", shuffle_and_add),
    (
        "cuda/half_native",
        "half_native_arithmetic",
        native_arithmetic,
    ),
    ("cuda/half_native", "half2_native_arithmetic", native_pairs),
    (
        "cuda/half_native",
        "half_native_conversions",
        native_conversions,
    ),
    ("cuda/bfloat16", "bfloat16_arithmetic", bfloat_arithmetic),
    ("cuda/bfloat16", "bfloat162_arithmetic", bfloat_pairs),
    ("cuda/bfloat16", "bfloat16_conversions", bfloat_conversions),
    ("cuda/bfloat16", "bfloat16_saxpy", bfloat_saxpy),
    ("rust/constants", "halves", rust_halves),
];

/// One unit in the last place of a half: quotients and functions by way of 32 bits, rounded twice.
const HALF: Bound = within(1.0 / 1024.0);
/// The same of a bfloat16.
const BFLOAT: Bound = within(1.0 / 128.0);

fn halves(random: &mut Random, count: usize) -> Vec<f16> {
    random.many(count, |random| to_f16(random.between(-9.0, 9.0)))
}

fn bfloats(random: &mut Random, count: usize) -> Vec<bf16> {
    random.many(count, |random| to_bf16(random.between(-9.0, 9.0)))
}

/// Each pair of elements as f64.
fn both<T: Copy + Into<f64>>(a: &[T], b: &[T]) -> impl Iterator<Item = (f64, f64)> {
    let pairs: Vec<_> = a
        .iter()
        .zip(b)
        .map(|(x, y)| ((*x).into(), (*y).into()))
        .collect();
    pairs.into_iter()
}

fn rounded(numbers: impl IntoIterator<Item = f64>) -> Vec<f64> {
    numbers.into_iter().map(|x| f64::from(to_f16(x))).collect()
}

fn arithmetic(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, b) = (halves(&mut random, n), halves(&mut random, n));
        let results = |(x, y): (f64, f64)| {
            let smaller = if x < y { x } else { y };
            let limited = (x + y).clamp(0.0, 1.0);
            [
                x + y,
                x - y,
                x * y,
                x / y,
                x * y + x,
                -x,
                x.abs(),
                x.min(y),
                x.max(y),
                x.abs().sqrt(),
                smaller,
                limited,
            ]
        };
        let out = rounded(both(&a, &b).flat_map(results));
        let bounds = [
            EXACT, EXACT, EXACT, HALF, EXACT, EXACT, EXACT, EXACT, EXACT, HALF, EXACT, EXACT,
        ];
        let launch = Launch::threads(n, block)
            .input(&a)
            .input(&b)
            .output_groups::<f16>(&out, &bounds);
        subject.check(launch.value(n as i32));
    }
}

/// The results of each pair of numbers, by operation and then by half.
fn in_pairs<const N: usize>(numbers: Vec<[f64; N]>) -> Vec<f64> {
    let pairs = numbers.chunks(2);
    pairs
        .flat_map(|pair| (0..N).flat_map(|at| [pair[0][at], pair[1][at]]))
        .collect()
}

fn pairs(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, b) = (halves(&mut random, 2 * n), halves(&mut random, 2 * n));
        let exchanged: Vec<f16> = a.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
        let results = |((x, y), other): ((f64, f64), &f16)| {
            let greater = f64::from(u8::from(x > y));
            [
                x + y,
                x - y,
                x * y,
                x * y + x,
                -x,
                x.min(y),
                x.max(y),
                f64::from(*other),
                greater,
            ]
        };
        let out = in_pairs(both(&a, &b).zip(&exchanged).map(results).collect());
        let out: Vec<f16> = out.into_iter().map(to_f16).collect();
        let launch = Launch::threads(n, block).input(&a).input(&b).output(&out);
        subject.check(launch.value(n as i32));
    }
}

/// A half that is no further from zero.
fn towards_zero(x: f64) -> f16 {
    let nearest = to_f16(x);
    match f64::from(nearest).abs() > x.abs() {
        true => f16::from_bits(nearest.to_bits() - 1),
        false => nearest,
    }
}

fn conversions(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| to_f16(random.between(-3000.0, 3000.0)));
        let floats: Vec<f32> = data.iter().map(|x| x.to_f32()).collect();
        let words: Vec<i32> = floats.iter().map(|x| *x as i32).collect();
        let shorts: Vec<i16> = floats.iter().map(|x| x.round_ties_even() as i16).collect();
        let back = |(x, word): (&f32, &i32)| {
            let third = towards_zero(f64::from(x / 3.0));
            [
                f16::from_f32(x * 1.001),
                to_f16(f64::from(*word)),
                third,
                to_f16(f64::from(*x) * 0.1),
            ]
        };
        let back: Vec<f16> = floats.iter().zip(&words).flat_map(back).collect();
        let launch = Launch::threads(n, block)
            .input(&data)
            .output(&floats)
            .output(&words);
        subject.check(launch.output(&shorts).output(&back).value(n as i32));
    }
}

fn functions(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| to_f16(random.between(-9.0, 9.0)));
        let results = |x: &f16| {
            let x = f64::from(*x);
            [
                x.exp(),
                x.abs().ln(),
                1.0 / x,
                1.0 / x.abs().sqrt(),
                x.floor(),
                x.round_ties_even(),
                x.sin(),
            ]
        };
        let out = rounded(data.iter().flat_map(results));
        let bounds = [HALF, HALF, HALF, HALF, EXACT, EXACT, HALF];
        let launch = Launch::threads(n, block)
            .input(&data)
            .output_groups::<f16>(&out, &bounds);
        subject.check(launch.value(n as i32));
    }
}

fn dot(subject: &Subject) {
    for (n, blocks, block) in [(0, 1, 32), (1, 2, 64), (300, 2, 64), (77, 1, 96)] {
        let mut random = Random::new(n);
        let (a, b) = (
            random.small_halves(2 * n, 30),
            random.small_halves(2 * n, 30),
        );
        let sum: f64 = both(&a, &b).map(|(x, y)| x * y).sum();
        let launch = Launch::line(blocks, block)
            .input(&a)
            .input(&b)
            .update(&[2.5f32], &[sum as f32 + 2.5]);
        subject.check(launch.value(n as i32));
    }
}

fn shuffle_and_add(subject: &Subject) {
    for (n, block) in [(0, 32), (1, 64), (100, 64), (64, 32), (75, 96)] {
        let data = Random::new(n).small_halves(2 * n, 5);
        let sum = |at: usize| {
            data.iter()
                .skip(at)
                .step_by(2)
                .map(|x| x.to_f32())
                .sum::<f32>()
        };
        let [low, high] = [sum(0), sum(1)];
        let after = [f16::from_f32(low + 3.0), f16::from_f32(high + 4.0)];
        let before = [3.0, 4.0].map(f16::from_f32);
        let launch = Launch::threads(n, block)
            .input(&data)
            .update(&before, &after);
        let single = f16::from_f32(low + 5.0);
        subject.check(
            launch
                .update(&[f16::from_f32(5.0)], &[single])
                .value(n as i32),
        );
    }
}

fn native_arithmetic(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (mut a, b) = (halves(&mut random, n), halves(&mut random, n));
        a.iter_mut()
            .skip(1)
            .step_by(2)
            .for_each(|x| *x = f16::from_bits(x.to_bits() & 0x7fff));
        let results = |(x, y): (f64, f64)| {
            let quotient = f64::from(x as f32 / y as f32);
            let smaller = if x < y { x } else { y };
            [
                x + y,
                x - y,
                x * y,
                quotient,
                -x,
                smaller,
                f64::from((x as f32).sqrt()),
                f64::from(y as i32),
            ]
        };
        let out: Vec<f16> = both(&a, &b).flat_map(results).map(to_f16).collect();
        let launch = Launch::threads(n, block).input(&a).input(&b).output(&out);
        subject.check(launch.value(n as i32));
    }
}

fn native_pairs(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, b) = (halves(&mut random, 2 * n), halves(&mut random, 2 * n));
        let exchanged: Vec<f16> = b.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
        let exchanged: Vec<f16> = exchanged
            .chunks(2)
            .zip(a.chunks(2))
            .flat_map(|(b, a)| [b[0], a[0]])
            .collect();
        let results = |fused: bool| -> Vec<f16> {
            let results = |((x, y), other): ((f64, f64), &f16)| {
                let product = if fused {
                    x * y
                } else {
                    f64::from(to_f16(x * y))
                };
                [x + y, product - x, f64::from(*other)]
            };
            in_pairs(both(&a, &b).zip(&exchanged).map(results).collect())
                .into_iter()
                .map(to_f16)
                .collect()
        };
        let check = either(&results(true), &results(false));
        let launch = Launch::threads(n, block).input(&a).input(&b);
        subject.check(
            launch
                .checked(&vec![f16::ZERO; 6 * n], check)
                .value(n as i32),
        );
    }
}

fn native_conversions(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| to_f16(random.between(0.0, 255.0)));
        let floats: Vec<f32> = data.iter().map(|x| x.to_f32()).collect();
        let doubles: Vec<f64> = data.iter().map(|x| x.to_f64()).collect();
        let words: Vec<i32> = floats.iter().map(|x| *x as i32).collect();
        let narrow: Vec<u8> = floats.iter().map(|x| *x as u8).collect();
        let launch = Launch::threads(n, block)
            .input(&data)
            .output(&floats)
            .output(&doubles);
        subject.check(launch.output(&words).output(&narrow).value(n as i32));
    }
}

fn bfloat_arithmetic(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, b) = (bfloats(&mut random, n), bfloats(&mut random, n));
        let results = |(x, y): (f64, f64)| {
            let smaller = if x < y { x } else { y };
            [
                x + y,
                x - y,
                x * y,
                x / y,
                x * y + x,
                -x,
                x.abs(),
                x.min(y),
                x.max(y),
                smaller,
            ]
        };
        let out: Vec<f64> = both(&a, &b)
            .flat_map(results)
            .map(|x| f64::from(to_bf16(x)))
            .collect();
        let mut bounds = [EXACT; 10];
        bounds[3] = BFLOAT;
        let launch = Launch::threads(n, block)
            .input(&a)
            .input(&b)
            .output_groups::<bf16>(&out, &bounds);
        subject.check(launch.value(n as i32));
    }
}

fn bfloat_pairs(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, b) = (bfloats(&mut random, 2 * n), bfloats(&mut random, 2 * n));
        let results = |(x, y): (f64, f64)| [x + y, x - y, x * y, x * y + x, x.min(y), x.max(y)];
        let out = in_pairs(both(&a, &b).map(results).collect());
        let out: Vec<bf16> = out.into_iter().map(to_bf16).collect();
        let launch = Launch::threads(n, block).input(&a).input(&b).output(&out);
        subject.check(launch.value(n as i32));
    }
}

fn bfloat_conversions(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| to_bf16(random.between(-3000.0, 3000.0)));
        let floats: Vec<f32> = data.iter().map(|x| x.to_f32()).collect();
        let words: Vec<i32> = floats.iter().map(|x| *x as i32).collect();
        let back = |(x, word): (&f32, &i32)| {
            let third = bf16::from_bits(((x / 3.0).to_bits() >> 16) as u16);
            [bf16::from_f32(x * 1.001), third, to_bf16(f64::from(*word))]
        };
        let back: Vec<bf16> = floats.iter().zip(&words).flat_map(back).collect();
        let pairs: Vec<bf16> = data.iter().flat_map(|x| [*x, -*x]).collect();
        let launch = Launch::threads(n, block)
            .input(&data)
            .output(&floats)
            .output(&words);
        subject.check(launch.output(&back).output(&pairs).value(n as i32));
    }
}

fn bfloat_saxpy(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (x, y) = (bfloats(&mut random, 2 * n), bfloats(&mut random, 2 * n));
        let a = f64::from(bf16::from_f32(1.2345));
        let after: Vec<bf16> = both(&x, &y).map(|(x, y)| to_bf16(a * x + y)).collect();
        let launch = Launch::threads(n, block)
            .value(1.2345f32)
            .input(&x)
            .update(&y, &after);
        subject.check(launch.value(n as i32));
    }
}

fn rust_halves(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, b) = (halves(&mut random, n), halves(&mut random, n));
        let results = |(x, y): (f64, f64)| {
            let smaller = if x < y { x } else { y };
            [x + y, x * y, f64::from(x as f32 / y as f32), smaller]
        };
        let out: Vec<f16> = both(&a, &b).flat_map(results).map(to_f16).collect();
        let launch = Launch::threads(n, block).input(&a).input(&b).output(&out);
        subject.check(launch.value(n as u32));
    }
}
