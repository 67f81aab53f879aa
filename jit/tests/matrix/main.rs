//! Operations on matrices, on the CPU device: held against products in plain Rust.
//!
//! `numbers` makes matrices of each type, `products` multiplies what is in fragments, `rows` moves rows between shared memory and
//! registers, `fragments` loads and stores whole matrices, `guards` lets them fault.

#[allow(dead_code, reason = "tests of blocks use the rest")]
#[path = "../blocks/device.rs"]
mod device;
mod fragments;
mod guards;
mod numbers;
mod products;
mod rows;
