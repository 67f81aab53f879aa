//! What a guest's work costs on a GPU, beside the same work through the driver's own calls in the same process.
//!
//! `cargo bench -p wasmtime-wasi-cuda --bench gpu_dispatch -- [--guest FILE] [--json FILE]`
//!
//! Without `--guest` it builds the guest, for which it needs Cargo; with it the binary needs nothing but the driver. Where
//! there is no GPU it says so, and fails if `WASI_CUDA_REQUIRE_GPU=1`.

#[path = "../gpu_sandbox/driver.rs"]
#[allow(dead_code, reason = "each bench uses a part of it")]
mod driver;
mod raw;
#[path = "../support/mod.rs"]
mod support;
mod table;

use anyhow::{Context as _, Result, bail};
use raw::Raw;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use support::{BenchGuest, build_guests, built, engine};
use table::{Row, percentile};
use wasmtime_wasi_cuda::{CodeCache, CudaOptions, Device, PtxCompiler};

/// Launches in a batch: few enough that neither side waits for the GPU.
const BATCH: u32 = 48;
const ROUNDS: usize = 101;
/// Launches that are timed one by one, in all.
const SINGLES: u32 = 50;
const GRAPH: u32 = 50;
const MEGABYTE: usize = 1 << 20;
const UPLOAD: u32 = 256 << 20;
/// Three vectors of them take some 100 us to add.
const ELEMENTS: u32 = 16 << 20;
const GUESTS: usize = 1000;
const IDLE: Duration = Duration::from_secs(4);

/// By which the program is told to be the process where the driver's compiler runs.
const COMPILER: &str = "--ptx-compiler";

struct Arguments {
    guest: Option<PathBuf>,
    json: Option<PathBuf>,
}

impl Arguments {
    fn read() -> Result<Self> {
        let (mut guest, mut json) = (None, None);
        let mut given = std::env::args().skip(1);
        while let Some(argument) = given.next() {
            let mut path = || given.next().map(PathBuf::from);
            match argument.as_str() {
                // Cargo's own.
                "--bench" => {}
                "--guest" => guest = Some(path().context("--guest needs a file")?),
                "--json" => json = Some(path().context("--json needs a file")?),
                other => {
                    bail!("unknown argument `{other}`; there are --guest FILE and --json FILE")
                }
            }
        }
        Ok(Self { guest, json })
    }
}

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == COMPILER) {
        return wasmtime_wasi_cuda::run_ptx_compiler();
    }
    if let Some(why) = driver::missing() {
        println!("gpu_dispatch did not run: {why}");
        let required = std::env::var("WASI_CUDA_REQUIRE_GPU").is_ok_and(|value| value == "1");
        return ExitCode::from(u8::from(required));
    }
    let done = Arguments::read().and_then(|arguments| {
        // One thread: a guest's calls and the driver's are made by the same.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        runtime.block_on(run(&arguments))
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    let gpu = driver::Gpu::open()?;
    println!(
        "{}, driver for CUDA {}.{}",
        gpu.name, gpu.cuda.0, gpu.cuda.1
    );
    let wasm = match &arguments.guest {
        Some(file) => file.clone(),
        None => {
            build_guests();
            built("wasi_cuda_bench_guest.wasm")
        }
    };
    let cache = std::env::temp_dir().join(format!("wasi-cuda-bench-{}", std::process::id()));
    let device = Device::cuda(
        0,
        CudaOptions {
            compiler: PtxCompiler::worker(std::env::current_exe()?, [COMPILER]),
            code_cache: Some(CodeCache {
                folder: cache.clone(),
                bytes: 64 << 20,
            }),
            ..CudaOptions::default()
        },
    )?;
    let raw = Raw::new(ELEMENTS)?;
    for (call, time) in raw::small_calls(&raw)? {
        println!("{call}: {time:.0} ns");
    }
    let (mut plainly, mut guarded) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plainly.push(raw.enqueue(BATCH)? / f64::from(BATCH));
        guarded.push(raw.enqueue_guarded(BATCH)? / f64::from(BATCH));
    }
    println!(
        "cuLaunchKernel: {:.0} ns, of the guarded kernel: {:.0} ns",
        support::median(&plainly),
        support::median(&guarded)
    );
    on_the_cpu(&wasm).await?;
    let mut rows = Vec::new();
    for (concurrency, name, aims) in [
        (true, "default", [1.25, 1.12]),
        (false, "plain", [1.15, 1.08]),
    ] {
        let prepared =
            BenchGuest::prepare(&engine(concurrency).map_err(plain)?, &wasm).map_err(plain)?;
        let mut guest = BenchGuest::start_prepared(&prepared, &device, ELEMENTS)
            .await
            .map_err(plain)?;
        launches(&mut guest, &raw, name, aims, &mut rows).await?;
        if concurrency {
            memory(&mut guest, &raw, &mut rows).await?;
        }
    }
    let prepared = BenchGuest::prepare(&engine(true).map_err(plain)?, &wasm).map_err(plain)?;
    let done = guests(&prepared, &device, &mut rows).await;
    // The folder goes with the process that made it.
    let _ = std::fs::remove_dir_all(&cache);
    print!("{}", table::text(&rows));
    done?;
    if let Some(file) = &arguments.json {
        std::fs::write(file, table::json(&gpu.name, &rows))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Wasmtime's errors are of a type of their own.
fn plain(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:?}")
}

/// What the calls take without a driver behind them, on the same machine.
async fn on_the_cpu(wasm: &Path) -> Result<()> {
    let device = Device::open("cpu")?;
    let prepared = BenchGuest::prepare(&engine(true).map_err(plain)?, wasm).map_err(plain)?;
    let guest = BenchGuest::start_prepared(&prepared, &device, 1024).await;
    let mut guest = guest.map_err(plain)?;
    for kind in ["call-reference", "enqueue", "enqueue-prepared"] {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let time = guest.time(kind, BATCH).await.map_err(plain)?;
            times.push(time as f64 / f64::from(BATCH));
        }
        println!(
            "on the CPU device, {kind}: {:.0} ns",
            support::median(&times)
        );
    }
    Ok(())
}

