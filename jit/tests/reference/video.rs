//! Two or four small numbers in a word, as the PTX ISA's own description of the video instructions computes them.

use crate::cases::{Case, check};

/// The instructions, and how many numbers a word holds.
const NAMES: [(&str, u64); 12] = [
    ("vadd2", 2),
    ("vsub2", 2),
    ("vavrg2", 2),
    ("vabsdiff2", 2),
    ("vmin2", 2),
    ("vmax2", 2),
    ("vadd4", 4),
    ("vsub4", 4),
    ("vavrg4", 4),
    ("vabsdiff4", 4),
    ("vmin4", 4),
    ("vmax4", 4),
];
const COMPARISONS: [(&str, u64); 2] = [("vset2", 2), ("vset4", 4)];
const COMPARED: [&str; 6] = ["eq", "ne", "lt", "le", "gt", "ge"];
const SIGNS: [&str; 2] = ["u32", "s32"];
/// The number of so many bits at a place of a word.
fn small(word: u64, count: u64, place: u64, ty: &str) -> i64 {
    let bits = 32 / count;
    let value = (word >> (bits * place) & ((1 << bits) - 1)) as i64;
    if ty == "s32" && value >> (bits - 1) == 1 {
        value - (1 << bits)
    } else {
        value
    }
}

fn combined(name: &str, a: i64, b: i64) -> i64 {
    match name.trim_end_matches(['2', '4']) {
        "vadd" => a + b,
        "vsub" => a - b,
        "vavrg" if a + b >= 0 => (a + b + 1) >> 1,
        "vavrg" => (a + b) >> 1,
        "vabsdiff" => (a - b).abs(),
        "vmin" => a.min(b),
        _ => a.max(b),
    }
}

