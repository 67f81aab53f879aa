//! Numbers of one type as another.

use crate::corpus::{Row, SIZES, Subject};
use crate::launch::Launch;
use crate::numbers::Random;

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/conversions", "between_floats", between_floats),
    ("cuda/conversions", "bits_of_floats", bits_of_floats),
    ("cuda/conversions", "floats_to_integers", floats_to_integers),
    ("cuda/conversions", "integers_to_floats", integers_to_floats),
    ("cuda/conversions", "narrow", narrow),
    ("cuda/conversions", "widen", widen),
    ("rust/conversions", "f32_to_f64", f32_to_f64),
    ("rust/conversions", "f32_to_i32", f32_to_i32),
    ("rust/conversions", "f32_to_u8", f32_to_u8),
    ("rust/conversions", "f64_to_f32", f64_to_f32),
    ("rust/conversions", "f64_to_i64", f64_to_i64),
    ("rust/conversions", "f64_to_u32", f64_to_u32),
    ("rust/conversions", "i16_to_i64", i16_to_i64),
    ("rust/conversions", "i32_to_f32", i32_to_f32),
    ("rust/conversions", "i64_to_f64", i64_to_f64),
    ("rust/conversions", "i64_to_u16", i64_to_u16),
    ("rust/conversions", "i8_to_i32", i8_to_i32),
    ("rust/conversions", "u32_to_i8", u32_to_i8),
    ("rust/conversions", "u64_to_f32", u64_to_f32),
    ("rust/conversions", "u8_to_f32", u8_to_f32),
    ("rust/conversions", "u8_to_u64", u8_to_u64),
];

fn between_floats(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, b) = (random.f32s(n), random.f64s(n));
        let wide: Vec<f64> = a.iter().map(|x| f64::from(*x)).collect();
        let narrow: Vec<f32> = b.iter().map(|x| *x as f32).collect();
        let launch = Launch::threads(n, block)
            .input(&a)
            .input(&b)
            .output(&wide)
            .output(&narrow);
        subject.check(launch.value(n as u32));
    }
}

fn bits_of_floats(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let (a, b) = (random.any_f32s(n), random.any_f64s(n));
        let out: Vec<u32> = a.iter().map(|x| x.to_bits() & 0x7fff_ffff).collect();
        let wide: Vec<u64> = b.iter().map(|x| x.to_bits() >> 52).collect();
        let launch = Launch::threads(n, block)
            .input(&a)
            .input(&b)
            .output(&out)
            .output(&wide);
        subject.check(launch.value(n as u32));
    }
}

fn floats_to_integers(subject: &Subject) {
    for (n, block) in SIZES {
        for scale in [1.0, 1e7, 1e20] {
            let mut random = Random::new(n);
            let a = random.many(n, |random| {
                (random.between(-30000.0, 30000.0) * scale) as f32
            });
            let b = random.many(n, |random| random.between(0.0, 255.0) * scale);
            macro_rules! both {
                ($ty:ident) => {
                    a.iter()
                        .zip(&b)
                        .map(|(a, b)| *a as $ty ^ *b as $ty)
                        .collect::<Vec<$ty>>()
                };
            }
            let launch = Launch::threads(n, block)
                .input(&a)
                .input(&b)
                .output(&both!(i32))
                .output(&both!(u32));
            let launch = launch.output(&both!(i64)).output(&both!(u64));
            // What is beyond the limits of a type narrower than a register is left open by C++, and compilers differ.
            let launch = if scale == 1.0 {
                let halves: Vec<i16> = a.iter().map(|x| *x as i16).collect();
                let bytes: Vec<u8> = b.iter().map(|x| *x as u8).collect();
                launch.output(&halves).output(&bytes)
            } else {
                launch
                    .checked(&vec![0i16; n], |_| None)
                    .checked(&vec![0u8; n], |_| None)
            };
            subject.check(launch.value(n as u32));
        }
    }
}

