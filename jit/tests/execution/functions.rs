//! Functions: those of the device, which are approximate, and those of compilers' libraries.

use crate::corpus::{Row, SIZES, Subject};
use crate::launch::{ANY, Bound, EXACT, Launch, within};
use crate::numbers::Random;

pub(crate) const KERNELS: &[Row] = &[
    (
        "cuda/approximate",
        "approximate_functions",
        approximate_functions,
    ),
    ("cuda/approximate", "activations", activations),
    ("cuda/approximate", "adam", adam),
    ("cuda/math", "functions_f32", functions_f32),
    ("cuda/math", "functions_f64", functions_f64),
    ("cuda/math", "rounded_f32", rounded_f32),
    ("cuda/math", "trigonometry_f32", trigonometry_f32),
    ("triton/mixed", "mixed", mixed),
    ("triton/rotate_pairs", "rotate_pairs", rotate_pairs),
];

/// The device's fast functions: 2^-20 of the result, and as much besides near their zeros.
const FAST: Bound = within(1e-6);
/// Libraries' functions in 32 bits: four units in the last place.
const LIBRARY: Bound = within(5e-7);
/// And in 64 bits.
const WIDE_LIBRARY: Bound = within(1e-15);
/// What is left of a few functions of each kind where speed matters more than digits.
const LOOSE: Bound = within(2e-4);

fn approximate_functions(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| random.between(0.1, 9.0) as f32);
        let results = |x: &f32| {
            let whole = x.floor() + x.ceil() * x.trunc() - x.round_ties_even();
            let reciprocal = f64::from(1.0 / x);
            let x = f64::from(*x);
            [
                x.exp(),
                x.log2(),
                x.sin(),
                x.cos(),
                1.0 / x.sqrt(),
                x / (3.0 + x),
                reciprocal,
                f64::from(whole),
            ]
        };
        let out: Vec<f64> = data.iter().flat_map(results).collect();
        // e^x is 2 to x times a rounded constant, up to 13.
        let power = within(2e-6);
        let bounds = [power, FAST, FAST, FAST, FAST, FAST, EXACT, EXACT];
        let launch = Launch::threads(n, block).input(&data).fast(power);
        subject.check(launch.output_groups::<f32>(&out, &bounds).value(n as i32));
    }
}

fn activations(subject: &Subject) {
    for (n, blocks, block) in [(0, 1, 32), (1, 1, 64), (100, 2, 32), (333, 3, 7)] {
        let data = Random::new(n).many(n, |random| random.between(-6.0, 6.0) as f32);
        let wide = || data.iter().map(|x| f64::from(*x));
        let gelu =
            |x: f64| 0.5 * x * (1.0 + (0.797_884_560_8 * (x + 0.044_715 * x * x * x)).tanh());
        let gelu: Vec<f64> = wide().map(gelu).collect();
        let silu: Vec<f64> = wide().map(|x| x / (1.0 + (-x).exp())).collect();
        let leaky: Vec<f32> = data
            .iter()
            .map(|x| if *x > 0.0 { *x } else { 0.01 * x })
            .collect();
        let launch = Launch::line(blocks, block)
            .input(&data)
            .output_near::<f32>(&gelu, within(3e-6));
        let launch = launch
            .output_near::<f32>(&silu, within(3e-6))
            .output(&leaky);
        subject.check(launch.value(n as i32));
    }
}

fn adam(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let mut numbers = |low| random.many(n, |random| random.between(low, 2.0) as f32);
        let (weights, means, squares, gradients) =
            (numbers(-2.0), numbers(-2.0), numbers(0.1), numbers(-2.0));
        let (rate, beta1, beta2, epsilon) = (0.125f64, 0.875, 0.96875, 1e-3);
        let (correction1, correction2) = (0.5, 0.25);
        let mut after = [Vec::new(), Vec::new(), Vec::new()];
        for i in 0..n {
            let [weight, mean, square, gradient] =
                [weights[i], means[i], squares[i], gradients[i]].map(f64::from);
            let mean = beta1 * mean + (1.0 - beta1) * gradient;
            let square = beta2 * square + (1.0 - beta2) * gradient * gradient;
            let step = rate * (mean / correction1)
                / ((square / correction2).sqrt() + f64::from(epsilon as f32));
            for (after, value) in after.iter_mut().zip([weight - step, mean, square]) {
                after.push(value);
            }
        }
        // A dozen roundings of numbers up to 4.
        let bound = within(2e-6);
        let launch = Launch::threads(n, block).update_near(&weights, &after[0], bound);
        let launch = launch
            .update_near(&means, &after[1], bound)
            .update_near(&squares, &after[2], bound);
        let factors = [rate, beta1, beta2, epsilon, correction1, correction2];
        let launch = launch.input(&gradients);
        let launch = factors
            .into_iter()
            .fold(launch, |launch, factor| launch.value(factor as f32));
        subject.check(launch.value(n as i32));
    }
}

