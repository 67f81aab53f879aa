//! Whole words and parts of them, as the PTX ISA's own description of the scalar video instructions computes them.

use crate::cases::{Case, check};

type Comparison = fn(i128, i128) -> bool;

const SIGNS: [&str; 2] = ["u32", "s32"];
const PARTS: [&str; 7] = ["", ".b0", ".b1", ".b2", ".b3", ".h0", ".h1"];
const COMBINED: [&str; 4] = ["", ".add", ".min", ".max"];

/// The first bit of a part, and how many it has.
fn place(part: &str) -> (u32, u32) {
    match part.as_bytes() {
        [b'.', b'b', number] => (8 * u32::from(number - b'0'), 8),
        [b'.', b'h', number] => (16 * u32::from(number - b'0'), 16),
        _ => (0, 32),
    }
}

fn number(bits: u64, width: u32, ty: &str) -> i128 {
    let value = i128::from(bits) & ((1 << width) - 1);
    if ty == "s32" && value >> (width - 1) == 1 {
        value - (1 << width)
    } else {
        value
    }
}

fn taken(word: u64, part: &str, ty: &str) -> i128 {
    let (first, width) = place(part);
    number(word >> first, width, ty)
}

/// What becomes of a result: cut or saturated, then combined with `c` or put into it.
fn left(value: i128, result: &str, saturates: bool, how: &str, put: &str, c: u64) -> u64 {
    let (first, width) = place(put);
    let (least, most) = match result {
        "s32" => (-(1i128 << (width - 1)), (1i128 << (width - 1)) - 1),
        _ => (0, (1i128 << width) - 1),
    };
    let value = if saturates {
        value.clamp(least, most)
    } else {
        value
    };
    let c = c & 0xffff_ffff;
    if !put.is_empty() {
        let mask = ((1u64 << width) - 1) << first;
        return c & !mask | ((value as u64) << first) & mask;
    }
    let (word, third) = (number(value as u64, 32, result), number(c, 32, result));
    let combined = match how {
        ".add" => word + third,
        ".min" => word.min(third),
        ".max" => word.max(third),
        _ => word,
    };
    combined as u64 & 0xffff_ffff
}

/// How results are written: what stands behind the name, behind `%d`, and what the last operand is.
fn endings() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let combined = COMBINED.map(|how| (how, "", if how.is_empty() { "" } else { ", %c" }));
    let put = PARTS[1..].iter().map(|part| ("", *part, ", %c"));
    combined.into_iter().chain(put)
}

/// Parts of both operands: each with a whole word, and some pairs.
fn pairs() -> impl Iterator<Item = [&'static str; 2]> {
    let with_words = PARTS.into_iter().flat_map(|part| [[part, ""], ["", part]]);
    with_words.chain([[".b3", ".h1"], [".h0", ".b1"], [".b2", ".b2"]])
}

fn cases_of(
    name: &str,
    results: &[&'static str],
    seconds: &[&'static str],
    mode: &'static str,
    compute: impl Fn(i128, i128) -> i128 + Copy + 'static,
) -> Vec<Case> {
    let mut cases = Vec::new();
    for (index, [x, y]) in pairs().enumerate() {
        for (turn, (how, put, third)) in endings().enumerate() {
            let result = results[(index + turn) % results.len()];
            let (ta, tb) = (
                SIGNS[index % 2],
                seconds[(index / 2 + turn) % seconds.len()],
            );
            // A comparison has no type of its own, and nothing to saturate.
            let is_comparison = name == "vset";
            let saturates = !is_comparison && (index + turn) % 3 != 0;
            let types = if is_comparison {
                format!("{ta}.{tb}{mode}")
            } else {
                let sat = if saturates { ".sat" } else { "" };
                format!("{result}.{ta}.{tb}{sat}{mode}")
            };
            let body = format!("{name}.{types}{how} %d{put}, %a{x}, %b{y}{third};");
            let reference = move |[a, b, c]: [u64; 3]| {
                let value = compute(taken(a, x, ta), taken(b, y, tb));
                left(value, result, saturates, how, put, c)
            };
            cases.push(Case::mixed(body, "b32", ["b32"; 3], reference));
        }
    }
    cases
}

#[test]
fn parts_of_words_are_computed_with_and_put_into_words() {
    let mut cases = Vec::new();
    let mut add = |name, compute: fn(i128, i128) -> i128| {
        for results in [["u32", "s32"], ["s32", "u32"]] {
            cases.extend(cases_of(name, &results, &SIGNS, "", compute));
        }
    };
    add("vadd", |a, b| a + b);
    add("vsub", |a, b| a - b);
    add("vabsdiff", |a, b| (a - b).abs());
    add("vmin", i128::min);
    add("vmax", i128::max);
    check(cases);
}

#[test]
fn words_are_shifted_by_amounts_that_are_cut_or_clamped() {
    let mut cases = Vec::new();
    let clamped = |amount: i128| amount.min(32) as u32;
    let cut = |amount: i128| amount as u32 & 31;
    for results in [["u32", "s32"], ["s32", "u32"]] {
        let second = &["u32"];
        cases.extend(cases_of("vshl", &results, second, ".clamp", move |a, b| {
            a << clamped(b)
        }));
        cases.extend(cases_of("vshl", &results, second, ".wrap", move |a, b| {
            a << cut(b)
        }));
        cases.extend(cases_of("vshr", &results, second, ".clamp", move |a, b| {
            a >> clamped(b)
        }));
        cases.extend(cases_of("vshr", &results, second, ".wrap", move |a, b| {
            a >> cut(b)
        }));
    }
    check(cases);
}

#[test]
fn parts_of_words_are_compared() {
    let mut cases = Vec::new();
    let comparisons: [(&str, Comparison); 6] = [
        (".eq", |a, b| a == b),
        (".ne", |a, b| a != b),
        (".lt", |a, b| a < b),
        (".le", |a, b| a <= b),
        (".gt", |a, b| a > b),
        (".ge", |a, b| a >= b),
    ];
    for (mode, compare) in comparisons {
        let holds = move |a, b| i128::from(compare(a, b));
        cases.extend(cases_of("vset", &["u32"], &SIGNS, mode, holds));
    }
    check(cases);
}
