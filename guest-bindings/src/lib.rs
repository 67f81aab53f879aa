//! GPU compute from a WebAssembly guest, through the WASI package `wasi:cuda`.
//!
//! A guest gets the devices that its host grants, uploads data, loads kernels as PTX text and
//! launches them on streams. The host verifies and sandboxes every kernel: one that reads outside
//! its buffers is an [`Error::Fault`] that names the line, and the guest goes on. A host without a
//! GPU can grant its processor as a device; the same kernels run there.
//!
//! ```no_run
//! use wasi_cuda::{Device, Error, LaunchConfig};
//!
//! const VECTOR_ADD: &str = "..."; // PTX, usually `include_str!("vector_add.ptx")`
//!
//! fn main() -> Result<(), Error> {
//!     let device = Device::get(0)?;
//!     let stream = device.stream()?;
//!     let vector_add = device.load_ptx(VECTOR_ADD)?.function("vector_add")?;
//!     let a = stream.clone_htod(&[1.0f32; 1000])?;
//!     let b = stream.clone_htod(&[2.0f32; 1000])?;
//!     let mut c = stream.alloc_zeros::<f32>(1000)?;
//!     stream.launch(&vector_add, LaunchConfig::for_num_elems(1000), (&a, &b, &mut c, 1000u32))?;
//!     assert_eq!(stream.clone_dtoh(&c)?, [3.0; 1000]);
//!     Ok(())
//! }
//! ```
//!
//! Build guests with `cargo build --target wasm32-wasip2`. The crate is `no_std` and needs `alloc`;
//! it has no macros to call. The feature `async` adds the module `asynchronous`: waiting beside other tasks, and transfers
//! through streams of the component model, on hosts that have them.
//!
//! # From CUDA's words to ours
//!
//! The names are those of the crate [cudarc](https://docs.rs/cudarc) where it has one.
//!
//! | CUDA driver | cudarc | here |
//! | --- | --- | --- |
//! | `cuDeviceGet`, `cuCtxCreate` | `CudaContext::new(0)` | [`Device::get`]; the host decides which devices there are |
//! | `cuDeviceGetCount` | `CudaContext::device_count` | [`Device::all`] |
//! | `cuDeviceGetAttribute` | `CudaContext::attribute` | [`Device::properties`] |
//! | `cuMemGetInfo` | `result::mem_get_info` | [`Device::memory_usage`], of this guest |
//! | `cuStreamCreate` | `CudaContext::new_stream` | [`Device::stream`]; there is no default stream |
//! | `cuMemAlloc` | `CudaStream::alloc` | [`Device::alloc_zeros`]; memory is always zeroed |
//! | `CUdeviceptr` | `CudaSlice<T>`, `CudaView` | [`DeviceBuffer<T>`](DeviceBuffer), [`DeviceSlice`], [`DeviceSliceMut`] |
//! | `cuMemHostRegister` | `CudaContext::alloc_pinned` | [`Device::share_zeros`], [`SharedBuffer<T>`](SharedBuffer); unstable |
//! | `cuMemcpyHtoDAsync` | `clone_htod`, `memcpy_htod` | [`Stream::clone_htod`], [`Stream::memcpy_htod`] |
//! | `cuMemcpyDtoHAsync` | `clone_dtoh`, `memcpy_dtoh` | [`Stream::clone_dtoh`], [`Stream::memcpy_dtoh`]; they wait |
//! | `cuMemcpyDtoDAsync` | `memcpy_dtod` | [`Stream::memcpy_dtod`], [`Stream::copy_within`] |
//! | `cuMemsetD32Async` | `memset_zeros` | [`Stream::memset_zeros`], [`Stream::fill`] |
//! | `cuModuleLoadData` | `CudaContext::load_module` | [`Device::load_ptx`], [`Device::load_wasm`], [`Device::load_builtin`] |
//! | `cuModuleGetFunction` | `CudaModule::load_function` | [`Module::function`] |
//! | `cuFuncGetAttribute` | `CudaFunction::num_regs`, … | [`Function::info`] |
//! | `cuLaunchKernel` | `stream.launch_builder(&f)…launch(cfg)` | [`Stream::launch`]: arguments are a tuple, checked against the kernel |
//! | `cuGraphKernelNodeSetParams` | | [`Graph::set_argument`] |
//! | `cuEventRecord` | `CudaStream::record_event` | [`Stream::record_event`] |
//! | `cuStreamWaitEvent` | `CudaStream::wait` | [`Stream::wait`] |
//! | `cuEventSynchronize` | `CudaEvent::synchronize` | [`Event::wait`] |
//! | `cuEventElapsedTime` | `CudaEvent::elapsed_ms` | [`Event::elapsed_since`] |
//! | `cuStreamSynchronize` | `CudaStream::synchronize` | [`Stream::synchronize`] |
//! | `cuStreamBeginCapture` | `CudaStream::begin_capture` | [`Stream::begin_capture`], [`Stream::end_capture`] |
//! | `cuGraphLaunch` | `CudaGraph::launch` | [`Stream::launch_graph`] |
//! | | | [`Function::prepare`], [`Stream::launch_prepared`]: check once, launch often |
//! | | | [`Event::subscribe`] and [`poll()`]: wait for several things at once |
//! | | | [`Stream::set_time_limit`], [`Stream::cancel`]: stop a kernel that does not end |
//!
//! # What waits and what does not
//!
//! Enqueueing returns at once, unless the stream's queue is full. [`Stream::clone_dtoh`],
//! [`Stream::memcpy_dtoh`], [`Stream::synchronize`] and [`Event::wait`] block the guest. Work on one
//! stream runs in order; streams run side by side.
//!
//! # Errors arrive late
//!
//! A kernel runs after [`Stream::launch`] returned, so its fault is reported by a later call on the
//! same stream, and by every call until [`Stream::synchronize`] has reported it; from then on the
//! stream works again. Buffers, other streams and other guests are not affected.
//!
//! # Memory safety
//!
//! Device memory is no memory of the guest: kernels cannot touch what Rust's references point at, so
//! launching is safe, whatever the kernel does. A [`SharedBuffer`] is the guest's own memory, in pages that nothing
//! else lies in, and its elements are cells. The host counts references to a buffer, which may be
//! dropped while work that uses it is still queued. `&mut` in the arguments of a launch says to the
//! reader what the kernel writes; nothing depends on it.
//!
//! # The layer below
//!
//! [`bindings`] holds what wit-bindgen makes of the package's WIT, for calls that have no safe name
//! here. `raw()` of each type leads there.

