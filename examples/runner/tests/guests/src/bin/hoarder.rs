//! Allocates device memory until the host refuses.

use wasi_cuda::{Device, Error, Quota};

const MIB: usize = 1 << 20;

fn main() -> Result<(), Error> {
    let device = Device::get(0)?;
    println!("limit: {}", device.memory_usage().limit);
    let mut kept = Vec::new();
    loop {
        match device.alloc_zeros::<u8>(MIB) {
            Ok(buffer) => kept.push(buffer),
            Err(Error::QuotaExceeded(Quota::Memory)) => break,
            Err(other) => return Err(other),
        }
    }
    println!("allocated: {} MiB", kept.len());
    Ok(())
}