/// Launches alone, waited for, and in graphs.
async fn launches(
    guest: &mut BenchGuest,
    raw: &Raw,
    engine: &'static str,
    [launch, prepared]: [f64; 2],
    rows: &mut Vec<Row>,
) -> Result<()> {
    let (mut by_driver, mut by_guest, mut when_prepared) = (Vec::new(), Vec::new(), Vec::new());
    let (mut as_graph, mut waited, mut waited_by_driver) = (Vec::new(), Vec::new(), Vec::new());
    let (mut whole_graph, mut fifty_waited) = (Vec::new(), Vec::new());
    let (mut together, mut together_by_driver) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        // One of each in turn: what disturbs the machine disturbs all of them.
        let a_launch = |time: u64| time as f64 / f64::from(BATCH);
        by_driver.push(raw.enqueue(BATCH)? / f64::from(BATCH));
        by_guest.push(a_launch(guest.time("enqueue", BATCH).await.map_err(plain)?));
        when_prepared.push(a_launch(
            guest.time("enqueue-prepared", BATCH).await.map_err(plain)?,
        ));
        together.push(guest.time("enqueue-and-wait", BATCH).await.map_err(plain)? as f64);
        together_by_driver.push(raw.enqueue_and_wait(BATCH)?);
        as_graph.push(guest.time("enqueue-graph", GRAPH).await.map_err(plain)? as f64);
        whole_graph.push(guest.time("graph-and-wait", GRAPH).await.map_err(plain)? as f64);
        fifty_waited.push(raw.enqueue_and_wait(GRAPH)?);
        waited.extend(
            guest
                .times("launch-and-wait", (SINGLES,))
                .await
                .map_err(plain)?,
        );
        waited_by_driver.extend(raw.launch_and_wait(SINGLES)?);
    }
    let mut row = |work, pair: (&[f64], &[f64]), aim| {
        rows.push(Row::of_medians(work, engine, pair, aim));
    };
    row("launch, issue only", (&by_guest, &by_driver), launch);
    row(
        "prepared launch, issue only",
        (&when_prepared, &by_driver),
        prepared,
    );
    row(
        "48 launches and wait",
        (&together, &together_by_driver),
        launch,
    );
    row("launch and wait", (&waited, &waited_by_driver), 1.05);
    let tails = [&waited, &waited_by_driver].map(|times| [percentile(times, 99)]);
    row("launch and wait, p99", (&tails[0], &tails[1]), 1.5);
    let fifty: Vec<f64> = by_driver
        .iter()
        .map(|time| time * f64::from(GRAPH))
        .collect();
    row(
        "graph of 50 launches, issue only",
        (&as_graph, &fifty),
        0.25,
    );
    row(
        "graph of 50 launches and wait",
        (&whole_graph, &fifty_waited),
        0.25,
    );
    let (mut by_guest, mut by_driver) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        by_driver.push(raw.add()?);
        by_guest.push(guest.add().await.map_err(plain)? as f64);
    }
    let aim = 1.0 + 15e3 / support::median(&by_driver);
    row(
        "vector addition and wait, 15 us over it",
        (&by_guest, &by_driver),
        aim,
    );
    Ok(())
}

