//! A handle that was dropped is none of the component model any more: using it traps.
//!
//! Safe Rust cannot use it, so this makes a second owner of the same handle.

use wasi_cuda::bindings::wasi::cuda::memory::Buffer;
use wasi_cuda_conformance_programs::{at, default_device, runs_well};

fn main() -> wasi_cuda::Result<()> {
    let device = default_device();
    runs_well(&device);
    let stream = device.stream()?;
    let buffer = Buffer::new(device.raw(), 4)?;
    // SAFETY: no memory of this program depends on the handle; the host checks it. Neither owner drops it
    // twice, because the program ends before.
    let dropped = unsafe { Buffer::from_handle(buffer.handle()) };
    // Printing needs a handle of its own, which could become the same number.
    println!("the next call traps");
    drop(buffer);
    let written = stream.raw().write(at(&dropped, 0), &[1, 2, 3, 4]);
    panic!("a dropped handle should trap, but the host answered {written:?}");
}
