//! What the builtin modules share: which part of the work is a thread's, and how the threads of a block work together.
//!
//! Everything is inlined into its kernel: nothing here may panic, allocate or call.
#![no_std]
#![feature(asm_experimental_arch, stdarch_nvptx)]

mod block;
mod grid;

pub use block::{Shared, THREADS, Word, barrier, from_lane_before, thread, total};
pub use grid::{for_each_index, for_each_of_block};
