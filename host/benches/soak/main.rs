//! Many guests that allocate, launch, fault, run too long, cancel and are dropped at random, on one device, for as long as is
//! asked: every result that should be right must be, and in the end no memory may be in use.
//!
//! `cargo bench -p wasmtime-wasi-cuda --bench soak -- [--device NAME] [--seconds N] [--guests N] [--seed N] [--guest FILE]`
//!
//! Without `--guest` it builds the guest, for which it needs Cargo.

mod arguments;
#[path = "../support/mod.rs"]
mod support;

use anyhow::{Result, bail, ensure};
use arguments::Arguments;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use support::{BenchGuest, build_guests, built, engine};
use wasmtime::component::InstancePre;
use wasmtime_wasi_cuda::{CudaOptions, Device, PtxCompiler};

/// By which the program is told to be the process where the driver's compiler runs.
const COMPILER: &str = "--ptx-compiler";

/// Things that a guest does before it ends.
const ROUNDS: u32 = 40;

/// One guest of so many is dropped before it ends.
const DROPPED: u64 = 3;

/// Until when one of those is dropped, in milliseconds.
const LATEST_DROP: u64 = 120;

/// What no guest may take: then something hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// From one line that says how far it is to the next.
const REPORT: Duration = Duration::from_secs(10);

/// What became of the guests.
#[derive(Default)]
struct Counts {
    ended: AtomicU64,
    dropped: AtomicU64,
    right: AtomicU64,
    failed: AtomicBool,
}

impl Counts {
    fn text(&self, device: &Device) -> String {
        let [ended, dropped, right] =
            [&self.ended, &self.dropped, &self.right].map(|count| count.load(SeqCst));
        format!(
            "{}: {ended} guests ended, {dropped} were dropped, {right} results were right, {} bytes are in use",
            device.name(),
            device.memory_used()
        )
    }
}

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == COMPILER) {
        return wasmtime_wasi_cuda::run_ptx_compiler();
    }
    match Arguments::read().and_then(|arguments| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let Some(device) = open(&arguments.device)? else {
        let required = std::env::var("WASI_CUDA_REQUIRE_GPU").is_ok_and(|value| value == "1");
        ensure!(!required, "a GPU was promised and there is none");
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let counts = runtime.block_on(soak(arguments, &device))?;
    let used = until_free(&device);
    println!("in the end {}", counts.text(&device));
    ensure!(!counts.failed.load(SeqCst), "a guest failed, see above");
    ensure!(
        used == 0,
        "{used} bytes are in use although no guest is left"
    );
    if let Some(reason) = device.lost() {
        bail!("the device was lost: {reason}");
    }
    Ok(())
}

/// The device; none where its name is a GPU's and there is no driver.
fn open(name: &str) -> Result<Option<Device>> {
    let opened = match name.strip_prefix("cuda:").map(str::parse) {
        Some(Ok(ordinal)) => Device::cuda(
            ordinal,
            CudaOptions {
                compiler: PtxCompiler::worker(std::env::current_exe()?, [COMPILER]),
                ..CudaOptions::default()
            },
        ),
        _ => Device::open(name),
    };
    match opened {
        Ok(device) => Ok(Some(device)),
        Err(error @ wasmtime_wasi_cuda::DeviceError::Unsupported { .. }) => {
            println!("soak did not run: {error}");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

async fn soak(arguments: &Arguments, device: &Device) -> Result<Arc<Counts>> {
    let wasm = match &arguments.guest {
        Some(file) => file.clone(),
        None => {
            build_guests();
            built("wasi_cuda_bench_guest.wasm")
        }
    };
    let engine = engine(true).map_err(plain)?;
    let prepared = Arc::new(BenchGuest::prepare(&engine, &wasm).map_err(plain)?);
    let counts = Arc::new(Counts::default());
    let until = Instant::now() + arguments.time;
    let tasks = (0..arguments.guests).map(|task| {
        let (prepared, device, counts) = (prepared.clone(), device.clone(), counts.clone());
        let seed = arguments.seed + u64::from(task) * 1_000_003;
        tokio::spawn(async move {
            let mut number = 0;
            while Instant::now() < until && !counts.failed.load(SeqCst) {
                number += 1;
                let seed = seed + number;
                if let Err(error) = one(&prepared, &device, seed, &counts).await {
                    counts.failed.store(true, SeqCst);
                    eprintln!("guest {number} of task {task}, seed {seed}: {error:#}");
                }
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let reporter = tokio::spawn({
        let (counts, device) = (counts.clone(), device.clone());
        async move {
            loop {
                tokio::time::sleep(REPORT).await;
                println!("{}", counts.text(&device));
            }
        }
    });
    for task in tasks {
        task.await?;
    }
    reporter.abort();
    Ok(counts)
}

/// One guest, from its start until it ends or is dropped.
async fn one(
    prepared: &InstancePre<support::State>,
    device: &Device,
    seed: u64,
    counts: &Counts,
) -> Result<()> {
    let mut guest = BenchGuest::start_empty(prepared, device)
        .await
        .map_err(plain)?;
    let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let is_dropped = mixed.is_multiple_of(DROPPED);
    let patience = match is_dropped {
        true => Duration::from_millis(mixed / DROPPED % LATEST_DROP),
        false => PATIENCE,
    };
    match tokio::time::timeout(patience, guest.soak(seed, ROUNDS)).await {
        Err(_) if is_dropped => {
            counts.dropped.fetch_add(1, SeqCst);
        }
        Err(_) => bail!("it hangs"),
        Ok(done) => {
            let right = done.map_err(plain)?.map_err(anyhow::Error::msg)?;
            counts.right.fetch_add(u64::from(right), SeqCst);
            counts.ended.fetch_add(1, SeqCst);
        }
    }
    Ok(())
}

/// Bytes in use once what dropped guests left has ended.
fn until_free(device: &Device) -> u64 {
    let begin = Instant::now();
    while device.memory_used() > 0 && begin.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(10));
    }
    device.memory_used()
}

/// Wasmtime's errors are of a type of their own.
fn plain(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:?}").context("the guest trapped")
}
