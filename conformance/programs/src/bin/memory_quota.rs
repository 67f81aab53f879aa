//! A guest gets as much memory and as many buffers as its quotas say, and again what it gave back.

use wasi_cuda::bindings::wasi::cuda::memory::Buffer;
use wasi_cuda::{Device, Quota};
use wasi_cuda_conformance_programs::{default_device, functions::*, ok, refused_with, runs_well};

/// As many live buffers as the suite's default setup allows.
const BUFFERS: usize = 64;
const PARTS: u64 = 4;

fn main() {
    let device = default_device();
    bytes(&device);
    buffers(&device);
    assert_eq!(
        device.memory_usage().used,
        0,
        "nothing should be in use once every buffer is dropped"
    );
    runs_well(&device);
}

fn bytes(device: &Device) {
    let limit = device.memory_usage().limit;
    let new = |size| device.alloc_zeros::<u8>(size as usize);
    refused_with(BUFFER, Quota::Memory, new(limit + 1));
    assert_eq!(
        device.memory_usage().used,
        0,
        "a refused buffer should use no memory"
    );

    let mut parts: Vec<_> = (0..PARTS).map(|_| ok(BUFFER, new(limit / PARTS))).collect();
    refused_with(BUFFER, Quota::Memory, new(1));
    parts.pop();
    parts.push(ok(BUFFER, new(limit / PARTS)));
    refused_with(BUFFER, Quota::Memory, new(1));
}

fn buffers(device: &Device) {
    let mut live: Vec<_> = (0..BUFFERS)
        .map(|_| ok(BUFFER, Buffer::new(device.raw(), 1)))
        .collect();
    refused_with(BUFFER, Quota::Buffers, Buffer::new(device.raw(), 1));
    live.pop();
    ok(BUFFER, Buffer::new(device.raw(), 1));
}
