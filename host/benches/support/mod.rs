//! What the benches share: building the guests, running them, and medians.

#![allow(dead_code, reason = "each bench uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::Command;

use wasmtime::component::{
    Component, ComponentType, Instance, InstancePre, Lift, Linker, Lower, ResourceTable,
};
use wasmtime::{Config, Engine, Result, Store, StoreContextMut};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_cuda::{Device, Limits, WasiCudaCtx, WasiCudaCtxView, WasiCudaView};

/// The store's data of a guest that may use devices.
pub(crate) struct State {
    wasi: WasiCtx,
    cuda: WasiCudaCtx,
    table: ResourceTable,
}

impl State {
    /// A guest to which `device` is granted, with room for three vectors of 64 Mi floats.
    pub(crate) fn new(device: &Device) -> Self {
        let limits = Limits {
            memory: 1 << 30,
            ..Limits::default()
        };
        Self {
            wasi: WasiCtx::builder().build(),
            cuda: WasiCudaCtx::builder()
                .device(device.clone())
                .limits(limits)
                .build(),
            table: ResourceTable::new(),
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiCudaView for State {
    fn cuda(&mut self) -> WasiCudaCtxView<'_> {
        WasiCudaCtxView {
            ctx: &self.cuda,
            table: &mut self.table,
        }
    }
}

/// A running guest of `guest/src/lib.rs`.
pub(crate) struct BenchGuest {
    store: Store<State>,
    instance: Instance,
}

impl BenchGuest {
    /// Starts it on an engine, and lets it allocate its vectors.
    pub(crate) async fn start(engine: &Engine, device: &Device, elements: u32) -> Result<Self> {
        let prepared = Self::prepare(engine, &built("wasi_cuda_bench_guest.wasm"))?;
        Self::start_prepared(&prepared, device, elements).await
    }

    /// What every guest of an engine is made from.
    pub(crate) fn prepare(engine: &Engine, wasm: &Path) -> Result<InstancePre<State>> {
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi_cuda::add_to_linker(&mut linker)?;
        add_reference(&mut linker)?;
        linker.instantiate_pre(&Component::from_file(engine, wasm)?)
    }

    /// Starts one, and lets it allocate its vectors.
    pub(crate) async fn start_prepared(
        prepared: &InstancePre<State>,
        device: &Device,
        elements: u32,
    ) -> Result<Self> {
        let mut guest = Self::start_empty(prepared, device).await?;
        guest.call::<(u32,), ()>("set-up", (elements,)).await?;
        Ok(guest)
    }

    /// Starts one that has no vectors.
    pub(crate) async fn start_empty(
        prepared: &InstancePre<State>,
        device: &Device,
    ) -> Result<Self> {
        let mut store = Store::new(prepared.engine(), State::new(device));
        // More than the largest upload.
        store.set_hostcall_fuel(1 << 30);
        let instance = prepared.instantiate_async(&mut store).await?;
        Ok(Self { store, instance })
    }

    /// Has it do right and wrong things: how many results were right, or what was not as it should be.
    pub(crate) async fn soak(
        &mut self,
        seed: u64,
        rounds: u32,
    ) -> Result<std::result::Result<u32, String>> {
        let (right,) = self
            .call::<_, (std::result::Result<u32, String>,)>("soak", (seed, rounds))
            .await?;
        Ok(right)
    }

    /// Nanoseconds that `launches` calls of one kind take together.
    pub(crate) async fn time(&mut self, kind: &str, launches: u32) -> Result<u64> {
        let (nanoseconds,) = self.call::<_, (u64,)>(kind, (launches,)).await?;
        Ok(nanoseconds)
    }

    /// Nanoseconds of each of several calls that the guest times one by one.
    pub(crate) async fn times<P>(&mut self, kind: &str, parameters: P) -> Result<Vec<f64>>
    where
        P: wasmtime::component::ComponentNamedList + Lower + Send + Sync + 'static,
    {
        let (times,) = self.call::<P, (Vec<u64>,)>(kind, parameters).await?;
        Ok(times.into_iter().map(|time| time as f64).collect())
    }

    /// Nanoseconds that so many times allocating and freeing take together.
    pub(crate) async fn allocate_and_free(&mut self, times: u32, bytes: u64) -> Result<u64> {
        let (nanoseconds,) = self.call("allocate-and-free", (times, bytes)).await?;
        Ok(nanoseconds)
    }

    /// Nanoseconds of one vector addition.
    pub(crate) async fn add(&mut self) -> Result<u64> {
        let (nanoseconds,) = self.call::<(), (u64,)>("add", ()).await?;
        Ok(nanoseconds)
    }

    /// Whether the sums are right.
    pub(crate) async fn check(&mut self) -> Result<bool> {
        let (right,) = self.call::<(u32,), (bool,)>("check", (1000,)).await?;
        Ok(right)
    }

    async fn call<P, R>(&mut self, name: &str, parameters: P) -> Result<R>
    where
        P: wasmtime::component::ComponentNamedList + Lower + Send + Sync + 'static,
        R: wasmtime::component::ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let function = self
            .instance
            .get_typed_func::<P, R>(&mut self.store, name)?;
        function.call_async(&mut self.store, parameters).await
    }
}

#[derive(ComponentType, Lift)]
#[component(record)]
struct ReferenceConfig {
    grid: (u32, u32, u32),
    block: (u32, u32, u32),
    #[component(name = "shared-memory")]
    shared_memory: u32,
    cluster: Option<(u32, u32, u32)>,
}

#[derive(ComponentType, Lift)]
#[component(variant)]
enum ReferenceArgument {
    #[component(name = "pointer")]
    Pointer((u32, u64)),
    #[component(name = "null")]
    Null,
    #[component(name = "s8")]
    S8(i8),
    #[component(name = "s16")]
    S16(i16),
    #[component(name = "s32")]
    S32(i32),
    #[component(name = "s64")]
    S64(i64),
    #[component(name = "u8")]
    U8(u8),
    #[component(name = "u16")]
    U16(u16),
    #[component(name = "u32")]
    U32(u32),
    #[component(name = "u64")]
    U64(u64),
    #[component(name = "f32")]
    F32(f32),
    #[component(name = "f64")]
    F64(f64),
    #[component(name = "bytes")]
    Bytes(Vec<u8>),
}

type ReferenceCall = (u32, ReferenceConfig, Vec<ReferenceArgument>);

/// Adds the host call to which a launch is compared: it takes as much and does nothing.
fn add_reference(linker: &mut Linker<State>) -> Result<()> {
    linker.instance("bench:guest/reference")?.func_wrap(
        "launch",
        |_: StoreContextMut<'_, State>, call: ReferenceCall| {
            std::hint::black_box(call);
            Ok((Ok::<(), String>(()),))
        },
    )
}

/// Wasmtime with its own settings, or without support for several tasks in a guest, which makes calls cheaper.
pub(crate) fn engine(concurrency: bool) -> Result<Engine> {
    let mut config = Config::new();
    config.concurrency_support(concurrency);
    Engine::new(&config)
}

/// The path of one of the built guests.
pub(crate) fn built(file: &str) -> PathBuf {
    target().join("wasm32-wasip2/release").join(file)
}

fn target() -> &'static Path {
    Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/bench-guests"))
}

/// Builds the guests. They get a target folder of their own.
pub(crate) fn build_guests() {
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--target",
            "wasm32-wasip2",
            "--target-dir",
        ])
        .arg(target())
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/guest"))
        .status()
        .expect("Cargo runs this bench");
    let advice = "is the target installed? rustup target add wasm32-wasip2";
    assert!(status.success(), "the guests do not build; {advice}");
}

/// The middle one of these values.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
