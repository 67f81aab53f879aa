//! Kernels written as WebAssembly on the CPU device.

mod device;
mod kernels;
