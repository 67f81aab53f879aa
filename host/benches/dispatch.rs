//! What an enqueued launch costs a guest: from its call through the component until the host has checked and
//! enqueued it. Beside it, a host call with arguments of the same shape that does nothing.
//!
//! `cargo bench -p wasmtime-wasi-cuda --bench dispatch`

mod support;

use support::{BenchGuest, build_guests, engine, median};
use wasmtime::Result;
use wasmtime_wasi_cuda::Device;

/// Launches in a batch: fewer than may be pending, so that no call waits for the device.
const BATCH: u32 = 4096;
const ROUNDS: usize = 31;

const KINDS: [(&str, &str); 3] = [
    ("call-reference", "host call of the same shape"),
    ("enqueue", "launch"),
    ("enqueue-prepared", "prepared launch"),
];

#[tokio::main]
async fn main() -> Result<()> {
    build_guests();
    let device = Device::open("cpu")?;
    println!(
        "enqueued launches from a guest, ns a call: median and best of {ROUNDS} batches of {BATCH}\n"
    );
    println!("{:<56} {:>8} {:>8}", "", "median", "best");
    for (concurrency, name) in [
        (true, "default engine"),
        (false, "concurrency_support(false)"),
    ] {
        let mut guest = BenchGuest::start(&engine(concurrency)?, &device, 1024).await?;
        let mut times = [const { Vec::new() }; KINDS.len()];
        for _ in 0..ROUNDS {
            // One of each in turn: what disturbs the machine disturbs all of them.
            for ((kind, _), times) in KINDS.iter().zip(&mut times) {
                times.push(guest.time(kind, BATCH).await? as f64 / f64::from(BATCH));
            }
        }
        for ((_, label), times) in KINDS.iter().zip(&times) {
            let best = times.iter().copied().fold(f64::INFINITY, f64::min);
            let label = format!("{label}, {name}");
            println!("{label:<56} {:>8.0} {best:>8.0}", median(times));
        }
    }
    Ok(())
}
