//! Comparisons, and loops that end early.

use crate::corpus::{Row, SIZES, Subject};
use crate::launch::Launch;
use crate::numbers::Random;

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/branches", "classify", classify),
    ("cuda/branches", "comparisons", comparisons),
    ("cuda/branches", "interpreter", interpreter),
    ("cuda/branches", "collatz", collatz),
    ("rust/branches", "compare", compare),
    (
        "rust/branches",
        "greatest_common_divisor",
        greatest_common_divisor,
    ),
    ("rust/branches", "find", find),
];

fn classify(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).any_f32s(n);
        // Tiny numbers are zeros where speed matters more.
        let data: Vec<f32> = data
            .into_iter()
            .map(|x| if x.is_subnormal() { 0.5 } else { x })
            .collect();
        let class = |x: &f32| match *x {
            x if x.is_nan() => -1,
            x if x < 0.0 && x > -1.0 => 1,
            x if x < 0.0 => 2,
            0.0 => 3,
            x if x <= 1.0 => 4,
            _ => 5,
        };
        let out: Vec<i32> = data.iter().map(class).collect();
        subject.check(
            Launch::threads(n, block)
                .input(&data)
                .output(&out)
                .value(n as i32),
        );
    }
}

fn comparisons(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let a = random.many(n, |random| random.within(-2, 3) as i32);
        let b = random.many(n, |random| random.word() as u32 >> (random.word() % 32));
        let c = random.any_f64s(n);
        let before = vec![0xaaaau32; n];
        let mut after = before.clone();
        for i in 0..n.max(1) - 1 {
            let bits = [
                a[i] < a[i + 1],
                a[i] <= a[i + 1],
                a[i] == a[i + 1],
                b[i] > b[i + 1],
                b[i] >= b[i + 1],
                b[i] != b[i + 1],
                c[i] < c[i + 1],
                c[i].partial_cmp(&c[i + 1]) != Some(std::cmp::Ordering::Less),
                c[i] != c[i + 1],
                c[i] >= c[i + 1] && a[i] > 0,
                c[i] == c[i + 1] || b[i] == 0,
                (a[i] > 0) != (b[i] > 7),
            ];
            after[i] = bits
                .iter()
                .enumerate()
                .fold(0, |bits, (at, bit)| bits | u32::from(*bit) << at);
        }
        let launch = Launch::threads(n, block)
            .input(&a)
            .input(&b)
            .input(&c)
            .update(&before, &after);
        subject.check(launch.value(n as u32));
    }
}

fn interpreted(program: &[u8], mut value: i32) -> i32 {
    let mut at = 0;
    while at < program.len() {
        match program[at] {
            0 => break,
            1 => value = value.wrapping_add(3),
            2 => value = value.wrapping_mul(5),
            3 => value ^= value >> 3,
            4 => value = value.wrapping_abs(),
            5 => loop {
                value = value.wrapping_sub(7);
                if value <= 100 {
                    break;
                }
            },
            6 => at += (value & 1) as usize,
            _ => {}
        }
        at += 1;
    }
    value
}

fn interpreter(subject: &Subject) {
    for (n, block) in SIZES {
        for program in [
            &[][..],
            &[5, 3, 6, 1, 4, 9, 2, 6, 6, 3, 1, 0, 1],
            &[4, 5, 2, 6, 3, 6, 1, 5],
        ] {
            let inputs = Random::new(n).many(n, |random| random.within(-500, 500) as i32);
            let out: Vec<i32> = inputs
                .iter()
                .map(|input| interpreted(program, *input))
                .collect();
            let launch = Launch::threads(n, block)
                .input(program)
                .input(&inputs)
                .output(&out);
            subject.check(launch.value(program.len() as i32).value(n as i32));
        }
    }
}

fn collatz(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| random.word() >> (random.word() % 64));
        let steps = |value: &u64| {
            let (mut value, mut steps) = (*value, 0);
            while value > 1 && steps < 90 {
                value = if value & 1 == 1 {
                    value.wrapping_mul(3).wrapping_add(1)
                } else {
                    value / 2
                };
                steps += 1;
            }
            steps
        };
        let out: Vec<u32> = data.iter().map(steps).collect();
        let launch = Launch::threads(n, block).input(&data).output(&out);
        subject.check(launch.value(90u32).value(n as u32));
    }
}

fn compare(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, b) = (random.any_f64s(n), random.any_f64s(n));
        let b: Vec<f64> = a
            .iter()
            .zip(b)
            .enumerate()
            .map(|(i, (a, b))| if i % 5 == 0 { *a } else { b })
            .collect();
        let code = |(a, b): (&f64, &f64)| a.partial_cmp(b).map_or(2, |order| order as i32);
        let out: Vec<i32> = a.iter().zip(&b).map(code).collect();
        let launch = Launch::threads(n, block).input(&a).input(&b).output(&out);
        subject.check(launch.value(n as u32));
    }
}

fn greatest_common_divisor(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let mut numbers = || random.many(n, |random| random.word() >> (random.word() % 64));
        let (a, b) = (numbers(), numbers());
        let divisor = |(a, b): (&u64, &u64)| {
            let (mut x, mut y) = (*a, *b);
            while y != 0 {
                (x, y) = (y, x % y);
            }
            x
        };
        let out: Vec<u64> = a.iter().zip(&b).map(divisor).collect();
        let launch = Launch::threads(n, block).input(&a).input(&b).output(&out);
        subject.check(launch.value(n as u32));
    }
}

fn find(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let mut table = random.many(n / 2, |random| random.within(-100, 100) as i32);
        table.sort();
        table.dedup();
        let wanted = random.many(n, |random| random.within(-100, 100) as i32);
        let place = |wanted: &i32| {
            table
                .binary_search(wanted)
                .map_or(u32::MAX, |place| place as u32)
        };
        let out: Vec<u32> = wanted.iter().map(place).collect();
        let launch = Launch::threads(n, block)
            .input(&table)
            .value(table.len() as u32);
        subject.check(launch.input(&wanted).output(&out).value(n as u32));
    }
}