#![no_std]
#![deny(missing_docs)]
#![deny(unsafe_code)]

extern crate alloc;

#[allow(
    unsafe_code,
    clippy::undocumented_unsafe_blocks,
    missing_docs,
    unused_qualifications,
    unreachable_pub,
    reason = "generated from the WIT; the canonical ABI passes pointers"
)]
#[rustfmt::skip]
#[cfg_attr(feature = "async", path = "bindings_async.rs")]
pub mod bindings;

#[cfg(feature = "async")]
pub mod asynchronous;

mod arguments;
mod buffer;
mod config;
mod copy;
mod device;
mod error;
mod event;
mod fault;
mod graph;
mod module;
mod prepared;
mod shared;
mod stream;

pub use arguments::{Arguments, Bytes, KernelArgument};
pub use buffer::{DeviceBuffer, DeviceSlice, DeviceSliceMut};
pub use device::{Device, time_remaining};
pub use error::Error;
pub use event::Event;
pub use graph::Graph;
pub use module::{Function, Module};
pub use prepared::PreparedLaunch;
pub use shared::SharedBuffer;
pub use stream::Stream;

pub use bindings::wasi::cuda::device::{Backend, MemoryUsage, Properties};
pub use bindings::wasi::cuda::execution::{Argument, LaunchConfig};
pub use bindings::wasi::cuda::module::{FunctionInfo, Parameter, ParameterType};
pub use bindings::wasi::cuda::types::{Diagnostic, Dim3, Fault, FaultKind, Quota, Severity};
pub use bindings::wasi::io::poll::{Pollable, poll};

/// What every fallible function of this crate returns.
pub type Result<T, E = Error> = core::result::Result<T, E>;