/// The error function, of positive numbers, by a series of positive terms.
pub(crate) fn error_function(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..400 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    2.0 / std::f64::consts::PI.sqrt() * (-x * x).exp() * sum
}

fn functions_f32(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| random.between(0.1, 9.0) as f32);
        let results = |x: &f32| {
            let whole = [
                x.floor() + x.ceil(),
                x.round_ties_even() + x.trunc(),
                x % 0.7,
            ]
            .map(f64::from);
            let x = f64::from(*x);
            [
                x.exp(),
                x.ln(),
                x.powf(f64::from(1.7f32)),
                x.tanh(),
                error_function(x),
                whole[0],
                whole[1],
                whole[2],
                x.atan2(0.5),
                x.cbrt(),
                x.ln_1p(),
                x.hypot(2.0),
                -x,
                3.0,
            ]
        };
        let out: Vec<f64> = data.iter().flat_map(results).collect();
        let mut bounds = [LIBRARY; 14];
        for exact in [5, 6, 7, 12, 13] {
            bounds[exact] = EXACT;
        }
        let launch = Launch::threads(n, block).input(&data).fast(LOOSE);
        subject.check(launch.output_groups::<f32>(&out, &bounds).value(n as i32));
    }
    // Numbers that every function has a path of its own for: only how they are classified is compared.
    let special = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        0.0,
        -0.0,
        1e-42,
        -3.0,
        3e38,
    ];
    let mut bounds = [ANY; 14];
    bounds[13] = EXACT;
    let class = |x: f32| {
        if x.is_nan() {
            1.0
        } else if x.is_infinite() {
            2.0
        } else {
            3.0
        }
    };
    let out: Vec<f64> = special.into_iter().flat_map(|x| [class(x); 14]).collect();
    let launch = Launch::threads(8, 32).input(&special).fast(ANY);
    subject.check(launch.output_groups::<f32>(&out, &bounds).value(8));
}

fn functions_f64(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| random.between(0.1, 9.0));
        let results = |x: &f64| [x.exp(), x.ln(), x.sin(), 1.0 / x.sqrt(), x.floor(), x % 0.7];
        let out: Vec<f64> = data.iter().flat_map(results).collect();
        let bounds = [
            WIDE_LIBRARY,
            WIDE_LIBRARY,
            WIDE_LIBRARY,
            WIDE_LIBRARY,
            EXACT,
            EXACT,
        ];
        let launch = Launch::threads(n, block).input(&data);
        subject.check(launch.output_groups::<f64>(&out, &bounds).value(n as i32));
    }
}

/// The next number of 32 bits below, or the number itself if it is exact.
fn down(x: f64) -> f32 {
    let nearest = x as f32;
    if f64::from(nearest) > x {
        nearest.next_down()
    } else {
        nearest
    }
}

fn up(x: f64) -> f32 {
    -down(-x)
}

fn towards_zero(x: f64) -> f32 {
    if x < 0.0 { up(x) } else { down(x) }
}

