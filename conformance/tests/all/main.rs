//! The tests of the suite and of the repository as a whole.

mod cases;
mod cli;
mod coverage;
mod kernels;
mod neighbours;
mod report;
mod repository;
mod runner;
mod sharing;
mod spans;
mod support;
mod wit;

#[path = "../../build/nested_cargo.rs"]
mod nested_cargo;
