//! Half precision, alone and in pairs.

use std::cmp::Ordering;

use crate::cases::{Case, check, check_with};
use crate::device::Operands;
use crate::exact::{BF16, F16, Format, Operation, Rounding};
use crate::rounding::operands;

/// What an instruction gives for operands of one half each.
type Expected = Box<dyn Fn(Operands) -> u64>;

/// A case of one half, and one of two that are computed alike.
fn both(name: &str, operands: &str, format: Format, expected: fn() -> Expected) -> [Case; 2] {
    with(name, operands, format, expected(), expected())
}

fn with(name: &str, operands: &str, format: Format, one: Expected, two: Expected) -> [Case; 2] {
    let (ty, pair) = match format.name {
        "f16" => ("f16", "f16x2"),
        _ => ("bf16", "bf16x2"),
    };
    let single = Case::new(format!("{name}.{ty} {operands};"), ty, ty, move |bits| {
        one(bits.map(|bits| bits & 0xffff))
    });
    let packed = Case::new(
        format!("{name}.{pair} {operands};"),
        pair,
        pair,
        move |bits| {
            let halves = [0, 16].map(|shift| two(bits.map(|bits| bits >> shift & 0xffff)));
            halves[0] | halves[1] << 16
        },
    );
    [single, packed]
}

/// What an operation gives, rounded once, with what the name's modifiers ask for.
fn computed(operation: Operation, format: Format, modifiers: &'static str) -> Expected {
    let has = move |modifier: &str| modifiers.contains(modifier);
    Box::new(move |bits| {
        let flush = |bits| {
            if has("ftz") {
                format.flushed(bits)
            } else {
                bits
            }
        };
        let values = bits.map(|bits| format.value(flush(bits)));
        let result = flush(operation.of(values, format, Rounding::Nearest));
        match () {
            () if has("sat") => format.saturated(result),
            () if has("relu") => format.not_negative(result),
            () => result,
        }
    })
}

fn arithmetic(
    name: &str,
    operation: Operation,
    format: Format,
    modifiers: &'static str,
) -> [Case; 2] {
    let name = format!("{name}{modifiers}");
    let expected = || computed(operation, format, modifiers);
    with(&name, operands(operation), format, expected(), expected())
}

const BINARY: [(&str, Operation); 3] = [
    ("add", Operation::Add),
    ("sub", Operation::Sub),
    ("mul", Operation::Mul),
];

#[test]
fn sums_and_products_are_rounded_once() {
    let mut cases = Vec::new();
    for (name, operation) in BINARY {
        for modifiers in ["", ".rn", ".ftz", ".sat", ".ftz.sat", ".rn.ftz.sat"] {
            cases.extend(arithmetic(name, operation, F16, modifiers));
        }
        for modifiers in ["", ".rn"] {
            cases.extend(arithmetic(name, operation, BF16, modifiers));
        }
    }
    check(cases);
}

fn fused() -> Vec<Case> {
    let mut cases = Vec::new();
    for modifiers in [
        ".rn",
        ".rn.ftz",
        ".rn.sat",
        ".rn.relu",
        ".rn.ftz.sat",
        ".rn.ftz.relu",
    ] {
        cases.extend(arithmetic("fma", Operation::Fma, F16, modifiers));
    }
    for modifiers in [".rn", ".rn.relu"] {
        cases.extend(arithmetic("fma", Operation::Fma, BF16, modifiers));
    }
    cases
}

#[test]
fn fused_products_and_sums_are_rounded_once() {
    check(fused());
}

#[test]
fn a_product_between_two_numbers_is_rounded_towards_the_smallest_addend() {
    // 1 + 2^-7 times 1 + 2^-1 lies half way between two numbers of `.bf16`, which any addend decides.
    let tie = [0x3f81, 0x3fc0];
    let addends = [
        0x0001, 0x8001, 0x0080, 0x8080, 0x1000, 0x9000, 0x0000, 0x8000,
    ];
    let mut tried: Vec<Operands> = Vec::new();
    for addend in addends {
        tried.push([tie[0], tie[1], addend].map(|half| half << 16 | half));
        tried.push([tie[0] | 0x8000, tie[1], addend].map(|half| half << 16 | half));
    }
    // The same in `.f16`: 1 + 2^-10 times 1 + 2^-1.
    for addend in [0x0001, 0x8001, 0x0400, 0x8400, 0x0000, 0x8000] {
        tried.push([0x3c01, 0x3e00, addend].map(|half| half << 16 | half));
    }
    check_with(fused(), &tried);
}

