//! A device, a stream and the kernels that do no harm: what most programs begin with.

use wasi_cuda::bindings::wasi::cuda::{execution::BufferOffset, memory::Buffer};
use wasi_cuda::{Device, Function, LaunchConfig, Result, Stream};

use crate::kernels;

/// The first granted device.
///
/// # Panics
///
/// When the host grants none.
pub fn default_device() -> Device {
    Device::get(0).expect("the host should grant a device to this program")
}

/// A position `offset` bytes into `buffer`.
pub fn at(buffer: &Buffer, offset: u64) -> BufferOffset<'_> {
    BufferOffset { buffer, offset }
}

/// A device with a stream and loaded kernels.
pub struct Setup {
    /// The first granted device.
    pub device: Device,
    /// A stream of it.
    pub stream: Stream,
    /// `affine(data, n, factor, offset)`: `data[i] = data[i] * factor + offset` for `u32` that wrap around.
    pub affine: Function,
    /// `endless(flag)`: waits until the `u32` at `flag` is not 0.
    pub endless: Function,
    /// `count(result, rounds)`: counts to `rounds` and writes it to the `u64` at `result`.
    pub count: Function,
    /// `read_4(base, offset, block, thread, result)`: `offset` is in bytes and signed; one thread reads.
    pub read_4: Function,
    /// `write_4(base, offset, block, thread)`: likewise.
    pub write_4: Function,
}

impl Setup {
    /// On the first granted device.
    ///
    /// # Panics
    ///
    /// When the host refuses any of it.
    pub fn new() -> Self {
        Self::on(default_device()).expect("a device should give a stream and take healthy kernels")
    }

    /// On this device.
    pub fn on(device: Device) -> Result<Self> {
        let endless = device.load_ptx(kernels::ENDLESS)?;
        let access = device.load_ptx(kernels::ACCESS)?;
        Ok(Self {
            stream: device.stream()?,
            affine: device.load_ptx(kernels::BASIC)?.function("affine")?,
            endless: endless.function("endless")?,
            count: endless.function("count")?,
            read_4: access.function("read_4")?,
            write_4: access.function("write_4")?,
            device,
        })
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self::new()
    }
}

/// Adds two vectors on the device: what went before has left it as it was.
///
/// # Panics
///
/// When that fails or a sum is wrong.
#[track_caller]
pub fn runs_well(device: &Device) {
    let sums = vector_add(device).expect("a healthy kernel should run");
    let wrong = sums
        .iter()
        .enumerate()
        .find(|&(i, &sum)| sum != 3.0 * i as f32);
    assert!(
        wrong.is_none(),
        "a healthy kernel should add right, but gave (index, sum) {wrong:?}"
    );
}

fn vector_add(device: &Device) -> Result<Vec<f32>> {
    const N: u32 = 1000;
    let stream = device.stream()?;
    let kernel = device.load_ptx(kernels::BASIC)?.function("vector_add")?;
    let a: Vec<f32> = (0..N).map(|i| i as f32).collect();
    let b: Vec<f32> = (0..N).map(|i| 2.0 * i as f32).collect();
    let (a, b) = (stream.clone_htod(&a)?, stream.clone_htod(&b)?);
    let mut c = stream.alloc_zeros::<f32>(N as usize)?;
    stream.launch(&kernel, LaunchConfig::for_num_elems(N), (&a, &b, &mut c, N))?;
    stream.clone_dtoh(&c)
}
