//! How long a runaway kernel lives once it is told to stop, while other guests keep the GPU busy.

use crate::driver::{Function, Gpu, Memory, Shape, Stream};
use crate::guest::Loaded;
use anyhow::{Context as _, Result, anyhow, ensure};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use wasi_cuda_jit::back::ptx::{GuardedKernel, LaunchRecord};
use wasi_cuda_jit::{CompileOptions, guarded_ptx};

const SOURCE: &str = include_str!("latency.ptx");
/// Streams that are busy beside the runaway.
const NEIGHBOURS: usize = 63;
/// Blocks of a neighbour's launch: all of them together are as many as a large GPU runs at a time.
const BLOCKS: u32 = 16;
/// Launches that each of them has enqueued.
const DEPTH: usize = 2;
/// How often a kernel is stopped.
const STOPS: usize = 200;
/// What a neighbour's launch does: about a millisecond of work.
const ROUNDS: u32 = 100_000;
const BUFFER: usize = 4096;
const CONTROL: usize = 512;
const FAULT: u64 = 256;
/// No more stops are begun after this time.
const MOST_TIME: Duration = Duration::from_secs(25);
const PATIENCE: Duration = Duration::from_secs(10);

/// A guest's memory, its stop word, and its stream.
struct Guest {
    window: Memory,
    control: Memory,
    stream: Stream,
}

impl Guest {
    fn new() -> Result<Self> {
        let guest = Self {
            window: Memory::new(BUFFER)?,
            control: Memory::new(CONTROL)?,
            stream: Stream::new()?,
        };
        guest.reset()?;
        Ok(guest)
    }

    fn reset(&self) -> Result<()> {
        self.window.fill(0, 0, BUFFER)?;
        self.control.fill(0, 0, CONTROL)
    }

    fn launch(&self, kernel: (&GuardedKernel, &Function), shape: &Shape, own: &[u8]) -> Result<()> {
        let record = LaunchRecord {
            window_base: self.window.address,
            window_mapped: BUFFER as u64,
            stop: self.control.address,
            fault: self.control.address + FAULT,
            ..LaunchRecord::default()
        };
        let mut parameters = self.window.address.to_le_bytes().to_vec();
        parameters.extend(own);
        let parameters = kernel.0.parameters(&parameters, &record);
        kernel.1.launch(&self.stream, shape, &parameters)
    }
}

/// Stops a kernel again and again: whether it always ended.
pub(crate) fn run(gpu: &Gpu) -> Result<bool> {
    let module =
        guarded_ptx(SOURCE, &CompileOptions::default()).map_err(|found| anyhow!("{found:?}"))?;
    let loaded = Loaded::new(module)?;
    let idle = measure(gpu, &loaded)?;
    report("alone", &idle);
    let neighbours: Vec<Guest> = (0..NEIGHBOURS)
        .map(|_| Guest::new())
        .collect::<Result<_>>()?;
    let done = AtomicBool::new(false);
    let (busy, launches) = std::thread::scope(|scope| {
        let feeder = scope.spawn(|| feed(&loaded, &neighbours, &done));
        std::thread::sleep(Duration::from_millis(100));
        let times = measure(gpu, &loaded);
        done.store(true, Ordering::Relaxed);
        let launches = feeder
            .join()
            .map_err(|_| anyhow!("the feeding thread panicked"))??;
        Ok::<_, anyhow::Error>((times?, launches))
    })?;
    report(&format!("beside {NEIGHBOURS} busy streams"), &busy);
    println!("the neighbours did {launches} launches meanwhile");
    ensure!(launches > 0, "the neighbours were not busy");
    Ok(true)
}

/// Keeps every neighbour's stream filled: how many launches that took.
fn feed(loaded: &Loaded, neighbours: &[Guest], done: &AtomicBool) -> Result<usize> {
    Gpu::bind()?;
    let kernel = loaded.kernel("busy").context("no kernel")?;
    let shape = Shape {
        grid: [BLOCKS, 1, 1],
        block: [256, 1, 1],
        shared: 0,
    };
    let mut launches = 0;
    let mut turns: VecDeque<&Guest> = neighbours.iter().collect();
    for guest in neighbours {
        for _ in 0..DEPTH {
            guest.launch(kernel, &shape, &ROUNDS.to_le_bytes())?;
        }
    }
    while !done.load(Ordering::Relaxed) {
        let Some(guest) = turns.pop_front() else {
            break;
        };
        if guest.stream.is_done()? {
            for _ in 0..DEPTH {
                guest.launch(kernel, &shape, &ROUNDS.to_le_bytes())?;
                launches += 1;
            }
        }
        turns.push_back(guest);
        // The driver's lock is not to be held all the time.
        std::thread::sleep(Duration::from_micros(5));
    }
    for guest in neighbours {
        ensure!(guest.stream.wait(PATIENCE)?, "a neighbour does not end");
    }
    Ok(launches)
}

/// Microseconds from the call that stops a kernel until it is gone.
fn measure(gpu: &Gpu, loaded: &Loaded) -> Result<Vec<f64>> {
    let kernel = loaded.kernel("runaway").context("no kernel")?;
    let (guest, stopper) = (Guest::new()?, Stream::with_priority(-5)?);
    let shape = Shape {
        grid: [gpu.processors, 1, 1],
        block: [64, 1, 1],
        shared: 0,
    };
    let mut times = Vec::new();
    let all = Instant::now();
    for _ in 0..STOPS {
        if all.elapsed() > MOST_TIME {
            break;
        }
        guest.reset()?;
        guest.launch(kernel, &shape, &[])?;
        let begin = Instant::now();
        while guest.window.read(0, 4)? == [0; 4] {
            ensure!(
                begin.elapsed() < PATIENCE,
                "the runaway kernel does not begin"
            );
            std::thread::sleep(Duration::from_micros(50));
        }
        let begin = Instant::now();
        stopper.write_word(&guest.control, 0, 1)?;
        ensure!(
            guest.stream.wait(PATIENCE)?,
            "the runaway kernel does not stop"
        );
        times.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn report(how: &str, times: &[f64]) {
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    println!(
        "stop {how}: {} stops, median {:.0} µs, 90 % {:.0}, 99 % {:.0}, longest {:.0}",
        times.len(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
}
