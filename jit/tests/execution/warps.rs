//! Votes, matches, shuffles and reductions of warps.

use crate::corpus::{Row, SIZES, Subject};
use crate::launch::Launch;
use crate::numbers::{Element, Number, Random};

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/warp", "votes", votes),
    ("cuda/warp", "matches", matches),
    ("cuda/warp", "aggregate", aggregate),
    ("cuda/warp", "shuffles", shuffles),
    ("cuda/warp", "compact", compact),
    ("cuda/warp_reduce", "warp_reductions", reductions),
    ("cuda/special", "whereabouts", whereabouts),
];

/// Grids of whole warps.
const WARPS: [(usize, usize); 3] = [(1, 32), (2, 64), (3, 96)];

fn votes(subject: &Subject) {
    for (blocks, block) in WARPS {
        for (low, high) in [(-50, 110), (0, 2000), (6, 8), (7, 8), (1100, 1101)] {
            let data =
                Random::new(block).many(blocks * block, |random| random.within(low, high) as i32);
            let vote = |warp: &[i32]| {
                let mut result = warp.iter().filter(|x| **x > 0).count() as u32;
                result |= u32::from(warp.iter().all(|x| *x < 1000)) << 8;
                result |= u32::from(warp.contains(&7)) << 9;
                let odd = warp.iter().filter(|x| **x & 1 != 0).count();
                result |= u32::from(odd == 0 || odd == 32) << 10;
                [result; 32]
            };
            let out: Vec<u32> = data.chunks(32).flat_map(vote).collect();
            subject.check(Launch::line(blocks, block).input(&data).output(&out));
        }
    }
}

fn matches(subject: &Subject) {
    for (blocks, block) in WARPS {
        for limit in [1, 4, 16, 40] {
            let mut random = Random::new(block);
            let data = random.many(blocks * block, |random| random.within(0, limit) as u32);
            let wide = random.many(blocks * block, |random| (random.within(0, 2) as u64) << 40);
            let mut out = Vec::new();
            for (narrow, wide) in data.chunks(32).zip(wide.chunks(32)) {
                let all = narrow.iter().all(|x| x >> 4 == narrow[0] >> 4);
                for lane in 0..32 {
                    let same = |other: &usize| {
                        narrow[*other] == narrow[lane] && wide[*other] == wide[lane]
                    };
                    let mask = (0..32)
                        .filter(same)
                        .fold(0, |mask, other| mask | 1u32 << other);
                    out.push(mask ^ if all { u32::MAX } else { 0 });
                }
            }
            subject.check(
                Launch::line(blocks, block)
                    .input(&data)
                    .input(&wide)
                    .output(&out),
            );
        }
    }
}

fn words(bytes: &[u8]) -> Vec<i128> {
    let integer = |bytes| match u32::read(bytes) {
        Number::Integer(value) => value,
        Number::Float(_) => -1,
    };
    bytes.chunks_exact(4).map(integer).collect()
}

fn aggregate(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| random.within(-50, 51) as i32);
        let kept = data.iter().filter(|x| **x > 0).count();
        let expected = data.clone();
        let places = move |found: &[u8]| {
            let found = words(found);
            let (mut own, rest): (Vec<_>, Vec<_>) =
                found.into_iter().zip(&expected).partition(|(_, x)| **x > 0);
            own.sort();
            let wanted = (5..5 + kept as i128).collect::<Vec<_>>();
            let own: Vec<i128> = own.into_iter().map(|(place, _)| place).collect();
            let stays = rest.iter().all(|(place, _)| *place == 0xaaaa);
            (own != wanted || !stays).then(|| format!("places {own:?}"))
        };
        let launch = Launch::threads(n, block)
            .input(&data)
            .update(&[5u32], &[5 + kept as u32]);
        subject.check(launch.checked(&vec![0xaaaau32; n], places).value(n as i32));
    }
}

fn shuffles(subject: &Subject) {
    for (blocks, block) in WARPS {
        let mut random = Random::new(block);
        let threads = blocks * block;
        let data = random.many(threads, |random| random.word() as i32);
        let (floats, doubles) = (random.f32s(threads), random.f64s(threads));
        let (mut out, mut float_out, mut double_out) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..threads {
            let (warp, lane) = (i & !31, i & 31);
            let from = |lane: usize| data[warp + lane];
            let others = [
                from(3),
                from(lane & !7 | (lane + 1) & 7),
                from(lane ^ 5),
                from(lane.max(1) - 1),
                from(if lane & 15 >= 2 { lane - 2 } else { lane }),
                from(if lane + 4 < 32 { lane + 4 } else { lane }),
                from(if lane & 3 < 3 { lane + 1 } else { lane }),
            ];
            out.push(others.into_iter().fold(0, i32::wrapping_add));
            float_out.push(floats[warp + (lane ^ 16)] + floats[warp + (data[i] & 31) as usize]);
            double_out.push(doubles[warp + (lane + 1).min(31)] - doubles[warp + lane.max(1) - 1]);
        }
        let launch = Launch::line(blocks, block)
            .input(&data)
            .input(&floats)
            .input(&doubles);
        subject.check(launch.output(&out).output(&float_out).output(&double_out));
    }
}

fn compact(subject: &Subject) {
    for (n, block) in [(0, 32), (1, 64), (100, 64), (64, 32), (150, 96)] {
        let data = Random::new(n).f32s(n);
        // Warps come one after the other here.
        let mut out: Vec<f32> = data.iter().copied().filter(|x| *x > 0.0).collect();
        let length = out.len() as u32;
        let before = vec![-7.0f32; n];
        out.resize(n, -7.0);
        let launch = Launch::threads(n, block)
            .in_order()
            .input(&data)
            .update(&before, &out);
        subject.check(launch.update(&[0u32], &[length]).value(n as i32));
    }
}

fn reductions(subject: &Subject) {
    for (blocks, block) in WARPS {
        let data = Random::new(block).many(blocks * block, |random| random.word() as u32);
        let reduce = |warp: &[u32]| {
            let signed = || warp.iter().map(|x| *x as i32);
            [
                warp.iter().copied().fold(0, u32::wrapping_add),
                warp.iter().copied().min().unwrap_or(0),
                warp.iter().copied().max().unwrap_or(0),
                signed().min().unwrap_or(0) as u32,
                signed().max().unwrap_or(0) as u32,
                warp.iter().fold(u32::MAX, |all, x| all & x),
                warp.iter().fold(0, |all, x| all | x),
                warp.iter().fold(0, |all, x| all ^ x),
            ]
        };
        let out: Vec<u32> = data.chunks(32).flat_map(reduce).collect();
        subject.check(Launch::line(blocks, block).input(&data).output(&out));
    }
}

fn whereabouts(subject: &Subject) {
    for (grid, block, shared) in [
        ([1, 1, 1], [1, 1, 1], 0),
        ([2, 3, 2], [5, 4, 3], 64),
        ([2, 1, 1], [64, 2, 1], 0),
    ] {
        let threads: usize = block.iter().product();
        let blocks: usize = grid.iter().product();
        let out: Vec<u32> = (0..blocks * threads)
            .map(|i| (i % threads % 32 + 1100 + 10000 * shared) as u32)
            .collect();
        let launch = Launch::of(grid, block).shared(shared).output(&out);
        subject.check(launch.checked(&vec![0u64; out.len()], |_| None));
    }
}
