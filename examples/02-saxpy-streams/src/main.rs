//! Lesson 2: two streams, and an event that orders them.
//!
//! Work on one stream runs in order; two streams run side by side. Here one stream uploads the next
//! chunk while the other computes on the one before. An event tells the second stream when a chunk has
//! arrived, and the guest waits for nothing until it reads the result.
//!
//! ```text
//! upload:   chunk 0 ─ event   chunk 1 ─ event   chunk 2 ─ event   chunk 3 ─ event
//!                       │                 │                 │                 │
//! compute:              └ saxpy chunk 0   └ saxpy chunk 1   └ saxpy chunk 2   └ saxpy chunk 3
//! ```

use wasi_cuda::{Device, Error, LaunchConfig};

/// The vectors are processed in so many chunks of this many elements.
const CHUNKS: usize = 4;
const CHUNK: usize = 1 << 18;
const SCALE: f32 = 2.0;

fn main() -> Result<(), Error> {
    let device = Device::get(0)?;
    let (upload, compute) = (device.stream()?, device.stream()?);
    let module = device.load_ptx(include_str!("saxpy.ptx"))?;
    let saxpy = module.function("saxpy")?;
    let config = LaunchConfig::for_num_elems(CHUNK as u32);

    // y = SCALE * x + y, with y beginning as ones.
    let x: Vec<f32> = (0..CHUNKS * CHUNK).map(|i| i as f32).collect();
    let mut device_x = device.alloc_zeros::<f32>(x.len())?;
    let mut device_y = device.alloc_zeros::<f32>(x.len())?;
    compute.fill(&mut device_y, 1.0)?;

    let start = compute.record_event()?;
    for first in (0..x.len()).step_by(CHUNK) {
        let chunk = first..first + CHUNK;
        upload.memcpy_htod(&x[chunk.clone()], device_x.slice_mut(chunk.clone()))?;

        // Without these two lines the kernel could run before its chunk is there. The waiting is done by
        // the other stream: this loop goes on to enqueue the next chunk.
        let arrived = upload.record_event()?;
        compute.wait(&arrived)?;

        // A slice of a buffer is an argument too: the kernel gets the address of its first element.
        let (x, y) = (device_x.slice(chunk.clone()), device_y.slice_mut(chunk));
        compute.launch(&saxpy, config, (SCALE, x, y, CHUNK as u32))?;
    }
    let end = compute.record_event()?;

    // An event is waited for by the guest here, so that the time between two of them is known.
    end.wait()?;
    let time = end.elapsed_since(&start)?;
    println!("saxpy: {CHUNKS} chunks in {time:?} of device time");

    let y = compute.clone_dtoh(&device_y)?;
    let right = (0..y.len()).filter(|&i| y[i] == SCALE * x[i] + 1.0).count();
    assert_eq!(right, x.len(), "saxpy: not all results are right");
    println!("saxpy: {right} results, all right");
    Ok(())
}
