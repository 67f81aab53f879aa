//! Adding `wasi:cuda` to a linker.

use crate::bindings::LinkOptions;
use crate::bindings::wasi::cuda::{device, execution, memory, module, polling, types};
use crate::impls::{replace_share, replace_write};
use crate::view::{WasiCuda, WasiCudaCtxView, WasiCudaView};
use wasmtime::component::Linker;

/// Adds every stable function of `wasi:cuda` to a linker.
///
/// The interface `polling` hands out pollables of `wasi:io/poll`, whose functions are the embedder's to add:
/// `wasmtime_wasi::p2::add_to_linker_async` does.
///
/// # Errors
///
/// When the linker has one of the names already.
pub fn add_to_linker<T: WasiCudaView + 'static>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    add_to_linker_with(linker, &LinkOptions::default(), T::cuda)
}

/// Adds `wasi:cuda` to a linker, unstable features as `options` say, for any store data from which `view`
/// gets a context: what another runtime's adapter uses.
///
/// # Errors
///
/// When the linker has one of the names already.
pub fn add_to_linker_with<T: Send + 'static>(
    linker: &mut Linker<T>,
    options: &LinkOptions,
    view: fn(&mut T) -> WasiCudaCtxView<'_>,
) -> wasmtime::Result<()> {
    types::add_to_linker::<T, WasiCuda>(linker, view)?;
    device::add_to_linker::<T, WasiCuda>(linker, view)?;
    memory::add_to_linker::<T, WasiCuda>(linker, &options.into(), view)?;
    module::add_to_linker::<T, WasiCuda>(linker, view)?;
    execution::add_to_linker::<T, WasiCuda>(linker, &options.into(), view)?;
    polling::add_to_linker::<T, WasiCuda>(linker, view)?;
    if options.has_mapped_memory() {
        replace_share(linker, view)?;
    }
    replace_write(linker, view)
}
