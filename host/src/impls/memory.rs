//! `wasi:cuda/memory`.

mod share;

pub(crate) use share::replace_share;

use crate::bindings::wasi::cuda::device::Device;
use crate::bindings::wasi::cuda::memory::{Host, HostBuffer};
use crate::error::{CudaError, CudaResult};
use crate::memory::Allocation;
use crate::view::WasiCudaCtxView;
use std::sync::Arc;
use tracing::instrument;
use wasmtime::component::Resource;

/// A guest's buffer.
pub struct Buffer {
    pub(crate) allocation: Arc<Allocation>,
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.allocation.end_share();
    }
}

impl Host for WasiCudaCtxView<'_> {}

impl HostBuffer for WasiCudaCtxView<'_> {
    #[instrument(
        name = "buffer.new", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&device), bytes = size)
    )]
    fn new(&mut self, device: Resource<Device>, size: u64) -> CudaResult<Resource<Buffer>> {
        let grant = &self.table.get(&device)?.grant;
        grant.device().check()?;
        let allocation = Allocation::new(grant, size)?;
        Ok(self.table.push(Buffer { allocation })?)
    }

    #[instrument(
        name = "buffer.size", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&buffer))
    )]
    fn size(&mut self, buffer: Resource<Buffer>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&buffer)?.allocation.size())
    }

    #[instrument(
        name = "buffer.device-address", level = "trace", target = "wasi_cuda", skip_all, err(level = "debug"),
        fields(device = self.device_of(&buffer))
    )]
    fn device_address(&mut self, buffer: Resource<Buffer>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&buffer)?.allocation.address())
    }

    /// The linker replaces this one by a function that knows where the region lies.
    fn share(
        &mut self,
        _device: Resource<Device>,
        _region: Vec<u8>,
    ) -> CudaResult<Resource<Buffer>> {
        Err(CudaError::unsupported(
            "a copy of a region cannot be shared",
        ))
    }

    fn drop(&mut self, buffer: Resource<Buffer>) -> wasmtime::Result<()> {
        self.table.delete(buffer)?;
        Ok(())
    }
}
