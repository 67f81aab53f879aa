//! Memory of threads, blocks and modules, and pointers of which it shows only then what they mean.

use crate::corpus::{Row, SIZES, Subject};
use crate::launch::{Launch, within};
use crate::numbers::Random;

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/local_arrays", "local_histogram", local_histogram),
    ("cuda/local_arrays", "local_stack", local_stack),
    ("cuda/local_arrays", "local_or_shared", local_or_shared),
    ("cuda/local_arrays", "local_bytes", local_bytes),
    ("cuda/shared_memory", "shared_parts", shared_parts),
    ("cuda/shared_memory", "shared_vectors", shared_vectors),
    ("cuda/shared_memory", "shared_both", shared_both),
    ("cuda/shared_memory", "shared_or_global", shared_or_global),
    ("cuda/variables", "read_constants", read_constants),
    ("cuda/variables", "scale_by_constant", scale_by_constant),
    ("cuda/variables", "use_variables", use_variables),
    ("cuda/variables", "follow_pointers", follow_pointers),
    ("rust/constants", "read_tables", read_tables),
    ("rust/constants", "count", count),
];

fn local_histogram(subject: &Subject) {
    for (blocks, block, length) in [(1, 1, 0), (1, 64, 20), (3, 7, 33)] {
        let data = Random::new(length).many(length * blocks * block, |random| random.word() as u8);
        let mut out = vec![0u32; 16 * blocks * block];
        for (i, byte) in data.iter().enumerate() {
            out[i / length * 16 + usize::from(byte & 15)] += 1;
        }
        let launch = Launch::line(blocks, block).input(&data).output(&out);
        subject.check(launch.value(length as i32));
    }
}

fn local_stack(subject: &Subject) {
    for (n, block) in SIZES {
        let limit = 2000;
        let roots = Random::new(n).many(n, |random| random.within(0, 2100) as u32);
        let sum = |root: &u32| {
            let (mut sum, mut waiting) = (0, vec![*root]);
            while let Some(node) = waiting.pop() {
                sum += node % 10;
                for child in 0..3 {
                    let next = node * 3 + child + 1;
                    if next < limit && waiting.len() < 24 {
                        waiting.push(next);
                    }
                }
            }
            sum
        };
        let sums: Vec<u32> = roots.iter().map(sum).collect();
        let launch = Launch::threads(n, block).input(&roots).output(&sums);
        subject.check(launch.value(limit).value(n as i32));
    }
}

fn local_or_shared(subject: &Subject) {
    for threads in [4, 33, 64, 128] {
        for choice in 0..16 {
            let data = Random::new(threads).f64s(threads);
            let k = choice >> 2 & 3;
            let own = |i: usize, at: usize| data[i] * at as f64;
            let first = |i: usize| if choice & 1 == 1 { own(i, k) } else { data[k] };
            let out: Vec<f64> = (0..threads).map(|i| first(i) + own(i, i & 3)).collect();
            // Products may be fused with the sum.
            let launch = Launch::line(1, threads)
                .input(&data)
                .output_near::<f64>(&out, within(1e-13));
            subject.check(launch.value(choice as i32));
        }
    }
}

/// The decimal digits the other way round.
pub(crate) fn reversed(mut value: u32) -> u32 {
    let mut reversed = 0u32;
    loop {
        reversed = reversed.wrapping_mul(10).wrapping_add(value % 10);
        value /= 10;
        if value == 0 {
            return reversed;
        }
    }
}

fn local_bytes(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| random.word() as u32 >> (random.word() % 32));
        let out: Vec<u32> = data.iter().map(|value| reversed(*value)).collect();
        subject.check(
            Launch::threads(n, block)
                .input(&data)
                .output(&out)
                .value(n as i32),
        );
    }
}

fn shared_parts(subject: &Subject) {
    for (blocks, block) in [(1, 1), (2, 96), (3, 7)] {
        let mut random = Random::new(block);
        let threads = blocks * block;
        let (a, b) = (random.f64s(threads), random.f32s(threads));
        let c = random.many(threads, |random| random.word() as i16);
        let sum = |i: usize| a[i] + f64::from(b[i]) + f64::from(c[i]);
        let out: Vec<f64> = (0..threads)
            .map(|i| sum(i / block * block + block - 1 - i % block))
            .collect();
        let launch = Launch::line(blocks, block)
            .shared(14 * block)
            .input(&a)
            .input(&b)
            .input(&c);
        subject.check(launch.output(&out));
    }
}

