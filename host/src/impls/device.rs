//! `wasi:cuda/device`.

use crate::bindings::wasi::cuda::device::{
    Backend, Device, Host, HostDevice, MemoryUsage, Properties,
};
use crate::bindings::wasi::cuda::types::Dim3;
use crate::device::{DeviceBackend, DeviceProperties};
use crate::grant::Grant;
use crate::view::WasiCudaCtxView;
use std::sync::Arc;
use tracing::instrument;
use wasmtime::Result;
use wasmtime::component::Resource;

/// A granted device.
pub struct DeviceHandle {
    pub(crate) grant: Arc<Grant>,
}

impl Host for WasiCudaCtxView<'_> {
    #[instrument(
        name = "get-devices",
        level = "trace",
        target = "wasi_cuda",
        skip_all,
        err(level = "debug")
    )]
    fn get_devices(&mut self) -> Result<Vec<Resource<Device>>> {
        let handles = self.ctx.grants().iter().map(|grant| DeviceHandle {
            grant: grant.clone(),
        });
        handles.map(|handle| Ok(self.table.push(handle)?)).collect()
    }
}

impl HostDevice for WasiCudaCtxView<'_> {
    #[instrument(
        name = "device.properties", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&device))
    )]
    fn properties(&mut self, device: Resource<Device>) -> Result<Properties> {
        let grant = &self.table.get(&device)?.grant;
        Ok(properties(grant.device().properties()))
    }

    #[instrument(
        name = "device.memory-usage", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&device))
    )]
    fn memory_usage(&mut self, device: Resource<Device>) -> Result<MemoryUsage> {
        let usage = self.table.get(&device)?.grant.usage();
        Ok(MemoryUsage {
            used: usage.used(),
            peak: usage.peak(),
            limit: usage.limit(),
        })
    }

    fn drop(&mut self, device: Resource<Device>) -> Result<()> {
        self.table.delete(device)?;
        Ok(())
    }
}

fn properties(known: &DeviceProperties) -> Properties {
    Properties {
        name: known.name.clone(),
        backend: match known.backend {
            DeviceBackend::Cuda => Backend::Cuda,
            DeviceBackend::Cpu => Backend::Cpu,
        },
        compute_capability: known.compute_capability,
        multiprocessors: known.multiprocessors,
        warp_size: known.warp_size,
        max_threads_per_block: known.max_threads_per_block,
        max_block: dim3(known.max_block),
        max_grid: dim3(known.max_grid),
        total_memory: known.total_memory,
        max_shared_memory_per_block: known.max_shared_memory_per_block,
        ptx_version: known.ptx_version,
    }
}

fn dim3([x, y, z]: [u32; 3]) -> Dim3 {
    Dim3 { x, y, z }
}
