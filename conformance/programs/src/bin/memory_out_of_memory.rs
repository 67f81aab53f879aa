//! A device smaller than the guest's quota can run out of memory, and recovers.
//!
//! The host gives this program a device of 16 MiB and a quota of 64 MiB.

use wasi_cuda::bindings::wasi::cuda::memory::Buffer;
use wasi_cuda_conformance_programs::{
    default_device, functions::*, kernels, ok, refused, runs_well,
};

const MIB: u64 = 1 << 20;

fn main() {
    let device = default_device();
    let total = device.properties().total_memory;
    let limit = device.memory_usage().limit;
    assert!(
        total < limit,
        "the device should be smaller than the quota: {total} and {limit} bytes"
    );

    refused(
        BUFFER,
        "out-of-memory",
        Buffer::new(device.raw(), total + MIB),
    );
    let most = ok(BUFFER, Buffer::new(device.raw(), total - 2 * MIB));
    refused(BUFFER, "out-of-memory", Buffer::new(device.raw(), 4 * MIB));
    // A module's variables need memory, too: this one's have 3 MiB.
    refused(LOAD, "out-of-memory", device.load_ptx(kernels::LARGE));
    runs_well(&device);
    drop(most);
    ok(LOAD, device.load_ptx(kernels::LARGE));
    ok(BUFFER, Buffer::new(device.raw(), total - 2 * MIB));
    runs_well(&device);
}
