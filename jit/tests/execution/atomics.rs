//! Atomic operations, orders, locks and barriers. A block's threads run one after the other between two waits, and
//! where it is said so do blocks: what one leaves the next finds.

use crate::corpus::{Row, SIZES, Subject};
use crate::launch::Launch;
use crate::numbers::Random;

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/atomics", "atomics_u32", atomics_u32),
    ("cuda/atomics", "atomics_u64", atomics_u64),
    ("cuda/atomics", "atomics_without_result", without_result),
    ("cuda/atomics", "atomics_shared", shared),
    ("cuda/atomics", "atomics_by_exchange", by_exchange),
    ("cuda/atomics", "lock_and_count", lock_and_count),
    ("cuda/memory_order", "orders_and_scopes", orders_and_scopes),
    (
        "cuda/memory_order",
        "release_and_acquire",
        release_and_acquire,
    ),
    ("rust/histogram", "each_atomic", each_atomic),
    ("rust/histogram", "hand_over", hand_over),
    ("cuda/barriers", "barrier_votes", barrier_votes),
    ("cuda/barriers", "fences", fences),
    ("cuda/barriers", "relax_until_done", relax_until_done),
];

fn atomics_u32(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let data = random.many(n, |random| random.word() as u32);
        let before = random.many(10, |random| random.word() as u32 % 2000);
        let mut now: Vec<u32> = before.clone();
        now[9] = 0;
        let before = [&before[..9], &[0]].concat();
        let found = |x: &u32| {
            let seen = now.iter().fold(0, |seen, number| seen ^ number);
            now[0] = now[0].wrapping_add(*x);
            now[1] = now[1].min(*x);
            now[2] = now[2].max(*x);
            now[3] &= x;
            now[4] |= x;
            now[5] ^= x;
            now[6] = if now[6] >= 1000 { 0 } else { now[6] + 1 };
            now[7] = if now[7] == 0 || now[7] > 1000 {
                1000
            } else {
                now[7] - 1
            };
            now[8] = *x;
            if now[9] == 0 {
                now[9] = *x;
            }
            seen
        };
        let found: Vec<u32> = data.iter().map(found).collect();
        let launch = Launch::threads(n, block)
            .in_order()
            .update(&before, &now)
            .output(&found)
            .input(&data);
        subject.check(launch.value(n as i32));
    }
}

fn atomics_u64(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let data = random.many(n, Random::word);
        let mut before = random.many(5, Random::word);
        before[4] = 0;
        let mut now = before.clone();
        let found = |x: &u64| {
            let seen = now.iter().fold(0, |seen, number| seen ^ number);
            now[0] = now[0].wrapping_add(*x);
            now[1] = now[1].max(*x);
            now[2] = (now[2] as i64).min(*x as i64) as u64;
            now[3] = *x;
            if now[4] == 0 {
                now[4] = *x;
            }
            seen
        };
        let found: Vec<u64> = data.iter().map(found).collect();
        let launch = Launch::threads(n, block)
            .in_order()
            .update(&before, &now)
            .output(&found)
            .input(&data);
        subject.check(launch.value(n as i32));
    }
}

fn without_result(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| random.within(-5000, 5000) as i32);
        let (numbers, wide) = ([3, -4, 100, -100], [7u64, u64::MAX, 0, 0]);
        let (mut numbers_after, mut wide_after) = (numbers, wide);
        let mut sum = 0;
        for x in &data {
            sum += x;
            numbers_after[0] += x;
            numbers_after[1] -= x;
            numbers_after[2] = numbers_after[2].min(*x);
            numbers_after[3] = numbers_after[3].max(*x);
            let unsigned = i64::from(*x) as u64;
            wide_after[0] = wide_after[0].wrapping_add(unsigned);
            wide_after[1] = wide_after[1].min(unsigned);
            wide_after[2] = wide_after[2].max(unsigned);
            wide_after[3] |= 1 << (x & 63);
        }
        let launch = Launch::threads(n, block)
            .update(&numbers, &numbers_after)
            .update(&wide, &wide_after);
        let launch = launch.update(&[1.5f32], &[sum as f32 + 1.5]);
        let launch = launch
            .update(&[2.5f64], &[f64::from(sum) + 2.5])
            .input(&data);
        subject.check(launch.value(n as i32));
    }
}

fn shared(subject: &Subject) {
    for (n, block) in [(0, 32), (1, 64), (100, 64), (50, 7), (200, 96)] {
        let data = Random::new(n).many(n, |random| random.word() as u32 >> 12);
        let (mut numbers, mut wide, mut floats) = (Vec::new(), Vec::new(), Vec::new());
        let launch = Launch::threads(n, block);
        for index in 0..launch.grid[0] as usize {
            let part = &data[(index * block).min(n)..((index + 1) * block).min(n)];
            numbers.extend([
                part.iter().copied().fold(0, u32::wrapping_add),
                part.iter().copied().fold(0, u32::max),
                part.iter().copied().fold(u32::MAX, u32::min),
                part.iter().fold(u32::MAX, |all, x| all & x),
                part.iter().fold(0, |all, x| all | x),
                part.iter().fold(0, |all, x| all ^ x),
            ]);
            let squares = part.iter().map(|x| u64::from(*x) * u64::from(*x));
            wide.extend([
                part.iter().copied().map(u64::from).sum(),
                squares.max().unwrap_or(0),
            ]);
            // Sums of a hundred numbers below 2^20 are below 2^27: rounded, in the order of threads.
            floats.push(part.iter().fold(0.0, |sum, x| sum + *x as f32));
        }
        let launch = launch
            .output(&numbers)
            .output(&wide)
            .output(&floats)
            .input(&data);
        subject.check(launch.value(n as i32));
    }
}

