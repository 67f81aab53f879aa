//! `wasi-cuda`: runs WebAssembly guests that use `wasi:cuda`, and compiles their kernels.

mod args;
mod compile;
mod devices;
mod exit;
mod guest;
mod host;
mod invoke;
mod run;
mod values;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Compile(arguments) => compile::compile(&arguments),
        Command::Devices(arguments) => devices::devices(&arguments).map(|()| ExitCode::SUCCESS),
        Command::PtxCompiler => Ok(wasmtime_wasi_cuda::run_ptx_compiler()),
    };
    outcome.unwrap_or_else(|error| exit::report(&error))
}
