//! Memory that a guest shares, where its end comes early or its host cannot share any.

use crate::support::on_cpu::case;
use std::time::{Duration, Instant};
use wasi_cuda_conformance::reference::{Guest, ReferenceHost};
use wasi_cuda_conformance::{Host, NotRun, Outcome, Runner, Setup};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, Store};
use wasmtime_wasi::WasiCtx;
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi_cuda::{CpuOptions, Device, MappedMemory};

/// Stops a guest while a kernel of its works in its memory.
const ENDLESS: &str = "memory_share_stopped";

fn device() -> Device {
    Device::cpu(CpuOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn a_store_is_dropped_while_a_kernel_works_in_its_guests_memory() {
    let device = device();
    let host = ReferenceHost::sharing(device.clone());
    let program = case(ENDLESS);
    let setup = Setup {
        time_limit: None,
        ..program.setup.clone()
    };
    let stdout = MemoryOutputPipe::new(1 << 16);
    let mut wasi = WasiCtx::builder();
    let data = host.data(&setup, wasi.stdout(stdout.clone()).build());
    let mut store = Store::new(
        host.engine(),
        data.expect("the host has what the case asks for"),
    );
    store.set_epoch_deadline(1);
    let mut linker = Linker::new(host.engine());
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
    host.add_to_linker(&mut linker).unwrap();
    let component = Component::new(host.engine(), program.program.component).unwrap();
    let guest = Command::instantiate_async(&mut store, &component, &linker)
        .await
        .unwrap();
    let running = async {
        while printed(&stdout) != "the next call runs a kernel that does not end" {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    tokio::select! {
        ended = guest.wasi_cli_run().call_run(&mut store) => panic!("the guest has ended: {ended:?}"),
        () = running => {}
    }
    // Its call is gone already, with a kernel on every worker.
    drop(store);
    let begin = Instant::now();
    let healthy = Runner::new(host).run_case(case("memory_share"));
    assert_eq!(healthy.outcome, Outcome::Passed);
    assert!(
        begin.elapsed() < Duration::from_secs(60),
        "the kernel has kept the device"
    );
    assert_eq!(device.memory_used(), 0);
}

fn printed(stdout: &MemoryOutputPipe) -> String {
    let text = String::from_utf8_lossy(&stdout.contents()).into_owned();
    text.lines().last().unwrap_or_default().to_owned()
}

/// The reference host on an engine that is configured otherwise.
struct On(Engine, ReferenceHost);

impl Host for On {
    type Data = Guest;

    fn engine(&self) -> &Engine {
        &self.0
    }

    fn add_to_linker(&self, linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
        self.1.add_to_linker(linker)
    }

    fn data(&self, setup: &Setup, wasi: WasiCtx) -> Result<Guest, NotRun> {
        self.1.data(setup, wasi)
    }
}

/// What the program that shares memory prints last on an engine.
fn last_line(configure: impl FnOnce(&mut Config)) -> String {
    let mut config = Config::new();
    config.epoch_interruption(true);
    configure(&mut config);
    let engine = Engine::new(&config).expect("the configuration is valid");
    let host = On(engine, ReferenceHost::sharing(device()));
    let result = Runner::new(host).run_case(case("memory_share"));
    assert_eq!(result.outcome, Outcome::Passed);
    result.stdout.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn memory_of_wasmtimes_own_is_not_shared() {
    let unsupported = "covers memory#[static]buffer.share unsupported";
    assert_eq!(last_line(|_| ()), unsupported);
    let pooled = last_line(|config| {
        // The pooling allocator makes all memories itself.
        MappedMemory::configure(config);
        config.allocation_strategy(InstanceAllocationStrategy::pooling());
    });
    assert_eq!(pooled, unsupported);
}

#[test]
fn small_reservations_leave_memory_shared_where_it_is() {
    let last = last_line(|config| {
        MappedMemory::configure(config);
        config.memory_reservation(0).memory_guard_size(0);
    });
    assert_eq!(last, "covers memory#[static]buffer.share ok");
}
