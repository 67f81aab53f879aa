//! Bodies, waves, random numbers and sparse matrices.

use crate::corpus::{Row, SIZES, Subject};
use crate::launch::{Launch, within};
use crate::numbers::Random;

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/nbody", "nbody_accelerations", accelerations),
    ("cuda/nbody", "nbody_step", step),
    ("cuda/fft", "fft_256", fft),
    ("cuda/random", "random_words", random_words),
    ("cuda/random", "random_normal", random_normal),
    ("cuda/random", "estimate_pi", estimate_pi),
    ("cuda/sparse", "sparse_by_warp", sparse_by_warp),
    ("cuda/sparse", "breadth_first", breadth_first),
    ("cuda/sparse", "gather_rows", gather_rows),
];

fn accelerations(subject: &Subject) {
    for n in [1, 128, 200] {
        let bodies = Random::new(n).many(4 * n, |random| random.between(0.0, 2.0) as f32);
        let softening = 0.125f32;
        let mut out = Vec::new();
        for own in bodies.chunks(4) {
            let mut sums = [0.0; 4];
            for other in bodies.chunks(4) {
                let distance = [0, 1, 2].map(|at| f64::from(other[at] - own[at]));
                let square: f64 =
                    distance.iter().map(|x| x * x).sum::<f64>() + f64::from(softening);
                for (sum, distance) in sums.iter_mut().zip(distance) {
                    *sum += distance * f64::from(other[3]) / square.powf(1.5);
                }
            }
            out.extend(sums);
        }
        // Sums of hundreds of terms of about one.
        let launch = Launch::threads(n, 128)
            .input(&bodies)
            .output_near::<f32>(&out, within(1e-4));
        subject.check(launch.value(n as i32).value(softening));
    }
}

fn step(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (bodies, velocities, accelerations) = (
            random.eighths(4 * n),
            random.eighths(4 * n),
            random.eighths(4 * n),
        );
        let (mut moved, mut faster) = (bodies.clone(), velocities.clone());
        for at in (0..4 * n).filter(|at| at % 4 < 3) {
            faster[at] += accelerations[at] * 0.25;
            moved[at] += faster[at] * 0.25;
        }
        let launch = Launch::threads(n, block)
            .update(&bodies, &moved)
            .update(&velocities, &faster);
        subject.check(launch.input(&accelerations).value(0.25f32).value(n as i32));
    }
}

fn fft(subject: &Subject) {
    for (blocks, direction) in [(1, -1.0f32), (3, 1.0)] {
        let data =
            Random::new(blocks).many(512 * blocks, |random| random.between(-1.0, 1.0) as f32);
        let transform = |part: &[f32]| {
            let frequency = |k: usize| {
                let (mut real, mut imaginary) = (0.0, 0.0);
                for (i, x) in part.chunks(2).enumerate() {
                    let turns = (k * i % 256) as f64 / 256.0;
                    let angle = f64::from(direction) * std::f64::consts::TAU * turns;
                    real += f64::from(x[0]) * angle.cos() - f64::from(x[1]) * angle.sin();
                    imaginary += f64::from(x[0]) * angle.sin() + f64::from(x[1]) * angle.cos();
                }
                [real, imaginary]
            };
            (0..256).flat_map(frequency).collect::<Vec<f64>>()
        };
        let out: Vec<f64> = data.chunks(512).flat_map(transform).collect();
        // Eight steps with fast functions, of sums up to about 30.
        let launch = Launch::line(blocks, 128)
            .input(&data)
            .output_near::<f32>(&out, within(2e-5));
        subject.check(launch.value(direction));
    }
}

/// Philox of four words and ten rounds.
pub(crate) fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let products = [
            0xd251_1f53 * u64::from(counter[0]),
            0xcd9e_8d57 * u64::from(counter[2]),
        ];
        let [high0, high1] = products.map(|product| (product >> 32) as u32);
        let [low0, low1] = products.map(|product| product as u32);
        counter = [
            high1 ^ counter[1] ^ key[0],
            low1,
            high0 ^ counter[3] ^ key[1],
            low0,
        ];
        key = [
            key[0].wrapping_add(0x9e37_79b9),
            key[1].wrapping_add(0xbb67_ae85),
        ];
    }
    counter
}

fn random_words(subject: &Subject) {
    for (n, block) in SIZES {
        let (seed, offset) = (12345u32, 0x1_2345_6789u64);
        let words = |i: usize| {
            philox(
                [i as u32, offset as u32, (offset >> 32) as u32, 0],
                [seed, 0],
            )
        };
        let out: Vec<u32> = (0..n).flat_map(words).collect();
        let launch = Launch::threads(n, block)
            .output(&out)
            .value(seed)
            .value(offset);
        subject.check(launch.value(n as i32));
    }
}

