//! The fuzz targets of `wasi_cuda_jit::fuzzing`, run over a fixed number of inputs that are the same each time; each is
//! held to the memory that the compiler may use.
//!
//! `FUZZ_ROUNDS=100 cargo test -p wasi-cuda-jit --test fuzz` makes a hundred times as many, all others.

mod memory;
mod mutate;
mod seeds;
mod worst;
mod worst_prints;

use mutate::Random;
use wasi_cuda_jit::fuzzing;
use wasi_cuda_jit::limits::{MEMORY_OF_A_SOURCE_BYTE, MEMORY_OF_ANY_SOURCE};

/// Calls a target; panics if it uses more memory than it may, or if it panics itself.
fn call(name: &str, target: fn(&[u8]), data: &[u8]) {
    let outcome = std::panic::catch_unwind(|| memory::most_held(|| target(data)));
    let Ok(held) = outcome else {
        panic!("{name} panicked (see above) for:\n{}", shown(data));
    };
    let allowed = MEMORY_OF_A_SOURCE_BYTE * data.len() + MEMORY_OF_ANY_SOURCE;
    assert!(
        held <= allowed,
        "{name} held {held} bytes for an input of {}; {allowed} are allowed:\n{}",
        data.len(),
        shown(data)
    );
}

fn shown(data: &[u8]) -> String {
    match std::str::from_utf8(data) {
        Ok(text) if text.len() < 20_000 => text.to_owned(),
        Ok(text) => format!("{text:.2000} ..."),
        Err(_) => format!("{:02x?}", &data[..data.len().min(2000)]),
    }
}

/// Calls a target for so many inputs a round.
fn fuzz(name: &str, target: fn(&[u8]), count: u64, input: impl Fn(&mut Random) -> Vec<u8>) {
    let rounds = std::env::var("FUZZ_ROUNDS")
        .ok()
        .map_or(1, |rounds| rounds.parse().unwrap());
    // What is made once for all inputs is no input's memory.
    target(&input(&mut Random::new(0)));
    for number in 0..count * rounds {
        // The first round of many is the one that is always done.
        call(name, target, &input(&mut Random::new(number)));
    }
}

#[test]
fn damaged_texts_are_parsed_or_refused() {
    let seeds = seeds::texts();
    fuzz("parse", fuzzing::parse, 4000, |random| {
        mutate::text(random, &seeds)
    });
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    fuzz("parse", fuzzing::parse, 4000, |random| {
        let length = random.below(300);
        random.bytes(length)
    });
}

#[test]
fn damaged_texts_are_compiled_or_refused() {
    let seeds = seeds::texts();
    fuzz("compile", fuzzing::compile, 400, |random| {
        mutate::text(random, &seeds)
    });
}

#[test]
fn what_is_printed_of_damaged_texts_reads_back() {
    let seeds = seeds::texts();
    fuzz(
        "print_reads_back",
        fuzzing::print_reads_back,
        1500,
        |random| mutate::text(random, &seeds),
    );
}

#[test]
fn damaged_prints_are_proved_or_refused() {
    let seeds = seeds::prints();
    fuzz("check", fuzzing::check, 2000, |random| {
        mutate::text(random, &seeds)
    });
}

#[test]
fn kernels_made_of_bytes_do_the_same_on_every_back_end() {
    fuzz("run", fuzzing::run, 200, |random| {
        let length = 40 + random.below(600);
        random.bytes(length)
    });
}

#[test]
fn damaged_webassembly_is_compiled_or_refused() {
    let seeds = seeds::modules();
    fuzz("wasm", fuzzing::wasm, 1500, |random| {
        mutate::module(random, &seeds)
    });
}
