//! Conformance suite of `wasi:cuda`: guest programs, by suite, that any host can be judged with.
//!
//! A [`Case`] is a guest program with the [`Setup`] that it asks of its host and what is [expected](Expectation)
//! of it. Implement [`Host`] for a host, and a [`Runner`] runs cases on it and makes a [`Report`]:
//!
//! ```no_run
//! use wasi_cuda_conformance::{Runner, cases, reference::ReferenceHost};
//!
//! let runner = Runner::new(ReferenceHost::open("cpu")?);
//! let report = runner.run("cpu", &cases());
//! println!("{}", report.table());
//! # Ok::<(), wasmtime_wasi_cuda::DeviceError>(())
//! ```
//!
//! A case that its host cannot set up *did not run*; it never counts as passed. [`mod@reference`] is the adapter of
//! this project's own host and shows how short one is.
//!
//! # Adding a case
//!
//! Write `programs/src/bin/<suite>_<case>.rs` and register it in `src/cases.rs`. This crate does not compile
//! while a program has no case, or a case no program.

#![deny(missing_docs)]

mod case;
mod cases;
mod host;
/// The guest programs, compiled to components.
pub mod programs;
pub mod reference;
pub mod report;
mod run;
mod setup;

pub use case::{Case, Entry, Expectation, all as cases};
pub use host::{Host, LoseDevices, NotRun};
pub use report::{CaseResult, Outcome, Report};
pub use run::Runner;
pub use setup::{Limits, Setup};
