//! A buffer has at least one byte.

use wasi_cuda::bindings::wasi::cuda::memory::Buffer;
use wasi_cuda_conformance_programs::{default_device, functions::*, refused, runs_well};

fn main() {
    let device = default_device();
    refused(BUFFER, "invalid-argument", Buffer::new(device.raw(), 0));
    runs_well(&device);
}
