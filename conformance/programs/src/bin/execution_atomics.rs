//! Atomic operations of many blocks on the same words of memory lose nothing.

use wasi_cuda::{Device, Function, LaunchConfig, Result, Stream};
use wasi_cuda_conformance_programs::{default_device, kernels, runs_well};

const BLOCKS: u32 = 200;
const THREADS: u32 = 128;
const N: u32 = BLOCKS * THREADS;

fn main() -> Result<()> {
    let device = default_device();
    let stream = device.stream()?;
    let kernel = |name: &str| device.load_ptx(kernels::ATOMICS)?.function(name);
    histogram(&stream, &kernel("histogram")?)?;
    draw(&stream, &kernel("draw")?)?;
    add_numbers(&device, &stream, &kernel("add_numbers")?)?;
    runs_well(&device);
    Ok(())
}

fn histogram(stream: &Stream, kernel: &Function) -> Result<()> {
    let numbers: Vec<u32> = (0..N).map(|i| i * i / 7).collect();
    let data = stream.clone_htod(&numbers)?;
    let mut bins = stream.alloc_zeros::<u32>(16)?;
    let config = LaunchConfig::new(BLOCKS, THREADS);
    stream.launch(kernel, config, (&data, N, &mut bins))?;
    let mut expected = vec![0u32; 16];
    for number in numbers {
        expected[number as usize % 16] += 1;
    }
    assert_eq!(
        stream.clone_dtoh(&bins)?,
        expected,
        "each number should be counted once"
    );
    Ok(())
}

/// What an addition returns is what was there before, so that no two threads draw the same number.
fn draw(stream: &Stream, kernel: &Function) -> Result<()> {
    let mut counter = stream.alloc_zeros::<u32>(1)?;
    let mut takers = stream.alloc_zeros::<u32>(N as usize)?;
    let config = LaunchConfig::new(BLOCKS, THREADS);
    stream.launch(kernel, config, (&mut counter, &mut takers))?;
    assert_eq!(stream.clone_dtoh(&counter)?, [N], "one number a thread");
    let mut takers = stream.clone_dtoh(&takers)?;
    takers.sort_unstable();
    assert!(
        takers.into_iter().eq(1..=N),
        "each thread should draw a number of its own"
    );
    Ok(())
}

fn add_numbers(device: &Device, stream: &Stream, kernel: &Function) -> Result<()> {
    let mut sum = stream.clone_htod(&[1u64 << 40])?;
    let config = LaunchConfig::new(BLOCKS, THREADS);
    // Two launches at once meet in the word, too.
    let other = device.stream()?;
    other.wait(&stream.record_event()?)?;
    other.launch(kernel, config, (&mut sum,))?;
    stream.launch(kernel, config, (&mut sum,))?;
    stream.wait(&other.record_event()?)?;
    let once = u64::from(N) * u64::from(N - 1) / 2;
    assert_eq!(
        stream.clone_dtoh(&sum)?,
        [(1 << 40) + 2 * once],
        "each exchange should happen only if nobody came between"
    );
    Ok(())
}
