//! Integers of each width, their bits, and conversions.

use crate::corpus::{Row, SIZES, Subject};
use crate::launch::Launch;
use crate::numbers::Random;

pub(crate) const KERNELS: &[Row] = &[
    ("cuda/integer", "arithmetic_s8", s8),
    ("cuda/integer", "arithmetic_u8", u8),
    ("cuda/integer", "arithmetic_s16", s16),
    ("cuda/integer", "arithmetic_u16", u16),
    ("cuda/integer", "arithmetic_s32", s32),
    ("cuda/integer", "arithmetic_u32", u32),
    ("cuda/integer", "arithmetic_s64", s64),
    ("cuda/integer", "arithmetic_u64", u64),
    ("cuda/integer", "divide_by_constants", divide_by_constants),
    ("cuda/integer", "mixed_widths", mixed_widths),
    ("cuda/integer", "hash_words", hash_words),
    ("cuda/integer", "absolute_and_limits", absolute_and_limits),
    ("rust/integer", "arithmetic_i8", rust_i8),
    ("rust/integer", "arithmetic_u8", rust_u8),
    ("rust/integer", "arithmetic_i16", rust_i16),
    ("rust/integer", "arithmetic_u16", rust_u16),
    ("rust/integer", "arithmetic_i32", rust_i32),
    ("rust/integer", "arithmetic_u32", rust_u32),
    ("rust/integer", "arithmetic_i64", rust_i64),
    ("rust/integer", "arithmetic_u64", rust_u64),
];

/// Any bits, with the limits and small numbers among them.
macro_rules! numbers {
    ($ty:ident, $random:expr, $n:expr) => {
        $random.many($n, |random: &mut Random| match random.word() % 8 {
            0 => $ty::MIN,
            1 => $ty::MAX,
            2 => 0,
            3 => (0 as $ty).wrapping_sub(1),
            4 => (random.word() % 10) as $ty,
            _ => random.word() as $ty,
        })
    };
}

macro_rules! arithmetic {
    ($($name:ident, $rust:ident, $ty:ident;)*) => {$(
        fn $name(subject: &Subject) {
            for (n, block) in SIZES {
                let mut random = Random::new(n);
                let a: Vec<$ty> = numbers!($ty, random, n);
                let b: Vec<$ty> = numbers!($ty, random, n);
                // The least divided by -1 is left open by C++.
                let b: Vec<$ty> = b.into_iter().map(|y| if y == (0 as $ty).wrapping_sub(1) { 3 } else { y }).collect();
                let results = |x: $ty, y: $ty| {
                    let (quotient, rest) = if y == 0 { (x, x) } else { (x / y, x % y) };
                    let bits = (y & 7) as u32;
                    [
                        x.wrapping_add(y), x.wrapping_sub(y), x.wrapping_mul(y), quotient, rest, x & y, x | y, x ^ y, !x,
                        x.wrapping_shl(bits), x.wrapping_shr(bits), x.min(y),
                    ]
                };
                let out: Vec<$ty> = a.iter().zip(&b).flat_map(|(x, y)| results(*x, *y)).collect();
                subject.check(Launch::threads(n, block).input(&a).input(&b).output(&out).value(n as u32));
            }
        }

        fn $rust(subject: &Subject) {
            for (n, block) in SIZES {
                let mut random = Random::new(n);
                let a: Vec<$ty> = numbers!($ty, random, n);
                let b: Vec<$ty> = numbers!($ty, random, n);
                let results = |x: $ty, y: $ty| {
                    let (quotient, rest) = if y == 0 { (x, x) } else { (x.wrapping_div(y), x.wrapping_rem(y)) };
                    let bits = (y & 7) as u32;
                    [
                        x.wrapping_add(y), x.wrapping_sub(y), x.wrapping_mul(y), quotient, rest, x & y, x | y, x ^ y, !x,
                        x.wrapping_shl(bits), x.wrapping_shr(bits), x.rotate_left(bits), x.min(y), x.max(y),
                        x.saturating_add(y), x.wrapping_neg(),
                    ]
                };
                let out: Vec<$ty> = a.iter().zip(&b).flat_map(|(x, y)| results(*x, *y)).collect();
                subject.check(Launch::threads(n, block).input(&a).input(&b).output(&out).value(n as u32));
            }
        }
    )*};
}

arithmetic! {
    s8, rust_i8, i8;
    u8, rust_u8, u8;
    s16, rust_i16, i16;
    u16, rust_u16, u16;
    s32, rust_i32, i32;
    u32, rust_u32, u32;
    s64, rust_i64, i64;
    u64, rust_u64, u64;
}

fn divide_by_constants(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let a: Vec<i32> = numbers!(i32, random, n);
        let b: Vec<u32> = numbers!(u32, random, n);
        let out: Vec<i32> = a
            .iter()
            .map(|x| (x / 10).wrapping_add(x % 7).wrapping_add(x / -8))
            .collect();
        let rest: Vec<u32> = b.iter().map(|x| x / 10 + x % 7 + x / 8).collect();
        let launch = Launch::threads(n, block).input(&a).input(&b).output(&out);
        subject.check(launch.output(&rest).value(n as u32));
    }
}

fn mixed_widths(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let a: Vec<i32> = numbers!(i32, random, n);
        let b: Vec<u32> = numbers!(u32, random, n);
        let before: Vec<u64> = numbers!(u64, random, n);
        let products: Vec<i64> = a
            .iter()
            .map(|x| i64::from(*x) * i64::from(*x) + i64::from(*x))
            .collect();
        let square = |x: u32| u64::from(x) * u64::from(x);
        let after: Vec<u64> = b
            .iter()
            .zip(&before)
            .map(|(x, sum)| square(*x).wrapping_add(*sum))
            .collect();
        let launch = Launch::threads(n, block)
            .input(&a)
            .input(&b)
            .output(&products);
        subject.check(launch.update(&before, &after).value(n as u32));
    }
}

fn hash_words(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        let data: Vec<u32> = numbers!(u32, random, n);
        let hash = |word: &u32| {
            let mut hash = (77 ^ word.wrapping_mul(0xcc9e_2d51)).rotate_left(15);
            hash ^= hash >> 16;
            hash = hash.wrapping_mul(0x85eb_ca6b);
            hash ^= hash >> 13;
            hash = hash.wrapping_mul(0xc2b2_ae35);
            hash ^ hash >> 16
        };
        let out: Vec<u32> = data.iter().map(hash).collect();
        let launch = Launch::threads(n, block).input(&data).output(&out);
        subject.check(launch.value(n as u32).value(77u32));
    }
}

fn absolute_and_limits(subject: &Subject) {
    for (n, block) in SIZES {
        let mut random = Random::new(n);
        // What overflows is left open by C++.
        let a: Vec<i32> = random.many(n, |random| random.word() as i32 >> 3);
        let b: Vec<i64> = random.many(n, |random| random.word() as i64 >> 3);
        let out: Vec<i32> = a
            .iter()
            .map(|x| x.abs() + x.min(&100) + x.max(&-100))
            .collect();
        let wide: Vec<i64> = b
            .iter()
            .map(|x| x.abs() + x.min(&100) + x.max(&-100))
            .collect();
        let launch = Launch::threads(n, block).input(&a).input(&b).output(&out);
        subject.check(launch.output(&wide).value(n as u32));
    }
}
