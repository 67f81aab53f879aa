//! The functions that guests call, one file for each interface.

#![expect(
    unreachable_pub,
    reason = "the generated bindings re-export the resources' types, which makes them public in name"
)]

mod device;
mod execution;
mod memory;
mod module;
mod polling;
mod replace;
mod trace;

#[cfg(test)]
mod tests;

pub use device::DeviceHandle;
pub(crate) use execution::replace_write;
pub use execution::{Event, Graph, Prepared, Stream};
pub use memory::Buffer;
pub(crate) use memory::replace_share;
pub use module::{Function, Module};

use crate::bindings::wasi::cuda::types::{self, ErrorCode};
use crate::error::{CudaError, CudaResult};
use crate::grant::Grant;
use crate::view::WasiCudaCtxView;
use std::sync::Arc;

impl types::Host for WasiCudaCtxView<'_> {
    fn convert_error_code(&mut self, error: CudaError) -> wasmtime::Result<ErrorCode> {
        error.into_code()
    }
}

/// `invalid-argument` unless `thing` belongs to the device that `to` does.
fn same_device(to: &Arc<Grant>, thing: &Arc<Grant>, name: &str) -> CudaResult<()> {
    if Arc::ptr_eq(to, thing) {
        return Ok(());
    }
    Err(CudaError::invalid_argument(format!(
        "the {name} is another device's; both must be of one device"
    )))
}
