//! The `wasi-cuda` command, as a process: what it runs, prints and refuses.

mod command;
mod compile;
mod devices;
mod files;
mod folders;
mod invoke;
mod limits;
mod readme;
mod surroundings;
mod usage;
