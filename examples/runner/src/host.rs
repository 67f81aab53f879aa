//! What a guest sees: WASI 0.2, and the devices it was granted.

use std::path::PathBuf;

use wasmtime::component::{Linker, ResourceTable};
use wasmtime::error::Context;
use wasmtime::{Config, Engine, Result, Store};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_cuda::{
    CodeCache, CudaOptions, Device, LinkOptions, MappedMemory, PtxCompiler, WasiCudaCtx,
    WasiCudaCtxView, WasiCudaView,
};

use crate::args::RunArgs;

/// Bytes of machine code that are kept: some thousand kernels.
const CODE_CACHE: u64 = 256 << 20;

/// The state of one guest.
pub(crate) struct Host {
    wasi: WasiCtx,
    cuda: WasiCudaCtx,
    table: ResourceTable,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiCudaView for Host {
    fn cuda(&mut self) -> WasiCudaCtxView<'_> {
        WasiCudaCtxView {
            ctx: &self.cuda,
            table: &mut self.table,
        }
    }
}

pub(crate) fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model(true);
    MappedMemory::configure(&mut config);
    Engine::new(&config)
}

pub(crate) fn linker(engine: &Engine, arguments: &RunArgs) -> Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    let mut options = LinkOptions::default();
    options.cuda_async(arguments.cuda_async);
    options.cuda_mapped_memory(true);
    wasmtime_wasi_cuda::add_to_linker_with(&mut linker, &options, WasiCudaView::cuda)?;
    Ok(linker)
}

/// A store whose guest is called `name` and has what `arguments` grant it.
pub(crate) fn store(engine: &Engine, name: &str, arguments: &RunArgs) -> Result<Store<Host>> {
    let host = Host {
        wasi: wasi(name, arguments)?,
        cuda: cuda(arguments)?,
        table: ResourceTable::new(),
    };
    Ok(Store::new(engine, host))
}

fn wasi(name: &str, arguments: &RunArgs) -> Result<WasiCtx> {
    let mut builder = WasiCtx::builder();
    builder.inherit_stdio().arg(name);
    if arguments.invoke.is_none() {
        builder.args(arguments.arguments());
    }
    for variable in &arguments.variables {
        // A variable that the host does not have is not set for the guest either, as in `wasmtime run`.
        if let Some(value) = variable
            .value
            .clone()
            .or_else(|| std::env::var(&variable.name).ok())
        {
            builder.env(&variable.name, value);
        }
    }
    for directory in &arguments.directories {
        builder
            .preopened_dir(&directory.host, &directory.guest, FsPerms::ReadWrite)
            .with_context(|| format!("cannot give the guest the directory `{}`", directory.host))?;
    }
    Ok(builder.build())
}

/// A device by its name. The driver's compiler runs in this program, started again, and what it makes is kept in the user's
/// cache folder.
fn open(name: &str) -> Result<Device> {
    if !name.starts_with("cuda:") {
        return Ok(Device::open(name)?);
    }
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let options = CudaOptions {
        compiler: PtxCompiler::worker(program, ["ptx-compiler"]),
        code_cache: cache_folder().map(|folder| CodeCache {
            folder,
            bytes: CODE_CACHE,
        }),
        ..CudaOptions::default()
    };
    Ok(Device::cuda_named(name, options)?)
}

/// Where programs keep what they can make again (XDG base directory specification); none without a home.
fn cache_folder() -> Option<PathBuf> {
    let absolute = |name| {
        let folder = PathBuf::from(std::env::var_os(name)?);
        folder.is_absolute().then_some(folder)
    };
    let caches = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(caches.join("wasi-cuda"))
}

fn cuda(arguments: &RunArgs) -> Result<WasiCudaCtx> {
    let mut builder = WasiCudaCtx::builder().checked(arguments.checked_mode());
    for name in &arguments.devices {
        let device = open(name).with_context(|| format!("cannot open device `{name}`"))?;
        eprintln!(
            "wasi-cuda: device {} ({})",
            device.name(),
            device.properties().name
        );
        builder = builder.device(device);
    }
    if let Some(bytes) = arguments.cuda_memory {
        builder = builder.memory_limit(bytes);
    }
    if let Some(limit) = arguments.cuda_timeout {
        builder = builder.time_limit(Some(limit));
    }
    Ok(builder.build())
}
