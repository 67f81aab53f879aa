//! Kernels written as WebAssembly on the CPU device.

mod control;
mod device;
mod faults;
mod hostile;
mod kernels;
mod numeric;
mod printed;
mod random;
mod refusals;
