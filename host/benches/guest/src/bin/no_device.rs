//! A guest that uses no device: numbers, memory and host calls, as in any WASI program.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

fn main() {
    let mut out = std::io::stdout();
    for round in 0..20u64 {
        writeln!(out, "{} {} {}", numbers(round), memory(round), host_calls())
            .expect("the host takes it");
    }
}

/// Integer arithmetic in registers.
fn numbers(seed: u64) -> u64 {
    (0..2_000_000u64).fold(seed, |state, step| {
        black_box(
            state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(step),
        )
        .rotate_left(17)
    })
}

/// Allocations, strings and pointers.
fn memory(seed: u64) -> usize {
    let words: BTreeMap<u64, String> = (0..4_000u64)
        .map(|index| (index.wrapping_mul(seed | 1) % 10_007, index.to_string()))
        .collect();
    words.values().map(String::len).sum()
}

/// Calls of the host that do little.
fn host_calls() -> bool {
    let start = Instant::now();
    (0..2_000).all(|_| black_box(Instant::now()) >= start)
}
