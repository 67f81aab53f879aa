//! The adapter of this project's own host, `wasmtime-wasi-cuda`.

use crate::{Host, LoseDevices, NotRun, Setup};
use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{Config, Engine};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_cuda::{
    CpuOptions, CudaOptions, Device, DeviceBackend, DeviceError, Limits, LinkOptions, MappedMemory,
    PtxCompiler, WasiCudaCtx, WasiCudaCtxBuilder, WasiCudaCtxView, WasiCudaView,
};

/// `wasmtime-wasi-cuda` on one of its devices.
pub struct ReferenceHost {
    engine: Engine,
    /// Whether the engine runs async functions.
    concurrency: bool,
    devices: Devices,
}

/// Where the devices of a guest come from.
enum Devices {
    /// Each guest gets CPU devices of its own, with the memory that its setup names.
    OwnCpu,
    /// Each guest opens the GPU with this name for itself, with the memory that its setup names.
    OwnCuda(String, PtxCompiler),
    /// All guests share this one.
    Shared(Device),
}

impl ReferenceHost {
    /// On a device by its name, as [`Device::open`] knows it.
    pub fn open(name: &str) -> Result<Self, DeviceError> {
        Self::open_compiling_in(name, PtxCompiler::InProcess)
    }

    /// On a device by its name, whose driver compiles where `compiler` says.
    pub fn open_compiling_in(name: &str, compiler: PtxCompiler) -> Result<Self, DeviceError> {
        let device = Device::open(name)?;
        Ok(match device.properties().backend {
            DeviceBackend::Cuda => {
                ReferenceHost::new(Devices::OwnCuda(device.name().to_owned(), compiler))
            }
            DeviceBackend::Cpu => ReferenceHost::new(Devices::OwnCpu),
            _ => ReferenceHost::sharing(device),
        })
    }

    /// On one device that all guests share, whatever memory their setups name.
    pub fn sharing(device: Device) -> Self {
        ReferenceHost::new(Devices::Shared(device))
    }

    /// The same host on an engine that runs no async functions, whose calls are faster.
    #[must_use]
    pub fn without_concurrency(self) -> Self {
        ReferenceHost::on_engine(false, self.devices)
    }

    fn new(devices: Devices) -> Self {
        ReferenceHost::on_engine(true, devices)
    }

    fn on_engine(concurrency: bool, devices: Devices) -> Self {
        let mut config = Config::new();
        config.epoch_interruption(true);
        config.concurrency_support(concurrency);
        MappedMemory::configure(&mut config);
        ReferenceHost {
            engine: Engine::new(&config).expect("the configuration is valid on every platform"),
            concurrency,
            devices,
        }
    }

    fn devices(&self, setup: &Setup) -> Result<Vec<Device>, NotRun> {
        match &self.devices {
            Devices::OwnCpu => (0..setup.devices)
                .map(|_| {
                    let options = CpuOptions {
                        total_memory: Some(setup.device_memory),
                        ..CpuOptions::default()
                    };
                    Device::cpu(options).map_err(NotRun::because)
                })
                .collect(),
            Devices::OwnCuda(name, compiler) => (0..setup.devices)
                .map(|_| {
                    let options = CudaOptions {
                        total_memory: Some(setup.device_memory),
                        compiler: compiler.clone(),
                        ..CudaOptions::default()
                    };
                    Device::cuda_named(name, options).map_err(NotRun::because)
                })
                .collect(),
            Devices::Shared(device) => match setup.devices {
                0 => Ok(Vec::new()),
                1 => Ok(vec![device.clone()]),
                n => Err(NotRun::because(format!(
                    "needs {n} devices and this host has one"
                ))),
            },
        }
    }
}

impl Host for ReferenceHost {
    type Data = Guest;

    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn add_to_linker(&self, linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
        let mut options = LinkOptions::default();
        options
            .cuda_async(self.concurrency)
            .cuda_mapped_memory(true);
        wasmtime_wasi_cuda::add_to_linker_with(linker, &options, WasiCudaView::cuda)
    }

    fn data(&self, setup: &Setup, wasi: WasiCtx) -> Result<Guest, NotRun> {
        if setup.asynchronous && !self.concurrency {
            return Err(NotRun::because(
                "calls async functions, and the host's engine runs none (`Config::concurrency_support`)",
            ));
        }
        let devices = self.devices(setup)?;
        let cuda = devices
            .iter()
            .cloned()
            .fold(WasiCudaCtx::builder(), WasiCudaCtxBuilder::device)
            .limits(limits(setup))
            .time_limit(setup.time_limit)
            .checked(setup.checked)
            .build();
        Ok(Guest {
            own_devices: match self.devices {
                Devices::OwnCpu | Devices::OwnCuda(..) => devices,
                Devices::Shared(_) => Vec::new(),
            },
            wasi,
            cuda,
            table: ResourceTable::new(),
        })
    }

    fn lose_devices(&self, guest: &Guest) -> Option<LoseDevices> {
        let devices = guest.own_devices.clone();
        let lose = move || {
            for device in devices {
                device.mark_lost("the case asks for it");
            }
        };
        (!guest.own_devices.is_empty()).then(|| Box::new(lose) as LoseDevices)
    }
}

fn limits(setup: &Setup) -> Limits {
    let asked = &setup.limits;
    let default = Limits::default();
    Limits {
        memory: asked.memory,
        mapped_memory: asked.mapped_memory,
        buffers: asked.buffers,
        modules: asked.modules,
        streams: asked.streams,
        events: asked.events,
        graphs: asked.graphs,
        pending_operations: asked.pending_operations,
        pending_bytes: asked.pending_bytes,
        blocks: asked.blocks,
        source_size: asked.source_size,
        compile_time: asked.compile_time.unwrap_or(default.compile_time),
        ..default
    }
}

/// What the store of a guest holds.
pub struct Guest {
    /// The devices that no other guest has.
    own_devices: Vec<Device>,
    wasi: WasiCtx,
    cuda: WasiCudaCtx,
    table: ResourceTable,
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiCudaView for Guest {
    fn cuda(&mut self) -> WasiCudaCtxView<'_> {
        WasiCudaCtxView {
            ctx: &self.cuda,
            table: &mut self.table,
        }
    }
}
