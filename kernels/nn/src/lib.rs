//! The builtin module `nn`: activations and normalizations of neural networks, on `f32`.
//!
//! Operations happen in an order that depends on the arrays' lengths alone, never on the grid, and exponentials are
//! computed by [`exp`](exp::exp) and not by the device's approximation: each device gives the same bits. Nothing here may
//! panic, allocate or call: the PTX has no bounds checks, the host's sandbox does.
#![no_std]
#![feature(abi_ptx, asm_experimental_arch, core_float_math)]

mod activation;
mod exp;
mod rows;
