//! `wasi:cuda` for Wasmtime: GPU compute for WebAssembly guests.
//!
//! Guests compile and launch CUDA kernels on the devices that their embedder grants. Untrusted kernels are
//! safe: a guest's PTX is verified and guarded before anything runs it, so a kernel that leaves its memory,
//! does not end or traps is an error for its own guest and nobody else's.
//!
//! Three steps add it to a program that embeds Wasmtime: put a [`WasiCudaCtx`] into the store's data, say
//! where it is with [`WasiCudaView`], and call [`add_to_linker`].
//!
//! ```
//! use wasmtime::component::{Component, Linker, ResourceTable};
//! use wasmtime::{Engine, Store};
//! use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
//! use wasmtime_wasi_cuda::{Device, WasiCudaCtx, WasiCudaCtxView, WasiCudaView};
//!
//! struct State {
//!     wasi: WasiCtx,
//!     cuda: WasiCudaCtx,
//!     table: ResourceTable,
//! }
//!
//! impl WasiView for State {
//!     fn ctx(&mut self) -> WasiCtxView<'_> {
//!         WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
//!     }
//! }
//!
//! impl WasiCudaView for State {
//!     fn cuda(&mut self) -> WasiCudaCtxView<'_> {
//!         WasiCudaCtxView { ctx: &self.cuda, table: &mut self.table }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::default();
//! let mut linker = Linker::<State>::new(&engine);
//! wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
//! wasmtime_wasi_cuda::add_to_linker(&mut linker)?;
//!
//! // One device for all guests; one context for each of them.
//! let device = Device::open("cpu")?;
//! let cuda = WasiCudaCtx::builder().device(device).memory_limit(64 << 20).build();
//! let state = State { wasi: WasiCtx::builder().build(), cuda, table: ResourceTable::new() };
//! let mut store = Store::new(&engine, state);
//!
//! // A component that counts its devices.
//! let component = wat::parse_str(r#"
//!     (component
//!       (import "wasi:cuda/device@0.1.0" (instance $device
//!         (export "device" (type $t (sub resource)))
//!         (export "get-devices" (func (result (list (own $t)))))))
//!       (core module $memory
//!         (memory (export "memory") 1)
//!         (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
//!       (core instance $memory (instantiate $memory))
//!       (core func $get (canon lower (func $device "get-devices")
//!         (memory $memory "memory") (realloc (func $memory "realloc"))))
//!       (core module $main
//!         (import "cuda" "get-devices" (func $get (param i32)))
//!         (import "memory" "memory" (memory 1))
//!         (func (export "count") (result i32)
//!           (call $get (i32.const 16))
//!           (i32.load offset=4 (i32.const 16))))
//!       (core instance $main (instantiate $main
//!         (with "cuda" (instance (export "get-devices" (func $get))))
//!         (with "memory" (instance (export "memory" (memory $memory "memory"))))))
//!       (func (export "count") (result u32) (canon lift (core func $main "count"))))
//! "#)?;
//! let component = Component::new(&engine, component)?;
//! let instance = linker.instantiate_async(&mut store, &component).await?;
//! let count = instance.get_typed_func::<(), (u32,)>(&mut store, "count")?;
//! assert_eq!(count.call_async(&mut store, ()).await?, (1,));
//! # Ok(())
//! # }
//! ```
//!
//! # What holds
//!
//! * Nothing is granted by default: a guest without devices gets an empty list.
//! * [`Limits`] bound what a guest holds, enqueues and runs. All have defaults.
//! * A call of a guest never blocks the executor's thread: what waits, waits as a future, and work runs on
//!   the device's own threads.
//! * Dropping the store cancels what its guest still runs.
//! * Memory of its own that a guest shares with a device changes only while it waits in a call.
//! * There is no fallback from one device to another.
//!
//! One upload is at most as large as the store's [hostcall fuel](wasmtime::Store::set_hostcall_fuel) allows,
//! 128 MiB unless the embedder raises it; a guest that passes more in one call traps.

#![deny(missing_docs)]

mod account;
mod backend;
mod between;
mod bindings;
mod compiler;
mod ctx;
mod device;
mod error;
mod event;
mod fault;
mod grant;
mod guest;
mod hooks;
mod impls;
mod launch;
pub mod limits;
mod linear;
mod linker;
mod memory;
mod operation;
mod pending;
mod progress;
mod quota;
mod recording;
mod stream;
#[cfg(test)]
mod testing;
mod timer;
mod transfer;
mod usage;
mod view;
mod wakers;

pub use account::Account;
pub use backend::cuda::{CodeCache, PtxCompiler, run_ptx_compiler};
pub use bindings::LinkOptions;
pub use ctx::{WasiCudaCtx, WasiCudaCtxBuilder};
pub use device::{
    CpuOptions, CudaOptions, Device, DeviceBackend, DeviceError, DeviceListing, DeviceProperties,
};
pub use hooks::{
    Direction, FaultInfo, FinishedInfo, LaunchEnd, LaunchInfo, LossCause, LossInfo, MemoryInfo,
    ModuleInfo, ModuleOutcome, StopCause, StopInfo, StreamInfo, TransferInfo, WasiCudaHooks,
};
pub use limits::Limits;
pub use linear::MappedMemory;
pub use linker::{add_to_linker, add_to_linker_with};
pub use view::{WasiCuda, WasiCudaCtxView, WasiCudaView};

/// Locks, also after a panic elsewhere: what the crate keeps behind locks is consistent between statements.
fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