#[test]
fn signs_of_halves_are_changed() {
    let mut cases = Vec::new();
    for format in [F16, BF16] {
        cases.extend(both("neg", "%d, %a", format, || {
            Box::new(|[a, _, _]| a ^ 0x8000)
        }));
        cases.extend(both("abs", "%d, %a", format, || {
            Box::new(|[a, _, _]| a & 0x7fff)
        }));
    }
    cases.extend(both("neg.ftz", "%d, %a", F16, || {
        Box::new(|[a, _, _]| F16.flushed(a) ^ 0x8000)
    }));
    cases.extend(both("abs.ftz", "%d, %a", F16, || {
        Box::new(|[a, _, _]| F16.flushed(a) & 0x7fff)
    }));
    check(cases);
}

/// The PTX ISA's own description of `min` and `max`, where the negative zero is smaller than the positive one.
fn limit(format: Format, wanted: Ordering, modifiers: &str, a: u64, b: u64) -> u64 {
    let has = |modifier| modifiers.contains(modifier);
    let flush = |bits| {
        if has("ftz") {
            format.flushed(bits)
        } else {
            bits
        }
    };
    let (mut a, mut b) = (flush(a), flush(b));
    let sign = (a ^ b) & 0x8000;
    if has("xorsign") {
        (a, b) = (a & 0x7fff, b & 0x7fff);
    }
    let limit = match (format.is_nan(a), format.is_nan(b)) {
        (true, true) => return format.nan(),
        (true, _) | (_, true) if has("NaN") => return format.nan(),
        (true, false) => b,
        (false, true) => a,
        _ if format.value(a).total_cmp(&format.value(b)) == wanted => a,
        _ => b,
    };
    if has("xorsign") { limit | sign } else { limit }
}

#[test]
fn limits_of_halves_keep_or_avoid_nan() {
    let mut cases = Vec::new();
    for (name, wanted) in [("min", Ordering::Less), ("max", Ordering::Greater)] {
        for (format, modifiers) in [
            (F16, ""),
            (F16, ".ftz"),
            (F16, ".NaN"),
            (F16, ".ftz.NaN"),
            (F16, ".xorsign.abs"),
            (F16, ".NaN.xorsign.abs"),
            (F16, ".ftz.NaN.xorsign.abs"),
            (BF16, ""),
            (BF16, ".NaN"),
            (BF16, ".xorsign.abs"),
            (BF16, ".NaN.xorsign.abs"),
        ] {
            let expected = || -> Expected {
                Box::new(move |[a, b, _]| limit(format, wanted, modifiers, a, b))
            };
            let name = format!("{name}{modifiers}");
            cases.extend(with(&name, "%d, %a, %b", format, expected(), expected()));
        }
    }
    check(cases);
}

#[test]
fn limits_of_singles_take_the_sign_of_both() {
    let limit = |wanted: Ordering, keeps_nan: bool, a: u64, b: u64| {
        let (x, y) = (f32::from_bits(a as u32), f32::from_bits(b as u32));
        let limit = match (x.is_nan(), y.is_nan()) {
            (true, true) => f32::NAN,
            (true, _) | (_, true) if keeps_nan => f32::NAN,
            (true, false) => y.abs(),
            (false, true) => x.abs(),
            _ if x.abs().total_cmp(&y.abs()) == wanted => x.abs(),
            _ => y.abs(),
        };
        u64::from(limit.to_bits()) | (a ^ b) & 0x8000_0000
    };
    let mut cases = Vec::new();
    for (name, wanted) in [("min", Ordering::Less), ("max", Ordering::Greater)] {
        let body = format!("{name}.xorsign.abs.f32 %d, %a, %b;");
        cases.push(Case::new(body, "f32", "f32", move |[a, b, _]| {
            limit(wanted, false, a, b)
        }));
        let body = format!("{name}.NaN.xorsign.abs.f32 %d, %a, %b;");
        cases.push(Case::new(body, "f32", "f32", move |[a, b, _]| {
            limit(wanted, true, a, b)
        }));
    }
    check(cases);
}

#[test]
fn functions_of_halves_are_the_nearest_number() {
    let mut cases = Vec::new();
    let function = |format: Format, flushes: bool, of: fn(f64) -> f64| {
        move || -> Expected {
            let flush = move |bits| if flushes { format.flushed(bits) } else { bits };
            Box::new(move |[a, _, _]| {
                let value = of(format.value(flush(a)));
                flush(crate::exact::round(value, format, Rounding::Nearest))
            })
        }
    };
    let exponential = function(F16, false, f64::exp2);
    cases.extend(with(
        "ex2.approx",
        "%d, %a",
        F16,
        exponential(),
        exponential(),
    ));
    let exponential = function(BF16, true, f64::exp2);
    cases.extend(with(
        "ex2.approx.ftz",
        "%d, %a",
        BF16,
        exponential(),
        exponential(),
    ));
    for format in [F16, BF16] {
        let tangent = function(format, false, f64::tanh);
        cases.extend(with("tanh.approx", "%d, %a", format, tangent(), tangent()));
    }
    check(cases);
}
