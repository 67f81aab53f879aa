//! A guest that uses no device, on plain Wasmtime and with `wasi:cuda` added to its linker and a device granted.
//!
//! `cargo bench -p wasmtime-wasi-cuda --bench no_device`

mod support;

use std::time::Instant;

use support::{State, build_guests, built, engine, median};
use wasmtime::component::{Component, InstancePre, Linker, ResourceTable};
use wasmtime::{Engine, Result, Store};
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_cuda::Device;

const RUNS: usize = 41;
const INSTANTIATIONS: u32 = 200;

/// The store's data without `wasi:cuda`.
struct Plain {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for Plain {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

fn plain() -> Plain {
    Plain {
        wasi: WasiCtx::builder().build(),
        table: ResourceTable::new(),
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    build_guests();
    let engine = engine(true)?;
    let component = Component::from_file(&engine, built("no_device.wasm"))?;
    let device = Device::open("cpu")?;

    let mut plain_linker = Linker::<Plain>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut plain_linker)?;
    let without = plain_linker.instantiate_pre(&component)?;
    let mut cuda_linker = Linker::<State>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut cuda_linker)?;
    wasmtime_wasi_cuda::add_to_linker(&mut cuda_linker)?;
    let with = cuda_linker.instantiate_pre(&component)?;

    println!("a guest that uses no device, medians of {RUNS} runs in turn\n");
    println!(
        "{:<42} {:>10} {:>12} {:>8}",
        "", "plain", "wasi:cuda", "ratio"
    );
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        a.push(run(&engine, &without, plain).await?);
        b.push(run(&engine, &with, || State::new(&device)).await?);
    }
    print_row("run, ms", 1e6, &a, &b);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        a.push(instantiate(&engine, &without, plain).await?);
        b.push(instantiate(&engine, &with, || State::new(&device)).await?);
    }
    print_row("store and instance, made and dropped, us", 1e3, &a, &b);
    Ok(())
}

/// Nanoseconds of one run of the guest from its store to its end.
async fn run<T: WasiView + Send + 'static>(
    engine: &Engine,
    guest: &InstancePre<T>,
    state: impl Fn() -> T,
) -> Result<f64> {
    let start = Instant::now();
    let mut store = Store::new(engine, state());
    let command = CommandPre::new(guest.clone())?
        .instantiate_async(&mut store)
        .await?;
    let outcome = command.wasi_cli_run().call_run(&mut store).await?;
    drop(store);
    assert_eq!(outcome, Ok(()), "the guest failed");
    Ok(start.elapsed().as_nanos() as f64)
}

/// Nanoseconds to make and drop a guest that does not run.
async fn instantiate<T: Send + 'static>(
    engine: &Engine,
    guest: &InstancePre<T>,
    state: impl Fn() -> T,
) -> Result<f64> {
    let start = Instant::now();
    for _ in 0..INSTANTIATIONS {
        let mut store = Store::new(engine, state());
        guest.instantiate_async(&mut store).await?;
    }
    Ok(start.elapsed().as_nanos() as f64 / f64::from(INSTANTIATIONS))
}

fn print_row(label: &str, unit: f64, plain: &[f64], cuda: &[f64]) {
    let (plain, cuda) = (median(plain), median(cuda));
    let ratio = cuda / plain;
    println!(
        "{label:<42} {:>10.2} {:>12.2} {ratio:>8.3}",
        plain / unit,
        cuda / unit
    );
}
