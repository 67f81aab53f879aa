//! The builtin module `reduce`: kernels that make one number of many.
//!
//! A name without a suffix works on `f32`. Operations on floats happen in an order that depends on the arrays' lengths
//! alone, never on the grid: each device gives the same bits. Nothing here may panic, allocate or call: the PTX has no
//! bounds checks, the host's sandbox does.
#![no_std]
#![feature(abi_ptx, asm_experimental_arch)]

mod chunks;
mod histogram;
mod scan;