fn by_exchange(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| random.between(0.9, 1.2) as f32);
        let largest = data.iter().copied().fold(0.5, f32::max);
        let product = data.iter().fold(3.0, |product, x| product * f64::from(*x));
        let launch = Launch::threads(n, block)
            .in_order()
            .update(&[0.5f32], &[largest]);
        subject.check(
            launch
                .update(&[3.0f64], &[product])
                .input(&data)
                .value(n as i32),
        );
    }
}

fn lock_and_count(subject: &Subject) {
    for (blocks, block) in [(1, 1), (5, 64), (3, 7)] {
        let launch = Launch::line(blocks, block).update(&[0u32], &[0]);
        subject.check(launch.update(&[9u32], &[9 + blocks as u32]));
    }
}

fn orders_and_scopes(subject: &Subject) {
    for (blocks, block) in [(1, 1), (2, 64), (3, 7)] {
        let threads = (blocks * block) as u32;
        let after = [threads, threads, 7, 7, 2 * threads, 3, 4, 5, 99];
        let launch = Launch::line(blocks, block).update(&[0, 0, 0, 0, 0, 0, 0, 0, 99], &after);
        let launch = launch.update(&[1u64 << 40], &[(1 << 40) + u64::from(threads)]);
        subject.check(launch.update(&[0.5f32], &[0.5 + 0.5 * threads as f32]));
    }
}

fn release_and_acquire(subject: &Subject) {
    let launch = Launch::line(2, 32)
        .in_order()
        .update(&[0u32], &[1])
        .update(&[7u32], &[42]);
    subject.check(launch.update(&[0u32], &[42]));
}

fn each_atomic(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| random.word() as i32);
        let (words, wide) = ([5, 6, -1, 7, 8, 9], [1u64, 2, 3]);
        let (mut words_after, mut wide_after) = (words, wide);
        for x in &data {
            words_after[0] = words_after[0].min(*x);
            words_after[1] = words_after[1].max(*x);
            words_after[2] &= x;
            words_after[3] ^= x;
            words_after[4] = words_after[4].wrapping_sub(*x);
            words_after[5] = *x;
            let unsigned = i64::from(*x) as u64;
            wide_after[0] = wide_after[0].wrapping_add(unsigned);
            wide_after[1] |= 1 << (x & 63);
            wide_after[2] = wide_after[2].wrapping_mul(3).wrapping_add(unsigned);
        }
        let launch = Launch::threads(n, block)
            .in_order()
            .input(&data)
            .update(&words, &words_after);
        subject.check(launch.update(&wide, &wide_after).value(n as u32));
    }
}

fn hand_over(subject: &Subject) {
    for (blocks, block) in [(1, 64), (2, 32)] {
        let launch = Launch::line(blocks, block)
            .in_order()
            .update(&[0u32], &[42])
            .update(&[0u32], &[1]);
        subject.check(launch.update(&[0u32], &[42]));
    }
}

fn barrier_votes(subject: &Subject) {
    for (blocks, block) in [(1, 1), (3, 64), (2, 33), (5, 7)] {
        let data = Random::new(block).many(blocks * block, |random| random.within(-50, 110) as i32);
        let vote = |part: &[i32]| {
            let positive = part.iter().filter(|x| **x > 0).count() as i32;
            let all = i32::from(part.iter().all(|x| *x < 100));
            let any = i32::from(part.contains(&7));
            vec![4 * positive + 2 * all + any; part.len()]
        };
        let out: Vec<i32> = data.chunks(block).flat_map(vote).collect();
        subject.check(Launch::line(blocks, block).input(&data).output(&out));
    }
}

fn fences(subject: &Subject) {
    for blocks in [1, 3] {
        let threads = 32 * blocks;
        let out: Vec<i32> = (0..threads).map(|i| (i & !31) + ((i & 31) ^ 1)).collect();
        let data: Vec<i32> = (0..threads).collect();
        subject.check(Launch::line(blocks as usize, 32).output(&data).output(&out));
    }
}

/// Smooths until nothing moves, with or without fused products.
fn relaxed(data: &[f32], limit: usize, fused: bool) -> Vec<f32> {
    let mut now = data.to_vec();
    for _ in 0..limit {
        let next = |i: usize| {
            let (left, right) = (now[i.max(1) - 1], now[(i + 1).min(63)]);
            match fused {
                true => right.mul_add(0.25, now[i].mul_add(0.5, left * 0.25)),
                false => 0.25 * left + 0.5 * now[i] + 0.25 * right,
            }
        };
        let next: Vec<f32> = (0..64).map(next).collect();
        let moved = next
            .iter()
            .zip(&now)
            .any(|(next, now)| (next - now).abs() > 1e-4);
        now = next;
        if !moved {
            break;
        }
    }
    now
}

fn relax_until_done(subject: &Subject) {
    for (blocks, limit) in [(1, 0), (2, 50), (1, 400)] {
        // Products by powers of two are exact, so that fused ones differ in nothing.
        let data = Random::new(limit).f32s(64 * blocks);
        let after: Vec<f32> = data
            .chunks(64)
            .flat_map(|part| relaxed(part, limit, false))
            .collect();
        let fused: Vec<f32> = data
            .chunks(64)
            .flat_map(|part| relaxed(part, limit, true))
            .collect();
        assert_eq!(after, fused, "fused products are the same");
        subject.check(
            Launch::line(blocks, 64)
                .update(&data, &after)
                .value(limit as i32),
        );
    }
}
