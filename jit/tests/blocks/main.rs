//! Blocks whose threads wait for each other, and what they share, on the CPU device.
//!
//! `warp` exchanges and votes, `barrier` waits for the block, `memory` is about shared, local and the module's own memory, `atomics` about
//! atomic operations, `control` about branches, calls and three dimensions.

mod atomics;
mod barrier;
mod control;
mod device;
mod memory;
mod warp;
