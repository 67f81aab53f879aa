//! Writes one element past a buffer, still inside the guest's device memory.

use wasi_cuda::{Device, Error, LaunchConfig};

fn main() -> Result<(), Error> {
    let device = Device::get(0)?;
    let stream = device.stream()?;
    let store = device
        .load_ptx(include_str!("overrun.ptx"))?
        .function("store_at")?;
    let mut buffer = stream.alloc_zeros::<u32>(60)?;
    stream.launch(&store, LaunchConfig::new(1, 1), (&mut buffer, 60u32))?;
    match stream.synchronize() {
        Ok(()) => println!("not noticed"),
        Err(Error::Fault(fault)) => println!("fault: {fault}"),
        Err(other) => return Err(other),
    }
    Ok(())
}
