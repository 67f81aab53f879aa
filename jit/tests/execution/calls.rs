//! Functions that are called, choices among many, and what stops a kernel.

use crate::corpus::{Row, SIZES, Subject};
use crate::launch::Launch;
use crate::memory::reversed;
use crate::numbers::{Random, bytes};
use wasi_cuda_jit::cpu::FaultKind;

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/calls", "call_scalars", scalars),
    ("cuda/calls", "call_structures", structures),
    ("cuda/calls", "call_with_pointers", with_pointers),
    ("cuda/calls", "call_many_widths", many_widths),
    ("cuda/calls", "call_with_barrier", with_barrier),
    ("rust/calls", "turn", turn),
    ("rust/calls", "reverse_digits", reverse_digits),
    ("rust/calls", "products", products),
    ("rust/calls", "calculate", rust_calculate),
    ("cuda/switch", "calculator", calculator),
    ("cuda/switch", "stack_machine", stack_machine),
    ("cuda/switch", "days_of_month", days_of_month),
    ("cuda/special", "check_positive", check_positive),
];

fn scalars(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).eighths(n);
        let out = |x: &f32| x * x - 2.0 * x + 3.0 + ((0.5 * -x + 0.25) * -x + data[0]);
        let out: Vec<f32> = data.iter().map(out).collect();
        subject.check(
            Launch::threads(n, block)
                .input(&data)
                .output(&out)
                .value(n as i32),
        );
    }
}

fn structures(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).eighths(n);
        let ranges: Vec<f32> = data.iter().flat_map(|x| [x - 3.0, x + 3.0]).collect();
        let expected = data.clone();
        // Structures of 24 bytes, of which the last four may be anything.
        let moments = move |found: &[u8]| {
            let wrong = found.chunks(24).zip(&expected).position(|(found, x)| {
                let steps = [0.0, 0.5, 1.5, 3.0].map(|by| f64::from(x + by));
                let mut moments =
                    bytes(&[steps.iter().sum(), steps.iter().map(|x| x * x).sum::<f64>()]);
                moments.extend(4i32.to_le_bytes());
                found[..20] != moments
            });
            wrong.map(|at| format!("the moments of {at} are wrong"))
        };
        let launch = Launch::threads(n, block).input(&data).output(&ranges);
        subject.check(launch.checked(&vec![0u64; 3 * n], moments).value(n as i32));
    }
}

fn with_pointers(subject: &Subject) {
    for n in [0, 1, 2, 100, 129, 300] {
        let data = Random::new(n).many(n, |random| random.word() as u32);
        let mut after = data.clone();
        for i in 0..n / 2 {
            after.swap(2 * i, 2 * i + 1);
            let other = i & !63 | (i + 32) & 63;
            after[2 * i] = after[2 * i].wrapping_add((i + 1 + other) as u32);
        }
        let launch = Launch::threads(n.div_ceil(2), 64).update(&data, &after);
        subject.check(launch.value(n as i32));
    }
}

fn many_widths(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| random.word() as i32);
        let choose = |x: &i32| match *x > 0 {
            true => x.wrapping_mul(8).wrapping_add(i32::from(*x as i8)),
            false => x.wrapping_add(i32::from(*x as i16)),
        };
        let out: Vec<i32> = data.iter().map(choose).collect();
        subject.check(
            Launch::threads(n, block)
                .input(&data)
                .output(&out)
                .value(n as i32),
        );
    }
}

fn with_barrier(subject: &Subject) {
    for (blocks, block) in [(1, 1), (3, 64), (2, 100), (1, 256)] {
        let data = Random::new(block).eighths(blocks * block);
        let sums = |part: &[f32]| vec![part.iter().sum::<f32>() + 0.5; part.len()];
        let out: Vec<f32> = data.chunks(block).flat_map(sums).collect();
        subject.check(Launch::line(blocks, block).input(&data).output(&out));
    }
}

fn turn(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (sine, cosine) = (0.6f32, 0.8f32);
        let points = random.many(n, |random| {
            let (x, y) = (
                random.between(-9.0, 9.0) as f32,
                random.between(-9.0, 9.0) as f32,
            );
            (x, y, random.between(-9.0, 9.0), random.word() as u8)
        });
        let turned = |x: f32, y: f32, sine: f32| (x * cosine - y * sine, x * sine + y * cosine);
        let mut before = Vec::new();
        let mut after = Vec::new();
        for (x, y, weight, kind) in points {
            let mut point = bytes(&[x, y]);
            point.extend(bytes(&[weight]));
            point.extend([kind, 0, 0, 0, 0, 0, 0, 0]);
            before.extend(point);
            let (x, y) = turned(x, y, sine);
            let (x, y) = turned(x, y, -sine);
            let mut point = bytes(&[x, y]);
            point.extend(bytes(&[weight * 4.0]));
            after.push((point, kind));
        }
        // What is behind the last field may be anything.
        let check = move |found: &[u8]| {
            let same = |(found, (point, kind)): (&[u8], &(Vec<u8>, u8))| {
                found[..16] == *point && found[16] == *kind
            };
            let wrong = found.chunks(24).zip(&after).position(|pair| !same(pair));
            wrong.map(|at| format!("point {at} is wrong"))
        };
        let launch = Launch::threads(n, block)
            .checked(&before, check)
            .value(sine)
            .value(cosine);
        subject.check(launch.value(n as u32));
    }
}

