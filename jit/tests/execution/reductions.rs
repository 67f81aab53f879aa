//! Sums, limits and running sums. Floats are small multiples of a power of two, so that every order gives the same.

use crate::corpus::{Row, Subject};
use crate::launch::Launch;
use crate::numbers::Random;

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/reduction", "reduce_shuffle", shuffle),
    ("cuda/reduction", "reduce_tree", tree),
    ("cuda/reduction", "reduce_atomic", atomic),
    ("cuda/reduction", "extremes", extremes),
    ("cuda/reduction", "reduce_last_block", last_block),
    ("rust/reduction", "reduce_tree", rust_tree),
    ("rust/reduction", "reduce_shuffle", rust_shuffle),
    ("triton/sum_rows", "sum_rows", sum_rows),
    ("triton/sum_all", "sum_all", sum_all),
    ("triton/find_largest", "find_largest", find_largest),
    ("triton/extremes", "extremes", triton_extremes),
    ("cuda/scan", "scan_shuffle", scan_shuffle),
    ("cuda/scan", "scan_add_totals", scan_add_totals),
    ("cuda/scan", "scan_two_buffers", scan_two_buffers),
    ("cuda/scan", "scan_tree", scan_tree),
    ("triton/scan", "scan", triton_scan),
];

/// The sum of each block's elements where the grid strides over all.
fn strided_sums(data: &[f32], blocks: usize, block: usize) -> Vec<f32> {
    let mut sums = vec![0.0; blocks];
    for (i, x) in data.iter().enumerate() {
        sums[i / block % blocks] += x;
    }
    sums
}

fn shuffle(subject: &Subject) {
    for (n, blocks, block) in [
        (0, 1, 32),
        (1, 2, 64),
        (1000, 3, 256),
        (77, 2, 96),
        (1025, 1, 1024),
    ] {
        let data = Random::new(n).eighths(n);
        let sums = strided_sums(&data, blocks, block);
        subject.check(
            Launch::line(blocks, block)
                .input(&data)
                .output(&sums)
                .value(n as i32),
        );
    }
}

fn tree(subject: &Subject) {
    for (n, block) in [(0, 32), (1, 1), (5, 2), (1000, 256), (77, 64)] {
        let data = Random::new(n).eighths(n);
        let launch = Launch::threads(n, block).shared(4 * block);
        let sums = strided_sums(&data, launch.grid[0] as usize, block);
        subject.check(launch.input(&data).output(&sums).value(n as i32));
    }
}

fn atomic(subject: &Subject) {
    for (n, blocks, block) in [(0, 1, 32), (1, 2, 64), (1000, 3, 64), (77, 2, 96)] {
        let data: Vec<f64> = Random::new(n)
            .eighths(n)
            .into_iter()
            .map(f64::from)
            .collect();
        let sum = data.iter().fold(2.5, |sum, x| sum + x);
        subject.check(
            Launch::line(blocks, block)
                .input(&data)
                .update(&[2.5f64], &[sum])
                .value(n as i32),
        );
    }
}

fn extremes(subject: &Subject) {
    for (n, blocks, block) in [(0, 1, 32), (1, 2, 64), (1000, 3, 64), (77, 2, 9)] {
        let data = Random::new(n).many(n, |random| random.word() as i32 >> 24);
        let least = data.iter().copied().fold(i32::MAX, i32::min);
        let place = |(i, x): (usize, &i32)| {
            u64::from(*x as u32 ^ 1 << 31) << 32 | (u64::from(u32::MAX) - i as u64)
        };
        let largest = data.iter().enumerate().map(place).fold(0, u64::max);
        let launch = Launch::line(blocks, block)
            .input(&data)
            .update(&[i32::MAX], &[least]);
        subject.check(launch.update(&[0u64], &[largest]).value(n as i32));
    }
}

fn last_block(subject: &Subject) {
    for (n, blocks) in [(0, 1), (1, 2), (1000, 3)] {
        let data = Random::new(n).eighths(n);
        let sums = strided_sums(&data, blocks, 256);
        let total = sums.iter().fold(0.0, |sum, x| sum + x);
        let launch = Launch::line(blocks, 256)
            .input(&data)
            .output(&sums)
            .output(&[total]);
        subject.check(launch.value(n as i32));
    }
}

fn rust_tree(subject: &Subject) {
    for (n, blocks, block) in [(0, 1, 32), (1, 2, 64), (1000, 3, 256), (77, 2, 2)] {
        let data = Random::new(n).eighths(n);
        let sums = strided_sums(&data, blocks, block);
        subject.check(
            Launch::line(blocks, block)
                .input(&data)
                .output(&sums)
                .value(n as u32),
        );
    }
}

fn rust_shuffle(subject: &Subject) {
    for (n, blocks, block) in [(0, 1, 32), (1, 2, 64), (1000, 3, 64), (77, 2, 96)] {
        let data = Random::new(n).eighths(n);
        let sum = data.iter().fold(2.5, |sum, x| sum + x);
        subject.check(
            Launch::line(blocks, block)
                .input(&data)
                .update(&[2.5f32], &[sum])
                .value(n as u32),
        );
    }
}

fn sum_rows(subject: &Subject) {
    for (rows, columns) in [(1, 1), (5, 1500), (3, 1024), (2, 63)] {
        let data = Random::new(columns).eighths(rows * columns);
        let sums: Vec<f32> = data.chunks(columns).map(|row| row.iter().sum()).collect();
        let launch = Launch::line(rows, 256)
            .shared(32)
            .input(&data)
            .output(&sums);
        subject.check(launch.value(columns as i32).null().null());
    }
}

