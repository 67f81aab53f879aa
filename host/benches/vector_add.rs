//! Adds two vectors of 64 Mi floats on the CPU device, and in Rust on as many threads.
//!
//! `cargo bench -p wasmtime-wasi-cuda --bench vector_add`

mod support;

use std::hint::black_box;
use std::time::Instant;

use support::{BenchGuest, build_guests, engine, median};
use wasmtime::Result;
use wasmtime_wasi_cuda::Device;

const ELEMENTS: usize = 64 << 20;
const ROUNDS: usize = 15;
/// Two vectors are read and one is written.
const BYTES: f64 = (3 * ELEMENTS * size_of::<f32>()) as f64;

#[tokio::main]
async fn main() -> Result<()> {
    build_guests();
    let device = Device::open("cpu")?;
    let threads = device.properties().multiprocessors as usize;
    let mut guest = BenchGuest::start(&engine(true)?, &device, ELEMENTS as u32).await?;
    let mut vectors = Vectors::new();
    let (mut on_device, mut in_rust) = (Vec::new(), Vec::new());
    guest.add().await?;
    vectors.add(threads);
    for _ in 0..ROUNDS {
        on_device.push(guest.add().await? as f64);
        in_rust.push(vectors.add(threads));
    }
    assert!(guest.check().await?, "the sums of the device are wrong");
    report(threads, &on_device, &in_rust);
    Ok(())
}

struct Vectors {
    a: Vec<f32>,
    b: Vec<f32>,
    c: Vec<f32>,
}

impl Vectors {
    fn new() -> Self {
        Self {
            a: vec![1.5; ELEMENTS],
            b: vec![2.25; ELEMENTS],
            c: vec![0.25; ELEMENTS],
        }
    }

    /// Nanoseconds of the loop in Rust.
    fn add(&mut self, threads: usize) -> f64 {
        let chunk = ELEMENTS.div_ceil(threads);
        let (a, b) = (self.a.chunks(chunk), self.b.chunks(chunk));
        let start = Instant::now();
        std::thread::scope(|scope| {
            for ((a, b), c) in a.zip(b).zip(self.c.chunks_mut(chunk)) {
                scope.spawn(move || add(a, b, c));
            }
        });
        let time = start.elapsed().as_nanos() as f64;
        black_box(&self.c);
        time
    }
}

fn add(a: &[f32], b: &[f32], c: &mut [f32]) {
    for ((a, b), c) in a.iter().zip(b).zip(c) {
        *c = a + b;
    }
}

fn report(threads: usize, on_device: &[f64], in_rust: &[f64]) {
    let (device, rust) = (median(on_device), median(in_rust));
    println!(
        "vector addition of {ELEMENTS} floats on {threads} threads, median of {ROUNDS} rounds in turn\n"
    );
    println!("{:<28} {:>8} {:>8}", "", "ms", "GB/s");
    for (label, time) in [("CPU device, from a guest", device), ("Rust", rust)] {
        println!("{label:<28} {:>8.1} {:>8.2}", time / 1e6, BYTES / time);
    }
    println!("\nthroughput of the device: {:.2} of Rust's", rust / device);
}