/// Each in its place, or their sum added to `c`.
fn joined(values: &[i64], suffix: &str, result: &str, c: u64) -> u64 {
    let bits = 32 / values.len() as u32;
    if suffix == ".add" {
        return (i64::from(c as u32) + values.iter().sum::<i64>()) as u64 & 0xffff_ffff;
    }
    let limits = if result == "s32" {
        (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    } else {
        (0, (1 << bits) - 1)
    };
    let places = values.iter().enumerate().map(|(place, value)| {
        let value = if suffix == ".sat" {
            (*value).clamp(limits.0, limits.1)
        } else {
            *value
        };
        (value as u64 & ((1 << bits) - 1)) << (bits * place as u32)
    });
    places.sum()
}

#[test]
fn small_numbers_are_combined_in_their_places() {
    let mut cases = Vec::new();
    for (name, count) in NAMES {
        for [d, a, b] in spellings() {
            for suffix in ["", ".sat", ".add"] {
                let body = format!("{name}.{d}.{a}.{b}{suffix} %d, %a, %b, %c;");
                let reference = move |[x, y, z]: [u64; 3]| {
                    let places = (0..count)
                        .map(|at| combined(name, small(x, count, at, a), small(y, count, at, b)));
                    joined(&places.collect::<Vec<_>>(), suffix, d, z)
                };
                cases.push(Case::mixed(body, "b32", ["b32", "b32", "b32"], reference));
            }
        }
    }
    check(cases);
}

/// 1 if a comparison holds.
fn holds(how: &str, a: i64, b: i64) -> i64 {
    let order = a.cmp(&b);
    i64::from(match how {
        "eq" => order.is_eq(),
        "ne" => order.is_ne(),
        "lt" => order.is_lt(),
        "le" => order.is_le(),
        "gt" => order.is_gt(),
        _ => order.is_ge(),
    })
}

fn spellings() -> impl Iterator<Item = [&'static str; 3]> {
    let signs = |index: usize| [SIGNS[index & 1], SIGNS[index >> 1 & 1], SIGNS[index >> 2]];
    (0..8).map(signs)
}

#[test]
fn small_numbers_are_compared_in_their_places() {
    let mut cases = Vec::new();
    for how in COMPARED {
        for (name, count) in COMPARISONS {
            for [a, b, _] in spellings().take(4) {
                for suffix in ["", ".add"] {
                    let body = format!("{name}.{a}.{b}.{how}{suffix} %d, %a, %b, %c;");
                    let reference = move |[x, y, z]: [u64; 3]| {
                        let places = (0..count)
                            .map(|at| holds(how, small(x, count, at, a), small(y, count, at, b)));
                        joined(&places.collect::<Vec<_>>(), suffix, "u32", z)
                    };
                    cases.push(Case::mixed(body, "b32", ["b32", "b32", "b32"], reference));
                }
            }
        }
    }
    check(cases);
}

/// Numbers of both words in an order, as `.h31` says: the lowest result's last.
fn chosen(choice: &str, count: u64, ty: &str, [x, y]: [u64; 2], default: u64) -> Vec<i64> {
    let numbers: Vec<u64> = match choice.get(2..) {
        Some(digits) => digits
            .chars()
            .rev()
            .map(|digit| u64::from(digit.to_digit(10).unwrap()))
            .collect(),
        None => (0..count).map(|place| default * count + place).collect(),
    };
    let number = |number| small([x, y][(number / count) as usize], count, number % count, ty);
    numbers.into_iter().map(number).collect()
}

/// Which results are left, those of `.b20` being 0 and 2.
fn is_left(choice: &str, place: u64) -> bool {
    choice.is_empty() || choice.contains(&place.to_string())
}

/// Choices for each operand: of `d`, `a` and `b`.
const CHOICES: [(u64, [[&str; 3]; 5]); 2] = [
    (
        2,
        [
            [".h0", "", ""],
            [".h1", ".h13", ""],
            ["", ".h00", ".h31"],
            [".h10", ".h22", ".h10"],
            [".h1", "", ".h03"],
        ],
    ),
    (
        4,
        [
            [".b0", "", ""],
            [".b31", ".b7654", ""],
            ["", ".b0123", ".b4567"],
            [".b3210", ".b0000", ".b7310"],
            [".b210", "", ".b6420"],
        ],
    ),
];

#[test]
fn numbers_are_chosen_and_put_beside_others() {
    let mut cases = Vec::new();
    for (count, choices) in CHOICES {
        let names = NAMES.into_iter().filter(move |(_, each)| *each == count);
        for (turn, (name, _)) in names.enumerate() {
            for (index, [left, x, y]) in choices.into_iter().enumerate() {
                for suffix in ["", ".sat", ".add"] {
                    let [d, a, b] = spellings().nth((turn + index) % 8).unwrap();
                    let body = format!("{name}.{d}.{a}.{b}{suffix} %d{left}, %a{x}, %b{y}, %c;");
                    let reference = move |[p, q, c]: [u64; 3]| {
                        let first = chosen(x, count, a, [p, q], 0);
                        let second = chosen(y, count, b, [p, q], 1);
                        let values = first.into_iter().zip(second);
                        let values: Vec<i64> = values.map(|(x, y)| combined(name, x, y)).collect();
                        put_beside(&values, left, suffix, d, c)
                    };
                    cases.push(Case::mixed(body, "b32", ["b32", "b32", "b32"], reference));
                }
            }
        }
    }
    check(cases);
}

#[test]
fn comparisons_of_chosen_numbers_are_put_beside_others() {
    let mut cases = Vec::new();
    for (count, choices) in CHOICES {
        for how in COMPARED {
            for (index, [left, x, y]) in choices.into_iter().enumerate() {
                for suffix in ["", ".add"] {
                    let [a, b, _] = spellings().nth(index % 4).unwrap();
                    let body =
                        format!("vset{count}.{a}.{b}.{how}{suffix} %d{left}, %a{x}, %b{y}, %c;");
                    let reference = move |[p, q, c]: [u64; 3]| {
                        let first = chosen(x, count, a, [p, q], 0);
                        let second = chosen(y, count, b, [p, q], 1);
                        let values = first.into_iter().zip(second);
                        let values: Vec<i64> = values.map(|(x, y)| holds(how, x, y)).collect();
                        put_beside(&values, left, suffix, "u32", c)
                    };
                    cases.push(Case::mixed(body, "b32", ["b32", "b32", "b32"], reference));
                }
            }
        }
    }
    check(cases);
}

/// The results that are left, added to `c` or beside its numbers.
fn put_beside(values: &[i64], left: &str, suffix: &str, result: &str, c: u64) -> u64 {
    let count = values.len() as u64;
    let kept = (0..count).map(|place| is_left(left.get(2..).unwrap_or(""), place));
    if suffix == ".add" {
        let kept: Vec<i64> = kept
            .zip(values)
            .map(|(kept, value)| if kept { *value } else { 0 })
            .collect();
        return joined(&kept, suffix, result, c);
    }
    let bits = 32 / count;
    let mask = kept.enumerate().fold(0u64, |mask, (place, kept)| {
        mask | if kept {
            ((1 << bits) - 1) << (bits * place as u64)
        } else {
            0
        }
    });
    joined(values, suffix, result, c) & mask | c & 0xffff_ffff & !mask
}
