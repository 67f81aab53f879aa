//! What can be told of a function without running it; shared by verifier and passes.

pub(crate) mod affine;
mod convergence;
pub(crate) mod dominators;
mod exposed;
mod lanes;
mod liveness;
pub(crate) mod loops;
mod numbers;
pub(crate) mod order;
mod pointers;
pub(crate) mod rows;

pub(crate) use convergence::Convergence;
pub(crate) use exposed::{exposed_registers, for_each_register, for_each_written};
pub(crate) use lanes::{Lanes, lanes};
pub(crate) use liveness::{Liveness, values_at_joins};
pub(crate) use loops::{back_edges, largest_body, loop_depths};
pub(crate) use numbers::numbers;
pub(crate) use pointers::{Root, pointer_parameters, roots, small_addresses_escape};
