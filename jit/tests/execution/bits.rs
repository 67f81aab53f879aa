//! Counting, permuting and packing bits; numbers wider and narrower than most.

use crate::corpus::{Row, SIZES, Subject};
use crate::launch::Launch;
use crate::numbers::Random;

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/bits", "bits_32", bits_32),
    ("cuda/bits", "bits_64", bits_64),
    ("cuda/bits", "bits_by_instruction", by_instruction),
    ("cuda/bits", "wide_integers", wide_integers),
    ("cuda/dot_products", "dot_bytes", dot_bytes),
    ("cuda/dot_products", "quantised_layer", quantised_layer),
    ("cuda/simd_video", "packed_bytes", packed_bytes),
    ("rust/constants", "bits", rust_bits),
    ("rust/constants", "wide_integers", rust_wide_integers),
];

/// Words of few and of many bits.
fn words(random: &mut Random, count: usize) -> Vec<u32> {
    random.many(count, |random| {
        random.word() as u32 >> (random.word() % 40).min(31)
    })
}

fn wide_words(random: &mut Random, count: usize) -> Vec<u64> {
    random.many(count, |random| {
        random.word() >> (random.word() % 80).min(63)
    })
}

/// Numbers of 128 bits, and others to add to them: some carry through every word.
fn wide_pairs(random: &mut Random, count: usize) -> (Vec<u128>, Vec<u128>) {
    let one = |random: &mut Random| {
        let wide = u128::from(random.word()) << 64 | u128::from(random.word());
        let other = u128::from(random.word()) << 64 | u128::from(random.word());
        match random.word() % 3 {
            0 => (wide, wide.wrapping_neg()),
            1 => (wide, !wide),
            _ => (wide, other),
        }
    };
    random.many(count, one).into_iter().unzip()
}

/// `prmt`: bytes of two words, or their signs.
fn permuted(x: u32, y: u32, selector: u32) -> u32 {
    let bytes = (u64::from(y) << 32 | u64::from(x)).to_le_bytes();
    u32::from_le_bytes([0, 1, 2, 3].map(|at| {
        let choice = selector >> (4 * at) & 15;
        let byte = bytes[(choice & 7) as usize];
        if choice < 8 {
            byte
        } else {
            (byte as i8 >> 7) as u8
        }
    }))
}

/// The first bit that is set, from one on; zero if there is none.
fn find_first(x: u32) -> u32 {
    if x == 0 { 0 } else { x.trailing_zeros() + 1 }
}

fn bits_32(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, b) = (words(&mut random, n), words(&mut random, n));
        let results = |(x, y): (&u32, &u32)| {
            let (x, y) = (*x, *y);
            let both = u64::from(y) << 32 | u64::from(x);
            let (signed_x, signed_y) = (x as i32, y as i32);
            let low = |word: i32| word << 8 >> 8;
            [
                x.count_ones(),
                x.leading_zeros(),
                x.reverse_bits(),
                find_first(x),
                permuted(x, y, 0x5140),
                permuted(x, y, y & 0x7777),
                (both << 7 >> 32) as u32,
                (both >> (y & 31)) as u32,
                ((u64::from(x) * u64::from(y)) >> 32) as u32,
                ((i64::from(signed_x) * i64::from(signed_y)) >> 32) as u32,
                low(signed_x).wrapping_mul(low(signed_y)) as u32,
                signed_x.abs_diff(signed_y).wrapping_add(5),
                x >> 5 & 0x7ff,
                x & !0xff00 | (y & 0xff) << 8,
            ]
        };
        let out: Vec<u32> = a.iter().zip(&b).flat_map(results).collect();
        subject.check(
            Launch::threads(n, block)
                .input(&a)
                .input(&b)
                .output(&out)
                .value(n as i32),
        );
    }
}

fn bits_64(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, b) = (wide_words(&mut random, n), wide_words(&mut random, n));
        let results = |(x, y): (&u64, &u64)| {
            [
                u64::from(x.count_ones()),
                u64::from(x.leading_zeros()),
                x.reverse_bits(),
                ((u128::from(*x) * u128::from(*y)) >> 64) as u64,
                x.rotate_left((y & 63) as u32),
                x >> 13 & 0xff_ffff,
            ]
        };
        let out: Vec<u64> = a.iter().zip(&b).flat_map(results).collect();
        subject.check(
            Launch::threads(n, block)
                .input(&a)
                .input(&b)
                .output(&out)
                .value(n as i32),
        );
    }
}

fn by_instruction(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, b) = (words(&mut random, n), words(&mut random, n));
        let results = |(x, y): (&u32, &u32)| {
            let (x, y, z) = (*x, *y, x >> 1);
            let both = u64::from(y) << 32 | u64::from(x);
            [
                x & y | x & z | y & z,
                x >> (y & 31) & 511,
                ((x as i32) << 22 >> 25) as u32,
                y & !(2047 << 5) | (x & 2047) << 5,
                31u32.wrapping_sub(x.leading_zeros()),
                (u128::from(both) << (y & 63).min(32) >> 32) as u32,
                if (x ^ y) as i32 >= 0 { x } else { y },
                permuted(x, y, x ^ y),
            ]
        };
        let out: Vec<u32> = a.iter().zip(&b).flat_map(results).collect();
        subject.check(
            Launch::threads(n, block)
                .input(&a)
                .input(&b)
                .output(&out)
                .value(n as i32),
        );
    }
}

