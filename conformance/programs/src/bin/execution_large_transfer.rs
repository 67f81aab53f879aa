//! Uploads and downloads of many mebibytes arrive whole, although less may be pending at a time.

use wasi_cuda::Result;
use wasi_cuda_conformance_programs::default_device;

/// 40 MiB, where the suite's default setup allows 16 MiB of pending data.
const ELEMENTS: usize = 10 << 20;

fn main() -> Result<()> {
    let device = default_device();
    let stream = device.stream()?;
    let data: Vec<u32> = (0..ELEMENTS as u32)
        .map(|i| i.wrapping_mul(0x9e37_79b9))
        .collect();
    let buffer = stream.clone_htod(&data)?;
    let back = stream.clone_dtoh(&buffer)?;
    let wrong = (0..ELEMENTS).find(|&i| data[i] != back[i]);
    assert!(
        wrong.is_none(),
        "what was uploaded should come back, but element {wrong:?} differs"
    );
    Ok(())
}
