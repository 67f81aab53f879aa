//! Moves bytes between a guest and a device in every way that there is, beside a copy in the host's memory.
//!
//! `cargo bench -p wasmtime-wasi-cuda --bench transfers -- [--device NAME] [--guest FILE]`
//!
//! Without `--guest` it builds the guest, for which it needs Cargo.

mod support;

use anyhow::{Context as _, Result, bail};
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;
use support::{State, build_guests, built, engine, median};
use wasmtime::Store;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi_cuda::{Device, LinkOptions, WasiCudaView, add_to_linker_with};

const BYTES: usize = 192 << 20;
const PIECES: [usize; 4] = [64 << 10, 1 << 20, 4 << 20, 64 << 20];
const WAYS: [&str; 4] = ["write", "write-via-stream", "read", "read-via-stream"];
const ROUNDS: usize = 5;

struct Arguments {
    device: String,
    guest: Option<PathBuf>,
}

impl Arguments {
    fn read() -> Result<Self> {
        let (mut device, mut guest) = ("cpu".to_owned(), None);
        let mut given = std::env::args().skip(1);
        while let Some(argument) = given.next() {
            let value = |given: Option<String>| given.context("a value is missing");
            match argument.as_str() {
                // Cargo's own.
                "--bench" => {}
                "--device" => device = value(given.next())?,
                "--guest" => guest = Some(PathBuf::from(value(given.next())?)),
                other => bail!("unknown argument `{other}`; there are --device and --guest"),
            }
        }
        Ok(Self { device, guest })
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::read()?;
    let wasm = arguments.guest.unwrap_or_else(|| {
        build_guests();
        built("transfers.wasm")
    });
    let device = Device::open(&arguments.device)?;
    let engine = plain(engine(true))?;
    let component = plain(Component::from_file(&engine, wasm))?;
    let mut linker = Linker::new(&engine);
    plain(wasmtime_wasi::p2::add_to_linker_async(&mut linker))?;
    let mut options = LinkOptions::default();
    options.cuda_async(true);
    plain(add_to_linker_with(&mut linker, &options, State::cuda))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    println!(
        "{} MiB on {}; a copy in the host's memory beside each",
        BYTES >> 20,
        arguments.device
    );
    println!("| way | pieces, KiB | ms | host copy, ms | ratio |\n| --- | --- | --- | --- | --- |");
    let mut host = HostCopy::new();
    for way in WAYS {
        for piece in PIECES {
            let (mut moved, mut copied) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                let times = runtime.block_on(async {
                    let mut store = Store::new(&engine, State::new(&device));
                    store.set_hostcall_fuel(1 << 30);
                    let guest = linker.instantiate_async(&mut store, &component).await?;
                    type Run = (String, u32, u32, u32);
                    let run = guest.get_typed_func::<Run, (Vec<u64>,)>(&mut store, "run")?;
                    let call = (way.to_owned(), 2, BYTES as u32, piece as u32);
                    run.call_async(&mut store, call).await
                });
                // The first finds memory of the guest's that nobody has touched.
                let (times,) = plain(times)?;
                moved.push(times[1] as f64 / 1e6);
                copied.push(host.once());
            }
            let (moved, copied) = (median(&moved), median(&copied));
            let (piece, ratio) = (piece >> 10, moved / copied);
            println!("| {way} | {piece} | {moved:.1} | {copied:.1} | {ratio:.2} |");
        }
    }
    Ok(())
}

fn plain<T>(result: wasmtime::Result<T>) -> Result<T> {
    result.map_err(|error| anyhow::anyhow!("{error:?}"))
}

/// A copy as large as a transfer.
struct HostCopy {
    from: Vec<u8>,
    to: Vec<u8>,
}

impl HostCopy {
    fn new() -> Self {
        Self {
            from: vec![7; BYTES],
            to: vec![1; BYTES],
        }
    }

    /// Milliseconds that it takes.
    fn once(&mut self) -> f64 {
        let start = Instant::now();
        self.to.copy_from_slice(black_box(&self.from));
        black_box(&self.to);
        start.elapsed().as_secs_f64() * 1e3
    }
}
