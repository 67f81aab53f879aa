//! What can be told of a function without running it; shared by verifier and passes.

mod dominators;
mod exposed;
mod live;
mod loops;
pub(crate) mod order;
mod pointers;
pub(crate) mod rows;

pub(crate) use exposed::exposed_registers;
pub(crate) use live::values_at_joins;
pub(crate) use loops::back_edges;
pub(crate) use pointers::{Root, pointer_parameters, roots};
