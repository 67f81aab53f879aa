//! `wasi-cuda-conformance`: judges this project's host on a device.

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use std::io::{self, Write};
use std::process::ExitCode;
use wasi_cuda_conformance::programs::SUITES;
use wasi_cuda_conformance::reference::ReferenceHost;
use wasi_cuda_conformance::{Case, Report, Runner, cases};
use wasmtime_wasi_cuda::PtxCompiler;

/// Runs the conformance suite of wasi:cuda.
///
/// Exits with 0 when every case that ran passed and at least one ran. With WASI_CUDA_REQUIRE_GPU=1 every case
/// must run on a `cuda` device.
#[derive(Parser)]
#[command(name = "wasi-cuda-conformance", version)]
struct Arguments {
    /// The device to judge: `cpu`, `cuda:N`, or `cuda:GPU-…` with a UUID.
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Judge the host on an engine that runs no async functions.
    #[arg(long)]
    no_concurrency: bool,
    /// How to print the results.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Run the cases of this suite alone; may be repeated.
    #[arg(long)]
    suite: Vec<String>,
    /// Run this case alone; may be repeated.
    #[arg(long)]
    case: Vec<String>,
    /// List the cases instead of running them.
    #[arg(long)]
    list: bool,
    /// Be the process in which the driver's compiler runs, for the process that started this one.
    #[arg(long, hide = true)]
    ptx_compiler: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// A line a case, for a terminal.
    Table,
    /// One JSON object.
    Json,
    /// JUnit XML.
    Junit,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.ptx_compiler {
        return Ok(wasmtime_wasi_cuda::run_ptx_compiler());
    }
    let cases = select(&arguments)?;
    if arguments.list {
        for case in &cases {
            writeln!(io::stdout(), "{}", case.name()).context("cannot print the list")?;
        }
        return Ok(ExitCode::SUCCESS);
    }

    let report = match ReferenceHost::open_compiling_in(&arguments.device, compiler()?) {
        Ok(host) if arguments.no_concurrency => {
            let host = host.without_concurrency();
            Runner::new(host).run(&arguments.device, &cases)
        }
        Ok(host) => Runner::new(host).run(&arguments.device, &cases),
        Err(error) => Report::none_ran(&arguments.device, &cases, &error.to_string()),
    };
    let text = match arguments.format {
        Format::Table => report.table(),
        Format::Json => report.json(),
        Format::Junit => report.junit(),
    };
    writeln!(io::stdout(), "{text}").context("cannot print the report")?;
    let gpu_promised = std::env::var_os("WASI_CUDA_REQUIRE_GPU").is_some_and(|value| value == "1");
    let all_must_run = gpu_promised && arguments.device.starts_with("cuda");
    Ok(if report.is_success(all_must_run) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The driver's compiler runs in this program, started again.
fn compiler() -> Result<PtxCompiler> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    Ok(PtxCompiler::worker(program, ["--ptx-compiler"]))
}

/// The cases that the arguments ask for: all when they name none.
fn select(arguments: &Arguments) -> Result<Vec<Case>> {
    let all = cases();
    for suite in &arguments.suite {
        if !SUITES.contains(&suite.as_str()) {
            bail!(
                "there is no suite `{suite}`; the suites are {}",
                SUITES.join(", ")
            );
        }
    }
    for name in &arguments.case {
        if !all.iter().any(|case| case.name() == name) {
            bail!("there is no case `{name}`; `--list` lists them");
        }
    }
    let everything = arguments.suite.is_empty() && arguments.case.is_empty();
    Ok(all
        .into_iter()
        .filter(|case| {
            everything
                || arguments.suite.iter().any(|suite| suite == case.suite())
                || arguments.case.iter().any(|name| name == case.name())
        })
        .collect())
}