fn integers_to_floats(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let mut any = || random.many(n, |random| random.word() >> (random.word() % 64));
        let a: Vec<i32> = any().into_iter().map(|x| x as i32).collect();
        let b: Vec<u32> = any().into_iter().map(|x| x as u32).collect();
        let c: Vec<i64> = any()
            .into_iter()
            .map(|x| (x as i64).wrapping_neg())
            .collect();
        let d = any();
        let e: Vec<i16> = any().into_iter().map(|x| x as i16).collect();
        let f: Vec<u8> = any().into_iter().map(|x| x as u8).collect();
        macro_rules! all {
            ($ty:ident) => {
                (0..n)
                    .flat_map(|i| {
                        [
                            a[i] as $ty,
                            b[i] as $ty,
                            c[i] as $ty,
                            d[i] as $ty,
                            e[i] as $ty,
                            f[i] as $ty,
                        ]
                    })
                    .collect::<Vec<$ty>>()
            };
        }
        let launch = Launch::threads(n, block)
            .input(&a)
            .input(&b)
            .input(&c)
            .input(&d)
            .input(&e)
            .input(&f);
        subject.check(launch.output(&all!(f32)).output(&all!(f64)).value(n as u32));
    }
}

fn narrow(subject: &Subject) {
    for (n, block) in SIZES {
        let data = Random::new(n).many(n, |random| random.word() as i64);
        let bytes: Vec<i8> = data.iter().map(|x| *x as i8).collect();
        let halves: Vec<i16> = data.iter().map(|x| *x as i16).collect();
        let words: Vec<i32> = data.iter().map(|x| *x as i32).collect();
        let launch = Launch::threads(n, block)
            .input(&data)
            .output(&bytes)
            .output(&halves);
        subject.check(launch.output(&words).value(n as u32));
    }
}

fn widen(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let bytes = random.many(n, |random| random.word() as i8);
        let halves = random.many(n, |random| random.word() as u16);
        let words = random.many(n, |random| random.word() as i32);
        let unsigned = random.many(n, |random| random.word() as u32);
        let wide = |i: usize| {
            [
                i64::from(bytes[i]),
                i64::from(halves[i]),
                i64::from(words[i]),
                i64::from(unsigned[i]),
            ]
        };
        let out: Vec<i64> = (0..n).flat_map(wide).collect();
        let launch = Launch::threads(n, block)
            .input(&bytes)
            .input(&halves)
            .input(&words);
        subject.check(launch.input(&unsigned).output(&out).value(n as u32));
    }
}

macro_rules! rust {
    ($($name:ident: $from:ident by $numbers:expr => $to:ident;)*) => {$(
        fn $name(subject: &Subject) {
            for (n, block) in SIZES {
                let numbers: fn(&mut Random, usize) -> Vec<$from> = $numbers;
                let data = numbers(&mut Random::new(n), n);
                let out: Vec<$to> = data.iter().map(|x| *x as $to).collect();
                subject.check(Launch::threads(n, block).input(&data).output(&out).value(n as u32));
            }
        }
    )*};
}

macro_rules! integers {
    ($ty:ident) => {
        |random, n| random.many(n, |random| (random.word() >> (random.word() % 64)) as $ty)
    };
}

rust! {
    f32_to_f64: f32 by Random::any_f32s => f64;
    f32_to_i32: f32 by Random::any_f32s => i32;
    f32_to_u8: f32 by Random::any_f32s => u8;
    f64_to_f32: f64 by Random::any_f64s => f32;
    f64_to_i64: f64 by Random::any_f64s => i64;
    f64_to_u32: f64 by Random::any_f64s => u32;
    i16_to_i64: i16 by integers!(i16) => i64;
    i32_to_f32: i32 by integers!(i32) => f32;
    i64_to_f64: i64 by integers!(i64) => f64;
    i64_to_u16: i64 by integers!(i64) => u16;
    i8_to_i32: i8 by integers!(i8) => i32;
    u32_to_i8: u32 by integers!(u32) => i8;
    u64_to_f32: u64 by integers!(u64) => f32;
    u8_to_f32: u8 by integers!(u8) => f32;
    u8_to_u64: u8 by integers!(u8) => u64;
}
