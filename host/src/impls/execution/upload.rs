//! `cuda-stream.write` without a copy of the guest's bytes on the way.
//!
//! The generated function lifts the list into a vector, which costs more than the upload itself: fresh pages
//! and one more copy. This one reads the bytes where they lie in the guest's memory.

use crate::bindings::wasi::cuda::execution::{BufferOffset, CudaStream};
use crate::bindings::wasi::cuda::types::ErrorCode;
use crate::error::CudaResult;
use crate::impls::replace::{View, replace};
use tracing::instrument;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, WasmList};

const INTERFACE: &str = "wasi:cuda/execution@0.1.0";
const FUNCTION: &str = "[method]cuda-stream.write";

/// Puts this function in the place of the generated one.
pub(crate) fn replace_write<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: View<T>,
) -> wasmtime::Result<()> {
    replace(linker, |linker| define(linker, view))
}

fn define<T: Send + 'static>(linker: &mut Linker<T>, view: View<T>) -> wasmtime::Result<()> {
    linker
        .instance(INTERFACE)?
        .func_wrap_async(FUNCTION, move |store, arguments: Arguments| {
            Box::new(async move {
                match write(store, view, arguments).await {
                    Ok(()) => Ok((Ok(()),)),
                    Err(error) => Ok((Err(error.into_code()?),)),
                }
            })
                as Box<dyn Future<Output = wasmtime::Result<(Result<(), ErrorCode>,)>> + Send + '_>
        })
}

type Arguments = (Resource<CudaStream>, BufferOffset, WasmList<u8>);

#[instrument(
    name = "cuda-stream.write",
    level = "trace",
    target = "wasi_cuda",
    skip_all,
    fields(device = device_of(&mut store, view, &stream), bytes = data.as_le_slice(&store).len()),
    err(level = "debug")
)]
async fn write<T: Send + 'static>(
    mut store: StoreContextMut<'_, T>,
    view: View<T>,
    (stream, to, data): Arguments,
) -> CudaResult<()> {
    let length = data.as_le_slice(&store).len();
    let (stream, to) = view(store.data_mut()).destination(&stream, &to, length)?;
    if to.buffer.is_shared() {
        // The bytes may be those that are written to.
        let bytes = data.as_le_slice(&store).to_vec();
        return stream.write_later(to, bytes).await;
    }
    // The store is this call's until it ends, so the guest's memory stays where and as it is.
    stream.write(to, data.as_le_slice(&store)).await
}

fn device_of<T>(
    store: &mut StoreContextMut<'_, T>,
    view: View<T>,
    stream: &Resource<CudaStream>,
) -> Option<String> {
    Some(view(store.data_mut()).device_of(stream)?.to_owned())
}