fn reverse_digits(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| random.word() as u32 >> (random.word() % 32));
        let after: Vec<u32> = data.iter().map(|value| reversed(*value)).collect();
        subject.check(
            Launch::threads(n, block)
                .update(&data, &after)
                .value(n as u32),
        );
    }
}

fn products(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| random.word() as i64 >> (random.word() % 64));
        let results: Vec<_> = data
            .iter()
            .map(|x| x.overflowing_mul(3_037_000_500))
            .collect();
        let out: Vec<i64> = results.iter().map(|(product, _)| *product).collect();
        let overflowed: Vec<u8> = results
            .iter()
            .map(|(_, overflowed)| u8::from(*overflowed))
            .collect();
        let launch = Launch::threads(n, block)
            .input(&data)
            .output(&out)
            .output(&overflowed);
        subject.check(launch.value(n as u32));
    }
}

fn halved(mut x: f32) -> f32 {
    while x > 1.0 {
        x *= 0.5;
    }
    x
}

fn choices(seed: usize, n: usize) -> (Vec<u8>, Vec<f32>, Vec<f32>) {
    let mut random = Random::new(seed);
    (
        random.many(n, |random| random.within(0, 12) as u8),
        random.f32s(n),
        random.f32s(n),
    )
}

fn rust_calculate(subject: &Subject) {
    for (n, block) in SIZES {
        let (operations, a, b) = choices(n, n);
        let result = |i: usize| {
            let (x, y) = (a[i], b[i]);
            match operations[i] {
                0 => x + y,
                1 => x - y,
                2 => x * y,
                3 => x / y,
                4 => x * x + y,
                5 => halved(x),
                6 => x.min(y),
                7 => -x,
                _ => f32::NAN,
            }
        };
        let out: Vec<f32> = (0..n).map(result).collect();
        let launch = Launch::threads(n, block)
            .input(&operations)
            .input(&a)
            .input(&b)
            .output(&out);
        subject.check(launch.value(n as u32));
    }
}

fn calculator(subject: &Subject) {
    for (n, block) in SIZES {
        let (operations, a, b) = choices(n, n);
        let result = |i: usize| {
            let (x, y) = (a[i], b[i]);
            match operations[i] {
                0 => x + y,
                1 => x - y,
                2 => x * y,
                3 => x / y,
                4 => x.min(y),
                5 => x.max(y),
                6 => x.abs().sqrt(),
                7 | 8 => y * y,
                9 => halved(x),
                _ => -1.0,
            }
        };
        let out: Vec<f32> = (0..n).map(result).collect();
        let launch = Launch::threads(n, block)
            .input(&operations)
            .input(&a)
            .input(&b)
            .output(&out);
        subject.check(launch.value(n as i32));
    }
}

/// What the source's machine leaves on its stack.
fn stack_machine_result(program: &[u8], input: i32) -> i32 {
    let (mut stack, mut top, mut steps) = ([input, 0, 0, 0, 0, 0, 0, 0], 0usize, 0);
    let mut at = 0i64;
    while at < program.len() as i64 && steps < 1000 {
        let code = program[at as usize];
        let (low, high) = (stack[top.max(1) - 1], stack[top]);
        let up = (top + 1).min(7);
        let down = top.max(1) - 1;
        match code & 15 {
            0 => at = program.len() as i64,
            1 => (stack[up], top) = (i32::from(code >> 4), up),
            2 => (stack[down], top) = (low.wrapping_add(high), down),
            3 => (stack[down], top) = (low.wrapping_sub(high), down),
            4 => (stack[down], top) = (low.wrapping_mul(high), down),
            5 => stack[top] = high.wrapping_neg(),
            6 => (stack[up], top) = (high, up),
            7 => stack[top] = high & 0xff,
            8 if high > 0 => at -= i64::from(code >> 4),
            9 => stack[top] = high >> 1,
            10 => top = down,
            11 => stack[top] = high ^ steps,
            _ => {}
        }
        at = at.max(-1);
        at += 1;
        steps += 1;
    }
    stack[top]
}

fn stack_machine(subject: &Subject) {
    for (n, block) in SIZES {
        for length in [0, 5, 40] {
            let mut random = Random::new(n + length);
            let program = random.many(length, |random| random.word() as u8);
            let inputs = random.many(n, |random| random.within(-100, 100) as i32);
            let out: Vec<i32> = inputs
                .iter()
                .map(|input| stack_machine_result(&program, *input))
                .collect();
            let launch = Launch::threads(n, block)
                .input(&program)
                .value(length as i32);
            subject.check(launch.input(&inputs).output(&out).value(n as i32));
        }
    }
}

fn days_of_month(subject: &Subject) {
    for (n, block) in SIZES {
        let months = Random::new(n).many(n, |random| random.within(-2, 15) as i32);
        let days = |month: &i32| match month {
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        let out: Vec<i32> = months.iter().map(days).collect();
        subject.check(
            Launch::threads(n, block)
                .input(&months)
                .output(&out)
                .value(n as i32),
        );
    }
}

fn check_positive(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| random.within(1, 100) as i32);
        let out: Vec<i32> = data.iter().map(|x| x - 1).collect();
        subject.check(
            Launch::threads(n, block)
                .input(&data)
                .output(&out)
                .value(n as i32),
        );
        if n > 0 {
            let mut data = data;
            data[n / 2] = 0;
            let launch = Launch::threads(n, block).input(&data).output(&out);
            subject.faults(launch.value(n as i32), FaultKind::Trap);
        }
    }
}
