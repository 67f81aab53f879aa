//! The checker: what it accepts, what it refuses and why.

mod accepted;
mod assumed;
mod refused;
#[path = "../corpus/sources.rs"]
#[allow(dead_code)]
mod sources;
mod texts;