fn random_normal(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(2 * n, |random| random.word() as u32);
        let pair = |words: &[u32]| {
            let [u, angle] = [(words[0] >> 8) + 1, words[1] >> 8]
                .map(|word| f64::from(word) / f64::from(1 << 24));
            let (radius, angle) = ((-2.0 * u.ln()).sqrt(), angle * std::f64::consts::TAU);
            [radius * angle.cos(), radius * angle.sin()]
        };
        let out: Vec<f64> = data.chunks(2).flat_map(pair).collect();
        // Fast functions of angles that were rounded twice, times up to 6.
        let launch = Launch::threads(n, block)
            .input(&data)
            .output_near::<f32>(&out, within(1e-5));
        subject.check(launch.value(n as i32));
    }
}

fn estimate_pi(subject: &Subject) {
    for (blocks, block, points) in [(1, 32, 0), (2, 64, 50), (1, 96, 333)] {
        let (seed, threads) = (99u32, (blocks * block) as u32);
        let count = |fused: bool| {
            let hits = |thread: u32| {
                let mut state = seed
                    .wrapping_add(thread)
                    .wrapping_mul(747_796_405)
                    .wrapping_add(2_891_336_453);
                let mut own = 0;
                for _ in 0..points {
                    state ^= state << 13;
                    state ^= state >> 17;
                    state ^= state << 5;
                    let x = (state >> 8) as f32 * 5.960_464_5e-8;
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let y = (state >> 8) as f32 * 5.960_464_5e-8;
                    let square = if fused {
                        x.mul_add(x, y * y)
                    } else {
                        x * x + y * y
                    };
                    own += u32::from(square < 1.0);
                }
                own
            };
            (0..threads).map(hits).sum::<u32>()
        };
        assert_eq!(count(true), count(false), "no point lies on the circle");
        let launch = Launch::line(blocks, block).update(&[5u32], &[5 + count(false)]);
        subject.check(launch.value(seed).value(points));
    }
}

/// Where the parts of so many rows begin.
fn starts(random: &mut Random, rows: usize, longest: i64) -> Vec<i32> {
    let mut starts = vec![0];
    for row in 0..rows {
        starts.push(starts[row] + random.within(0, longest) as i32);
    }
    starts
}

fn sparse_by_warp(subject: &Subject) {
    for (rows, block) in [(1, 32), (20, 96), (7, 64)] {
        let mut random = Random::new(rows);
        let starts = starts(&mut random, rows, 70);
        let count = starts[rows] as usize;
        let columns = random.many(count, |random| random.within(0, 50) as i32);
        let values: Vec<f64> = random.eighths(count).into_iter().map(f64::from).collect();
        let x: Vec<f64> = random.eighths(50).into_iter().map(f64::from).collect();
        let sum = |row: usize| {
            let own = starts[row] as usize..starts[row + 1] as usize;
            own.map(|at| values[at] * x[columns[at] as usize])
                .fold(0.0, |sum, term| sum + term)
        };
        let y: Vec<f64> = (0..rows).map(sum).collect();
        let launch = Launch::threads(32 * rows, block)
            .input(&starts)
            .input(&columns)
            .input(&values);
        subject.check(launch.input(&x).output(&y).value(rows as i32));
    }
}

fn breadth_first(subject: &Subject) {
    for (nodes, block) in [(1, 32), (100, 32), (50, 7)] {
        let mut random = Random::new(nodes);
        let starts = starts(&mut random, nodes, 5);
        let neighbours = random.many(starts[nodes] as usize, |random| {
            random.within(0, nodes as i64) as i32
        });
        let depths = random.many(nodes, |random| {
            [3, 4, u32::MAX, u32::MAX][random.word() as usize % 4]
        });
        let mut after = depths.clone();
        let mut changed = 0;
        for node in (0..nodes).filter(|node| depths[*node] == 4) {
            for neighbour in &neighbours[starts[node] as usize..starts[node + 1] as usize] {
                let depth = &mut after[*neighbour as usize];
                if *depth == u32::MAX {
                    (*depth, changed) = (5, 1);
                }
            }
        }
        let launch = Launch::threads(nodes, block)
            .input(&starts)
            .input(&neighbours);
        let launch = launch
            .update(&depths, &after)
            .value(4u32)
            .update(&[0i32], &[changed]);
        subject.check(launch.value(nodes as i32));
    }
}

fn gather_rows(subject: &Subject) {
    for (width, n, blocks, block) in [(1, 0, 1, 32), (5, 30, 3, 32), (70, 4, 9, 33)] {
        let mut random = Random::new(width);
        let ids = random.many(n, |random| random.within(0, 40) as i32);
        let rows = random.f32s(4 * 40 * width);
        let out: Vec<f32> = ids
            .iter()
            .flat_map(|id| rows[*id as usize * 4 * width..][..4 * width].to_vec())
            .collect();
        let launch = Launch::line(blocks, block)
            .input(&ids)
            .input(&rows)
            .output(&out);
        subject.check(launch.value(width as i32).value(n as i32));
    }
}