fn wide_integers(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, b) = wide_pairs(&mut random, n);
        let sums: Vec<u128> = a.iter().zip(&b).map(|(x, y)| x.wrapping_add(*y)).collect();
        let product = |(x, y): (&u128, &u128)| u128::from(*x as u64) * u128::from(*y as u64);
        let products: Vec<u128> = a.iter().zip(&b).map(product).collect();
        let launch = Launch::threads(n, block).input(&a).input(&b).output(&sums);
        subject.check(launch.output(&products).value(n as i32));
    }
}

fn signed_bytes(word: u32) -> [i32; 4] {
    word.to_le_bytes().map(|byte| i32::from(byte as i8))
}

fn dot_bytes(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let mut any = || random.many(n, |random| random.word() as u32);
        let (a, b, c, before) = (any(), any(), any(), any());
        let sum = |i: usize| {
            let (bytes, halves) = (
                signed_bytes(b[i]),
                [a[i] as i16, (a[i] >> 16) as i16].map(i32::from),
            );
            let products: i32 = signed_bytes(a[i])
                .iter()
                .zip(&bytes)
                .map(|(x, y)| x * y)
                .sum();
            let more = halves[0] * bytes[0] + halves[1] * bytes[1] + 3;
            before[i]
                .wrapping_add(products as u32)
                .wrapping_add(more as u32)
        };
        let after: Vec<u32> = (0..n).map(sum).collect();
        let unsigned = |i: usize| {
            let pairs = c[i].to_le_bytes().into_iter().zip(b[i].to_le_bytes());
            pairs.map(|(x, y)| u32::from(x) * u32::from(y)).sum::<u32>() + 1
        };
        let unsigned: Vec<u32> = (0..n).map(unsigned).collect();
        let launch = Launch::threads(n, block)
            .input(&a)
            .input(&b)
            .input(&c)
            .update(&before, &after);
        subject.check(launch.output(&unsigned).value(n as i32));
    }
}

fn quantised_layer(subject: &Subject) {
    for (rows, columns) in [(1, 0), (5, 50), (3, 32)] {
        let mut random = Random::new(columns);
        let matrix = random.many(rows * columns, |random| random.word() as u32);
        let vector = random.many(columns, |random| random.word() as u32);
        let scales = random.f32s(rows);
        let sum = |row: usize| {
            let pairs = matrix[row * columns..][..columns].iter().zip(&vector);
            let products =
                pairs.flat_map(|(x, y)| signed_bytes(*x).into_iter().zip(signed_bytes(*y)));
            products.map(|(x, y)| x * y).sum::<i32>() as f32 * scales[row]
        };
        let out: Vec<f32> = (0..rows).map(sum).collect();
        let launch = Launch::line(rows, 32)
            .input(&matrix)
            .input(&vector)
            .input(&scales);
        subject.check(launch.output(&out).value(columns as i32));
    }
}

fn packed_bytes(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let mut any = || random.many(n, |random| random.word() as u32);
        let (a, b) = (any(), any());
        let results = |(x, y): (&u32, &u32)| {
            let (x_bytes, y_bytes) = (x.to_le_bytes(), y.to_le_bytes());
            let bytes = |of: fn(u8, u8) -> u8| {
                u32::from_le_bytes([0, 1, 2, 3].map(|at| of(x_bytes[at], y_bytes[at])))
            };
            let halves = |of: fn(i16, i16) -> i16| {
                let half = |at: u32| u32::from(of((x >> at) as i16, (y >> at) as i16) as u16) << at;
                half(0) | half(16)
            };
            let distances = bytes(u8::abs_diff).to_le_bytes();
            [
                bytes(u8::wrapping_add),
                halves(i16::wrapping_sub),
                bytes(u8::abs_diff),
                halves(i16::max),
                bytes(u8::min),
                bytes(|x, y| if x > y { 0xff } else { 0 }),
                bytes(|x, y| (u16::from(x) + u16::from(y)).div_ceil(2) as u8),
                distances.into_iter().map(u32::from).sum(),
            ]
        };
        let out: Vec<u32> = a.iter().zip(&b).flat_map(results).collect();
        subject.check(
            Launch::threads(n, block)
                .input(&a)
                .input(&b)
                .output(&out)
                .value(n as i32),
        );
    }
}

fn rust_bits(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (data, counts) = (wide_words(&mut random, n), words(&mut random, n));
        let mixed = |(x, y): (&u64, &u32)| x.reverse_bits() ^ x.rotate_right(*y) ^ x.swap_bytes();
        let after: Vec<u64> = data.iter().zip(&counts).map(mixed).collect();
        let count = |(x, y): (&u64, &u32)| {
            x.count_ones() + x.leading_zeros() * 100 + y.trailing_zeros() * 10_000
        };
        let counted: Vec<u32> = data.iter().zip(&counts).map(count).collect();
        let launch = Launch::threads(n, block)
            .update(&data, &after)
            .update(&counts, &counted);
        subject.check(launch.value(n as u32));
    }
}

fn rust_wide_integers(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, b) = wide_pairs(&mut random, n);
        let results = |(x, y): (&u128, &u128)| {
            [
                x.wrapping_add(*y),
                x.wrapping_mul(*y),
                x >> (*y as u32 & 127),
            ]
        };
        let out: Vec<u128> = a.iter().zip(&b).flat_map(results).collect();
        subject.check(
            Launch::threads(n, block)
                .input(&a)
                .input(&b)
                .output(&out)
                .value(n as u32),
        );
    }
}