fn rounded_f32(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        // Multiples of 2^-12 below 100: sums of their products are exact in 64 bits.
        let mut numbers = || {
            random.many(n, |random| {
                (random.within(-409_600, 409_601) as f64 / 4096.0) as f32
            })
        };
        let (a, b) = (numbers(), numbers());
        let results = |(x, y): (&f32, &f32)| {
            let quotient = x / y;
            let (x, y) = (f64::from(*x), f64::from(*y));
            // Whether the nearest root or reciprocal lies above shows in its square or product, which are exact.
            let root = (x as f32).sqrt();
            let root = if f64::from(root) * f64::from(root) > x {
                root.next_down()
            } else {
                root
            };
            let reciprocal = (1.0 / x) as f32;
            let below = f64::from(reciprocal) * x.abs() < x.signum();
            let reciprocal = if below {
                reciprocal.next_up()
            } else {
                reciprocal
            };
            let whole = (x.floor() as i32).wrapping_mul(16_777_217);
            [
                down(x + y),
                up(x * y),
                towards_zero(x * y + x),
                quotient,
                reciprocal,
                root,
                (x as f32).clamp(0.0, 1.0),
                down(x * 0.1),
                towards_zero(f64::from(whole)),
                up(f64::from(y.ceil() as u32)),
            ]
        };
        let out: Vec<f32> = a.iter().zip(&b).flat_map(results).collect();
        let wide = |(x, y): (&f32, &f32)| {
            let (x, y) = (f64::from(*x), f64::from(*y));
            [x + y, x * y, x / y]
        };
        let wide: Vec<f64> = a.iter().zip(&b).flat_map(wide).collect();
        let launch = Launch::threads(n, block)
            .input(&a)
            .input(&b)
            .fast(FAST)
            .output(&out);
        subject.check(launch.output(&wide).value(n as i32));
    }
}

fn trigonometry_f32(subject: &Subject) {
    for (n, block) in SIZES {
        for largest in [3.0, 1e5, 1e30] {
            let data = Random::new(n).many(n, |random| random.between(-largest, largest) as f32);
            let results = |x: &f32| {
                let x = f64::from(*x);
                [x.sin(), x.cos(), x.tan()]
            };
            let out: Vec<f64> = data.iter().flat_map(results).collect();
            // Fast functions know no more of pi than a few digits.
            let fast = if largest < 4.0 { LOOSE } else { ANY };
            let launch = Launch::threads(n, block).input(&data).fast(fast);
            subject.check(launch.output_near::<f32>(&out, LIBRARY).value(n as i32));
        }
    }
}

fn mixed(subject: &Subject) {
    for n in [0, 1, 256, 1000] {
        let mut random = Random::new(n);
        let a = random.many(n, |random| random.within(-1 << 27, 1 << 27) as i32);
        let b = random.many(n, |random| random.within(-1000, 1000) as i32);
        let c = random.many(n, |random| random.between(-5.0, 5.0) as f32);
        let quotient = |i: usize| a[i] / (b[i] * b[i] + 1) + a[i] % 7;
        let out: Vec<i32> = (0..n)
            .map(|i| (quotient(i) ^ a[i] << 3) | b[i] >> 1)
            .collect();
        let wide = |i: usize| {
            let z = f64::from(c[i]);
            let upper = (u64::from(a[i] as u32) * 77) >> 32;
            (z.tanh() + z.abs() * f64::from(quotient(i)) + z.floor()) * upper as f64
        };
        let wide: Vec<f64> = (0..n).map(wide).collect();
        let launch = Launch::threads(n.div_ceil(256) * 128, 128)
            .input(&a)
            .input(&b)
            .input(&c)
            .output(&out);
        // Four roundings in 32 bits of terms up to 2^26, which may cancel, times 77.
        let bound = Bound {
            relative: 1e-6,
            absolute: 1e-3,
        };
        subject.check(
            launch
                .output_near::<f64>(&wide, bound)
                .value(n as i32)
                .null()
                .null(),
        );
    }
}

fn rotate_pairs(subject: &Subject) {
    for (rows, length) in [(1usize, 1usize), (10, 7), (3, 100)] {
        let data = Random::new(rows).f32s(128 * rows);
        let mut out = vec![0.0; data.len()];
        for row in 0..rows {
            for i in 0..64 {
                let angle = (row % length) as f64 / 10000f64.powf(2.0 * i as f64 / 128.0);
                let [first, second] =
                    [data[128 * row + i], data[128 * row + 64 + i]].map(f64::from);
                out[128 * row + i] = first * angle.cos() - second * angle.sin();
                out[128 * row + 64 + i] = second * angle.cos() + first * angle.sin();
            }
        }
        // Numbers up to 100 times functions of angles up to 10.
        let launch = Launch::line(rows, 64)
            .input(&data)
            .output_near::<f32>(&out, within(3e-4));
        subject.check(launch.value(length as i32).value(10000.0f32).null().null());
    }
}
