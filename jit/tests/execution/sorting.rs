//! Sorting and counting.

use crate::corpus::{Row, Subject};
use crate::launch::Launch;
use crate::numbers::Random;

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/radix_sort", "radix_count", radix_count),
    ("cuda/radix_sort", "radix_offsets", radix_offsets),
    ("cuda/radix_sort", "radix_scatter", radix_scatter),
    ("cuda/sort", "bitonic_block", bitonic_block),
    ("cuda/sort", "bitonic_step", bitonic_step),
    ("cuda/sort", "insertion_sort", insertion_sort),
    ("cuda/histogram", "histogram_global", histogram),
    ("cuda/histogram", "histogram_shared", histogram),
    ("cuda/histogram", "histogram_weighted", weighted),
    ("rust/histogram", "histogram", rust_histogram),
    ("triton/histogram", "histogram", triton_histogram),
    (
        "triton/histogram_of_block",
        "histogram_of_block",
        triton_histogram_of_block,
    ),
];

fn words(seed: usize, count: usize) -> Vec<u32> {
    Random::new(seed).many(count, |random| random.word() as u32)
}

/// For each digit and then each block of so many keys, how many of them have it.
fn counts(keys: &[u32], block: usize, shift: u32) -> Vec<u32> {
    let blocks = keys.len().div_ceil(block).max(1);
    let mut counts = vec![0; 16 * blocks];
    for (i, key) in keys.iter().enumerate() {
        counts[(key >> shift & 15) as usize * blocks + i / block] += 1;
    }
    counts
}

fn sums_before(numbers: &[u32]) -> Vec<u32> {
    let mut sum = 0u32;
    let step = |number: &u32| {
        let before = sum;
        sum = sum.wrapping_add(*number);
        before
    };
    numbers.iter().map(step).collect()
}

fn radix_count(subject: &Subject) {
    for (n, block, shift) in [(0, 32, 0), (1, 16, 28), (1000, 256, 4), (100, 50, 0)] {
        let keys = words(n, n);
        let launch = Launch::threads(n, block)
            .input(&keys)
            .output(&counts(&keys, block, shift));
        subject.check(launch.value(shift as i32).value(n as i32));
    }
}

fn radix_offsets(subject: &Subject) {
    for length in [0, 1, 32, 70, 128] {
        let before = words(length, length);
        let launch = Launch::line(1, 32).update(&before, &sums_before(&before));
        subject.check(launch.value(length as i32));
    }
}

fn radix_scatter(subject: &Subject) {
    for (n, shift) in [(1, 0), (256, 28), (1000, 4)] {
        let (keys, values) = (words(n, n), words(n + 1, n));
        let offsets = sums_before(&counts(&keys, 256, shift));
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|i| keys[*i] >> shift & 15);
        let sorted = |of: &[u32]| order.iter().map(|i| of[*i]).collect::<Vec<_>>();
        let launch = Launch::threads(n, 256).input(&keys).input(&values);
        let launch = launch
            .output(&sorted(&keys))
            .output(&sorted(&values))
            .input(&offsets);
        subject.check(launch.value(shift as i32).value(n as i32));
    }
}

fn bitonic_block(subject: &Subject) {
    for blocks in [1, 3] {
        let keys = Random::new(blocks).f32s(512 * blocks);
        let mut sorted = keys.clone();
        for part in sorted.chunks_mut(512) {
            part.sort_by(f32::total_cmp);
        }
        subject.check(Launch::line(blocks, 256).update(&keys, &sorted));
    }
}

fn bitonic_step(subject: &Subject) {
    for (blocks, block, size, stride) in [(1, 2, 2, 1), (2, 128, 32, 8), (4, 16, 64, 32)] {
        let keys = Random::new(block).many(blocks * block, Random::word);
        let mut after = keys.clone();
        for i in 0..keys.len() {
            let other = i ^ stride;
            if other > i && (after[i] > after[other]) == (i & size == 0) {
                after.swap(i, other);
            }
        }
        let launch = Launch::line(blocks, block).update(&keys, &after);
        subject.check(launch.value(size as u32).value(stride as u32));
    }
}

fn insertion_sort(subject: &Subject) {
    for (length, n, block) in [(0, 3, 32), (1, 1, 32), (17, 50, 64), (32, 9, 4)] {
        let keys = Random::new(length).many(length * n, |random| random.word() as i32 >> 20);
        let mut sorted = keys.clone();
        for part in sorted.chunks_mut(length.max(1)) {
            part.sort();
        }
        let launch = Launch::threads(n, block).update(&keys, &sorted);
        subject.check(launch.value(length as i32).value(n as i32));
    }
}

fn counted(bytes: &[u8], before: &[u32]) -> Vec<u32> {
    let mut bins = before.to_vec();
    for byte in bytes {
        bins[usize::from(*byte)] = bins[usize::from(*byte)].wrapping_add(1);
    }
    bins
}

fn bytes_and_bins(subject: &Subject, rest: fn(Launch, usize) -> Launch) {
    for (n, blocks, block) in [
        (0, 1, 32),
        (1, 2, 64),
        (1000, 3, 96),
        (77, 2, 9),
        (300, 1, 257),
    ] {
        let bytes = Random::new(n).many(n, |random| (random.word() % 100) as u8 + 150);
        let bins = words(n, 256);
        let launch = Launch::line(blocks, block)
            .input(&bytes)
            .update(&bins, &counted(&bytes, &bins));
        subject.check(rest(launch, n));
    }
}

fn histogram(subject: &Subject) {
    bytes_and_bins(subject, |launch, n| launch.value(n as i32));
}

fn rust_histogram(subject: &Subject) {
    bytes_and_bins(subject, |launch, n| launch.value(n as u32));
}

fn weighted(subject: &Subject) {
    for (n, blocks, block, count) in [(0, 1, 32, 1), (1000, 3, 96, 16), (77, 2, 9, 40)] {
        let mut random = Random::new(n);
        let (data, weights, bins) = (random.eighths(n), random.eighths(n), random.eighths(count));
        let mut after = bins.clone();
        for (x, weight) in data.iter().zip(&weights) {
            // Between -4 and 4, of which the width is a power of two.
            let bin = ((x + 4.0) / 8.0 * count as f32).floor();
            if bin >= 0.0 && bin < count as f32 {
                after[bin as usize] += weight;
            }
        }
        let launch = Launch::line(blocks, block)
            .shared(4 * count)
            .input(&data)
            .input(&weights);
        let launch = launch.update(&bins, &after).value(count as i32);
        subject.check(launch.value(-4.0f32).value(4.0f32).value(n as i32));
    }
}

fn triton(subject: &Subject, elements: usize, shared: usize) {
    for n in [0, 1, 256, 1025] {
        let data = words(n, n);
        let bins = words(n + 1, 64);
        let mut after = bins.clone();
        for word in &data {
            let bin = &mut after[(word & 63) as usize];
            *bin = bin.wrapping_add(1);
        }
        let launch = Launch::line(n.div_ceil(elements).max(1), 128)
            .shared(shared)
            .input(&data);
        subject.check(launch.update(&bins, &after).value(n as i32).null().null());
    }
}

fn triton_histogram(subject: &Subject) {
    triton(subject, 256, 2048);
}

fn triton_histogram_of_block(subject: &Subject) {
    triton(subject, 1024, 256);
}
