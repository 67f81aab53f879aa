//! How host functions reach a guest's context.

use crate::ctx::WasiCudaCtx;
use wasmtime::component::{HasData, ResourceTable};

/// Store data that has a [`WasiCudaCtx`].
///
/// ```
/// use wasmtime::component::ResourceTable;
/// use wasmtime_wasi_cuda::{WasiCudaCtx, WasiCudaCtxView, WasiCudaView};
///
/// struct State {
///     cuda: WasiCudaCtx,
///     table: ResourceTable,
/// }
///
/// impl WasiCudaView for State {
///     fn cuda(&mut self) -> WasiCudaCtxView<'_> {
///         WasiCudaCtxView { ctx: &self.cuda, table: &mut self.table }
///     }
/// }
/// ```
pub trait WasiCudaView: Send {
    /// The context, and the table that holds the guest's resources.
    fn cuda(&mut self) -> WasiCudaCtxView<'_>;
}

/// What host functions work on.
pub struct WasiCudaCtxView<'a> {
    /// The guest's devices and limits.
    pub ctx: &'a WasiCudaCtx,
    /// The guest's resources, those of other interfaces included.
    pub table: &'a mut ResourceTable,
}

/// Marks functions that work on a [`WasiCudaCtxView`].
pub struct WasiCuda;

impl HasData for WasiCuda {
    type Data<'a> = WasiCudaCtxView<'a>;
}
