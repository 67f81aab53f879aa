//! `buffer.share`, which needs to know where in the guest's memory its bytes lie.
//!
//! The generated function gets a copy of them.

use super::Buffer;
use crate::bindings::wasi::cuda::device::Device;
use crate::bindings::wasi::cuda::types::ErrorCode;
use crate::error::{CudaError, CudaResult};
use crate::impls::replace::{View, replace};
use crate::memory::Allocation;
use tracing::instrument;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, WasmList};

const INTERFACE: &str = "wasi:cuda/memory@0.1.0";
const FUNCTION: &str = "[static]buffer.share";

/// Puts this function in the place of the generated one.
pub(crate) fn replace_share<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: View<T>,
) -> wasmtime::Result<()> {
    replace(linker, |linker| define(linker, view))
}

type Arguments = (Resource<Device>, WasmList<u8>);
type Answer = (Result<Resource<Buffer>, ErrorCode>,);

fn define<T: Send + 'static>(linker: &mut Linker<T>, view: View<T>) -> wasmtime::Result<()> {
    linker
        .instance(INTERFACE)?
        .func_wrap_async(FUNCTION, move |store, arguments: Arguments| {
            Box::new(async move {
                match share(store, view, arguments).await {
                    Ok(buffer) => Ok((Ok(buffer),)),
                    Err(error) => Ok((Err(error.into_code()?),)),
                }
            }) as Box<dyn Future<Output = wasmtime::Result<Answer>> + Send + '_>
        })
}

#[instrument(
    name = "buffer.share",
    level = "trace",
    target = "wasi_cuda",
    skip_all,
    fields(device = device_of(&mut store, view, &device), bytes = region.as_le_slice(&store).len()),
    err(level = "debug")
)]
async fn share<T: Send + 'static>(
    mut store: StoreContextMut<'_, T>,
    view: View<T>,
    (device, region): Arguments,
) -> CudaResult<Resource<Buffer>> {
    let region = region.as_le_slice(&store);
    // The address alone: nothing here looks at the bytes, which are the device's to change from now on.
    let (address, length) = (region.as_ptr().addr(), region.len());
    let grant = view(store.data_mut()).table.get(&device)?.grant.clone();
    grant.device().check()?;
    if length == 0 {
        return Err(CudaError::invalid_argument("the region is empty"));
    }
    grant.check_shares()?;
    // Kernels that run already could reach the range too, beside whatever the guest does next.
    grant.quiet().await;
    let allocation = Allocation::shared(&grant, address, length)?;
    Ok(view(store.data_mut()).table.push(Buffer { allocation })?)
}

fn device_of<T>(
    store: &mut StoreContextMut<'_, T>,
    view: View<T>,
    device: &Resource<Device>,
) -> Option<String> {
    Some(view(store.data_mut()).device_of(device)?.to_owned())
}
