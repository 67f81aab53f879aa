//! The builtin module `linalg`: elementwise kernels over arrays, and matrices, in device memory.
//!
//! A kernel takes its scalars first, then the arrays that it reads, then the one that it writes, and last the number of
//! elements, or of rows and columns. It walks them in a grid-stride loop, so that a grid of any size computes the whole
//! array. The array that an elementwise kernel writes may be one of those that are read. A name without a suffix works on
//! `f32`.
//!
//! Nothing here may panic, allocate or call: the PTX has no bounds checks, the host's sandbox does.
#![no_std]
#![feature(abi_ptx, asm_experimental_arch, stdarch_nvptx)]

mod arithmetic;
mod fill;
mod limit;
mod matrix;
