//! A kernel that leaves its thread's local memory faults, and does no harm.

use wasi_cuda::{FaultKind, Result};
use wasi_cuda_conformance_programs::misuse;

fn main() -> Result<()> {
    misuse::leaves_small_memory("write_local", FaultKind::LocalOutOfBounds)
}
