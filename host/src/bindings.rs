//! What `bindgen!` makes of the WIT package.

#![allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    reason = "generated code has no documentation, and names things as it likes"
)]

use crate::error::CudaError;

wasmtime::component::bindgen!({
    path: "wit",
    world: "imports",
    with: {
        "wasi:io": wasmtime_wasi_io::bindings::wasi::io,
        "wasi:cuda/device.device": crate::impls::DeviceHandle,
        "wasi:cuda/memory.buffer": crate::impls::Buffer,
        "wasi:cuda/module.module": crate::impls::Module,
        "wasi:cuda/module.function": crate::impls::Function,
        "wasi:cuda/execution.cuda-stream": crate::impls::Stream,
        "wasi:cuda/execution.cuda-event": crate::impls::Event,
        "wasi:cuda/execution.cuda-graph": crate::impls::Graph,
        "wasi:cuda/execution.prepared-launch": crate::impls::Prepared,
    },
    // What may wait has an async host. All of it is a plain function for the guest.
    imports: {
        "wasi:cuda/module.[static]module.load": async | trappable,
        "wasi:cuda/execution.[method]cuda-stream.launch": async | trappable,
        "wasi:cuda/execution.[method]cuda-stream.launch-prepared": async | trappable,
        "wasi:cuda/execution.[method]cuda-stream.launch-graph": async | trappable,
        "wasi:cuda/execution.[method]cuda-stream.write": async | trappable,
        "wasi:cuda/execution.[method]cuda-stream.read": async | trappable,
        "wasi:cuda/execution.[method]cuda-stream.read-via-stream": store | trappable,
        "wasi:cuda/execution.[method]cuda-stream.copy": async | trappable,
        "wasi:cuda/execution.[method]cuda-stream.fill": async | trappable,
        "wasi:cuda/execution.[method]cuda-stream.record-event": async | trappable,
        "wasi:cuda/execution.[method]cuda-stream.wait-event": async | trappable,
        "wasi:cuda/execution.[method]cuda-stream.synchronize": async | trappable,
        "wasi:cuda/execution.[method]cuda-event.wait": async | trappable,
        default: trappable,
    },
    trappable_error_type: {
        "wasi:cuda/types.error-code" => CudaError,
    },
});

impl LinkOptions {
    /// Whether `buffer.share` is linked.
    pub(crate) fn has_mapped_memory(&self) -> bool {
        self.cuda_mapped_memory
    }
}