fn sum_all(subject: &Subject) {
    for n in [0, 1, 512, 1501] {
        let data: Vec<f64> = Random::new(n)
            .eighths(n)
            .into_iter()
            .map(f64::from)
            .collect();
        let sum = data.iter().fold(2.5, |sum, x| sum + x);
        let launch = Launch::threads(n.div_ceil(512) * 128, 128)
            .shared(32)
            .input(&data);
        subject.check(
            launch
                .update(&[2.5f64], &[sum])
                .value(n as i32)
                .null()
                .null(),
        );
    }
}

fn find_largest(subject: &Subject) {
    for (rows, columns) in [(1, 1), (5, 200), (3, 256), (7, 63)] {
        // Few different numbers, so that the largest is there more than once.
        let data =
            Random::new(columns).many(rows * columns, |random| random.within(-20, -9) as i32);
        let values: Vec<i32> = data
            .chunks(columns)
            .map(|row| *row.iter().max().expect("a column"))
            .collect();
        let rows_and_values = data.chunks(columns).zip(&values);
        let place = |(row, value): (&[i32], &i32)| {
            row.iter().position(|x| x == value).expect("it is there") as i32
        };
        let places: Vec<i32> = rows_and_values.map(place).collect();
        let launch = Launch::line(rows, 128)
            .shared(32)
            .input(&data)
            .output(&values)
            .output(&places);
        subject.check(launch.value(columns as i32).null().null());
    }
}

fn triton_extremes(subject: &Subject) {
    for n in [0, 1, 256, 1000] {
        let data = Random::new(n).many(n, |random| random.word() as i32);
        let blocks = n.div_ceil(256).max(1);
        // The last block has zeros where no elements are.
        let zero = if n < 256 * blocks { 0 } else { i32::MAX };
        let least = data.iter().copied().fold(zero.min(1000), i32::min);
        let largest = data
            .iter()
            .copied()
            .fold(if n < 256 * blocks { 0 } else { -1000 }, i32::max);
        let launch = Launch::line(blocks, 128).in_order().shared(16).input(&data);
        let launch = launch
            .update(&[1000i32], &[least])
            .update(&[-1000i32], &[largest]);
        // The first block takes the lock, and nobody else finds it at zero.
        subject.check(
            launch
                .update(&[0i32, 7], &[2, 0])
                .value(n as i32)
                .null()
                .null(),
        );
    }
}

fn scan_shuffle(subject: &Subject) {
    for n in [0, 1, 256, 1000] {
        let data = Random::new(n).many(n, |random| random.word() as i32);
        let running = |part: &[i32]| {
            let mut sum = 0i32;
            let step = |x: &i32| {
                sum = sum.wrapping_add(*x);
                sum
            };
            part.iter().map(step).collect::<Vec<_>>()
        };
        let out: Vec<i32> = data.chunks(256).flat_map(running).collect();
        let mut totals: Vec<i32> = data
            .chunks(256)
            .map(|part| part.iter().copied().fold(0, i32::wrapping_add))
            .collect();
        totals.resize(totals.len().max(1), 0);
        let launch = Launch::threads(n, 256)
            .input(&data)
            .output(&out)
            .output(&totals);
        subject.check(launch.value(n as i32));
    }
}

fn scan_add_totals(subject: &Subject) {
    for (n, block) in [(0, 32), (1, 32), (1000, 256), (50, 7)] {
        let mut random = Random::new(n);
        let data = random.many(n, |random| random.word() as i32);
        let launch = Launch::threads(n, block);
        let totals = random.many(launch.grid[0] as usize, |random| random.word() as i32);
        let before = |i: usize| {
            totals[..i / block]
                .iter()
                .copied()
                .fold(0, i32::wrapping_add)
        };
        let after: Vec<i32> = data
            .iter()
            .enumerate()
            .map(|(i, x)| x.wrapping_add(before(i)))
            .collect();
        subject.check(launch.update(&data, &after).input(&totals).value(n as i32));
    }
}

fn running(data: &[f32]) -> Vec<f32> {
    let mut sum = 0.0;
    let step = |x: &f32| {
        sum += x;
        sum
    };
    data.iter().map(step).collect()
}

fn scan_two_buffers(subject: &Subject) {
    for (n, block) in [(0, 32), (1, 1), (500, 512), (100, 100), (33, 77)] {
        let data = Random::new(n).eighths(n);
        let launch = Launch::line(1, block).shared(8 * block).input(&data);
        subject.check(launch.output(&running(&data)).value(n as i32));
    }
}

fn scan_tree(subject: &Subject) {
    for blocks in [1, 3] {
        let data = Random::new(blocks).many(512 * blocks, Random::word);
        let before = |part: &[u64]| {
            let mut sum = 0u64;
            let step = |x: &u64| {
                let before = sum;
                sum = sum.wrapping_add(*x);
                before
            };
            part.iter().map(step).collect::<Vec<_>>()
        };
        let after: Vec<u64> = data.chunks(512).flat_map(before).collect();
        subject.check(Launch::line(blocks, 256).update(&data, &after));
    }
}

fn triton_scan(subject: &Subject) {
    for (rows, columns) in [(1, 1), (5, 500), (2, 512), (3, 77)] {
        let data = Random::new(columns).eighths(rows * columns);
        let sums: Vec<f32> = data.chunks(columns).flat_map(running).collect();
        let launch = Launch::line(rows, 128)
            .shared(64)
            .input(&data)
            .output(&sums);
        subject.check(launch.value(columns as i32).null().null());
    }
}