fn shared_vectors(subject: &Subject) {
    for rotate in [0usize, 3, 65] {
        let mut random = Random::new(rotate);
        let data = random.f32s(256);
        let keys = random.many(64, |random| random.within(-5, 5) as i32);
        let values = random.f32s(64);
        let pairs: Vec<u32> = keys
            .iter()
            .zip(&values)
            .flat_map(|(key, value)| [*key as u32, value.to_bits()])
            .collect();
        let mut out = Vec::new();
        for i in 0..64 {
            let own = &data[((i + rotate) & 63) * 4..][..4];
            let w = if keys[i ^ 1] > 0 {
                own[3]
            } else {
                keys[63 - i] as f32
            };
            out.extend([own[0] + values[63 - i], own[1], own[2], w]);
        }
        let launch = Launch::line(1, 64).input(&data).input(&pairs).output(&out);
        subject.check(launch.value(rotate as i32));
    }
}

fn shared_both(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| random.word() as i32);
        let at = |i: usize| data.get(i).copied().unwrap_or(0);
        let sum = |i: usize| {
            at(i.wrapping_sub(1))
                .wrapping_add(at(i + 1))
                .wrapping_sub(at(i).wrapping_mul(2))
        };
        let out: Vec<i32> = (0..n).map(sum).collect();
        let launch = Launch::threads(n, block)
            .shared(4 * block)
            .input(&data)
            .output(&out);
        subject.check(launch.value(n as i32));
    }
}

fn shared_or_global(subject: &Subject) {
    for threshold in [0, 50, 128] {
        let data = Random::new(threshold).many(128, |random| random.word() as u32);
        let mut after = data.clone();
        let mut out = Vec::new();
        for (i, after) in after.iter_mut().enumerate() {
            let own = 3 * i as u32;
            if i < threshold {
                out.push(2 * (own + 11));
            } else {
                *after = after.wrapping_add(11);
                out.push(after.wrapping_add(own));
            }
        }
        let launch = Launch::line(1, 128).update(&data, &after).output(&out);
        subject.check(launch.value(threshold as i32));
    }
}

const PRIMES: [u32; 8] = [2, 3, 5, 7, 11, 13, 17, 19];

fn read_constants(subject: &Subject) {
    for threads in [1, 64, 33] {
        let message = b"hello from constant memory\0";
        let out: Vec<i32> = (0..threads).map(|i| 7 * PRIMES[i & 7] as i32).collect();
        let wide = |i: usize| {
            let x = i as f64;
            ((-0.125 * x + 0.25) * x - 0.5) * x + 1.0 + (1 + i % 3) as f64
        };
        let wide: Vec<f64> = (0..threads).map(wide).collect();
        let letter = |i: usize| *message.get(i).unwrap_or(&b"sun\0\0\0"[i % 6]);
        let text: Vec<u8> = (0..threads).map(letter).collect();
        subject.check(
            Launch::line(1, threads)
                .output(&out)
                .output(&wide)
                .output(&text),
        );
    }
}

fn scale_by_constant(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).f32s(n);
        let after: Vec<f32> = data.iter().map(|x| x * 0.0).collect();
        subject.check(
            Launch::threads(n, block)
                .update(&data, &after)
                .value(n as i32),
        );
    }
}

fn use_variables(subject: &Subject) {
    for threads in [1, 64, 33] {
        // Threads come one after the other here.
        let out: Vec<i32> = (100..100 + threads as i32).collect();
        let wide: Vec<u64> = (0..threads as u64)
            .map(|i| 0x0123_4567_89ab_cdef + i)
            .collect();
        let table = |i: usize| [0.5, 1.5, 2.5].get(i & 15).copied().unwrap_or(0.0f32);
        let floats: Vec<f32> = (0..threads)
            .map(|i| table(i) + [0.25, 0.75][i & 1])
            .collect();
        subject.check(
            Launch::line(1, threads)
                .output(&out)
                .output(&wide)
                .output(&floats),
        );
    }
}

fn follow_pointers(subject: &Subject) {
    for threads in [1, 64, 33] {
        let out = vec![100 + 5 * threads as i32; threads];
        let floats: Vec<f32> = (0..threads).map(|i| [11.5, 9.0, 9.0, 9.0][i & 3]).collect();
        subject.check(Launch::line(1, threads).output(&out).output(&floats));
    }
}

fn read_tables(subject: &Subject) {
    for (n, block) in SIZES {
        let words: Vec<u32> = (0..n).map(|i| PRIMES[i & 7]).collect();
        let floats: Vec<f64> = (0..n)
            .map(|i| i as f64 * [1.0, -0.5, 0.25, -0.125][i & 3])
            .collect();
        let letters: Vec<u8> = (0..n).map(|i| b"sixteen letters."[i & 15]).collect();
        let launch = Launch::threads(n, block)
            .output(&words)
            .output(&floats)
            .output(&letters);
        subject.check(launch.value(n as u32));
    }
}

fn count(subject: &Subject) {
    for (n, block) in SIZES {
        let out: Vec<u32> = (100..100 + n as u32).collect();
        subject.check(
            Launch::threads(n, block)
                .in_order()
                .output(&out)
                .value(n as u32),
        );
    }
}
