//! Kernels written as WebAssembly on the CPU device.

mod control;
mod device;
mod faults;
mod hostile;
mod kernels;
mod numeric;
mod printed;
#[path = "../support/ptxas.rs"]
#[expect(dead_code, reason = "its texts are in files of their own")]
mod ptxas;
mod random;
mod refusals;
