//! Launches a kernel that never ends, and lives on when the host stops it, or leaves it behind.

use wasi_cuda::{Device, Error, LaunchConfig};

fn main() -> Result<(), Error> {
    let device = Device::get(0)?;
    let stream = device.stream()?;
    let spin = device
        .load_ptx(include_str!("endless.ptx"))?
        .function("spin")?;
    stream.launch(&spin, LaunchConfig::new(1, 1), ())?;
    if std::env::args().any(|argument| argument == "leave") {
        println!("left");
        return Ok(());
    }
    match stream.synchronize() {
        Err(Error::DeadlineExceeded) => println!("stopped"),
        other => println!("not stopped: {other:?}"),
    }
    Ok(())
}