/// Memory, uploads and modules.
async fn memory(guest: &mut BenchGuest, raw: &Raw, rows: &mut Vec<Row>) -> Result<()> {
    let (mut by_guest, mut by_driver) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let a_time = |time: f64| time / f64::from(BATCH);
        by_driver.push(a_time(raw.allocate_and_free(BATCH, MEGABYTE)?));
        let time = guest
            .allocate_and_free(BATCH, MEGABYTE as u64)
            .await
            .map_err(plain)?;
        by_guest.push(a_time(time as f64));
    }
    let pair = (&by_guest[..], &by_driver[..]);
    rows.push(Row::of_medians(
        "allocate and free 1 MiB",
        "default",
        pair,
        2.0,
    ));
    let uploads = guest.times("upload", (5u32, UPLOAD)).await.map_err(plain)?;
    let by_driver = raw.upload(5, UPLOAD as usize)?;
    let host = raw::host_copies(5, UPLOAD as usize)?;
    let longer = if support::median(&host) > support::median(&by_driver) {
        &host
    } else {
        &by_driver
    };
    let pair = (&uploads[..], &longer[..]);
    rows.push(Row::of_medians(
        "write of 256 MiB over a host memcpy",
        "default",
        pair,
        1.2,
    ));
    let loads = guest.times("load-module", (20u32,)).await.map_err(plain)?;
    rows.push(Row {
        work: "load of a module that is loaded",
        engine: "default",
        unit: "us",
        guest: support::median(&loads) / 1e3,
        reference: 120.0,
        aim: 1.5,
    });
    Ok(())
}

/// Many guests at a time, and an idle process.
async fn guests(
    prepared: &wasmtime::component::InstancePre<support::State>,
    device: &Device,
    rows: &mut Vec<Row>,
) -> Result<()> {
    let before = raw::free_memory()?;
    let mut all = Vec::new();
    let mut times = Vec::new();
    for _ in 0..GUESTS {
        let begin = Instant::now();
        let mut guest = BenchGuest::start_prepared(prepared, device, 1024)
            .await
            .map_err(plain)?;
        guest.add().await.map_err(plain)?;
        times.push(begin.elapsed().as_nanos() as f64);
        all.push(guest);
    }
    rows.push(Row {
        work: "1,000 guests, time to first result",
        engine: "default",
        unit: "us",
        guest: support::median(&times) / 1e3,
        reference: 2000.0,
        aim: 1.0,
    });
    rows.push(Row {
        work: "1,000 guests, device memory of each",
        engine: "default",
        unit: "KB",
        guest: (before - raw::free_memory()?) / GUESTS as f64 / 1024.0,
        reference: 4096.0,
        aim: 1.0,
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begin = processor_time()?;
    tokio::time::sleep(IDLE).await;
    rows.push(Row {
        work: "idle with 1,000 streams, of one core",
        engine: "default",
        unit: "%",
        guest: (processor_time()? - begin) / IDLE.as_secs_f64() * 100.0,
        reference: 0.5,
        aim: 1.0,
    });
    Ok(())
}

/// Seconds that the process has used.
fn processor_time() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |index| -> Result<f64> {
        let field = fields.split_ascii_whitespace().nth(index);
        Ok(field.context("/proc/self/stat is cut off")?.parse()?)
    };
    // User and system time, in ticks of a hundredth of a second.
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}
