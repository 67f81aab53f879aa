//! Lesson 1: add two vectors on a device.
//!
//! This is an ordinary WASI program. What it needs of the world is a device, which its host grants:
//!
//! ```text
//! wasi-cuda run --device cpu examples/01-vector-add
//! ```
//!
//! The kernel is PTX, the text that NVIDIA's compilers emit; it lies beside this file. The host
//! verifies and sandboxes it before any device sees it, which is why nothing here is `unsafe`.

use wasi_cuda::{Device, Error, LaunchConfig};

/// How many numbers are added.
const N: u32 = 1 << 20;

fn main() -> Result<(), Error> {
    // The host decides which devices a guest gets; this asks for the first of them.
    let device = Device::get(0)?;
    println!("device: {}", device.name());

    // A stream is a queue of device work. What is put on it runs in order, behind the guest's back.
    let stream = device.stream()?;

    // `htod` is "host to device", seen from here: upload two vectors, and make room for their sum.
    let a: Vec<f32> = (0..N).map(|i| i as f32).collect();
    let b: Vec<f32> = (0..N).map(|i| (2 * i) as f32).collect();
    let device_a = stream.clone_htod(&a)?;
    let device_b = stream.clone_htod(&b)?;
    let mut device_c = stream.alloc_zeros::<f32>(a.len())?;

    // One thread for each number. The arguments are checked against the kernel's parameters here, so
    // a forgotten or mistyped one is an error of this line.
    let module = device.load_ptx(include_str!("vector_add.ptx"))?;
    let vector_add = module.function("vector_add")?;
    let arguments = (&device_a, &device_b, &mut device_c, N);
    stream.launch(&vector_add, LaunchConfig::for_num_elems(N), arguments)?;

    // Downloading waits for what was queued before it. An error of the kernel would arrive here too.
    let c = stream.clone_dtoh(&device_c)?;

    let right = (0..c.len()).filter(|&i| c[i] == a[i] + b[i]).count();
    assert_eq!(right, c.len(), "vector-add: not all sums are right");
    println!("vector-add: {right} sums, all right");
    Ok(())
}
