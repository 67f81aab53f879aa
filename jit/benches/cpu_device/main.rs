//! The CPU device beside Rust: the same work by a kernel and by a loop over slices, on as many threads, in turn.
//!
//! `cargo bench -p wasi-cuda-jit --bench cpu_device` prints a table; a word behind `--` keeps only the rows with it in their names.

mod device;
mod rust;
mod work;

use std::time::{Duration, Instant};
use work::Work;

/// How often each side runs; the median counts.
const ROUNDS: usize = 15;

fn main() {
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{threads} threads, medians of {ROUNDS} rounds");
    println!(
        "| work | CPU device, ms | Rust, ms | throughput of the device over Rust's | compiled in, ms |"
    );
    println!("| --- | --- | --- | --- | --- |");
    for mut work in work::all() {
        if wanted
            .as_ref()
            .is_none_or(|wanted| work.name.contains(wanted.as_str()))
        {
            report(&mut work, threads);
        }
    }
}

fn report(work: &mut Work, threads: usize) {
    work.on_device(threads);
    work.in_rust(threads);
    work.check();
    let (mut device, mut rust) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        device.push(time(|| work.on_device(threads)));
        rust.push(time(|| work.in_rust(threads)));
    }
    let (device, rust) = (median(device), median(rust));
    println!(
        "| {} | {:.2} | {:.2} | **{:.2}** | {:.1} |",
        work.name,
        milliseconds(device),
        milliseconds(rust),
        rust.as_secs_f64() / device.as_secs_f64(),
        milliseconds(work.compiled_in),
    );
}

fn time(run: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    run();
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
