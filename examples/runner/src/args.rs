//! The command line.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use wasi_cuda_jit::versions::Target;

use crate::values::{
    Directory, Variable, parse_directory, parse_duration, parse_size, parse_target, parse_variable,
};

/// Run WebAssembly guests that compute on CUDA devices, or on the processor where there are none.
#[derive(Debug, Parser)]
#[command(name = "wasi-cuda", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a guest: a component, a core module, WAT text or the folder of a guest crate
    Run(RunArgs),
    /// Verify and guard kernels, and print what a driver would get, a report, or machine code
    Compile(CompileArgs),
    /// List the devices that a guest can be granted here
    Devices(DevicesArgs),
    /// Be the process in which the driver's compiler runs, for the process that started this one
    #[command(hide = true)]
    PtxCompiler,
}

#[derive(Debug, Args)]
#[command(override_usage = "wasi-cuda run [OPTIONS] <FILE> [ARGS]...")]
pub(crate) struct RunArgs {
    /// Grant a device: `cpu`, `cuda:N`, or `cuda:` and the UUID that `devices` shows, or enough of it.
    /// Repeat it to grant several, in this order. There is no
    /// fallback: a device that cannot be opened is an error
    #[arg(
        long = "device",
        value_name = "cpu|cuda:N|cuda:UUID",
        default_value = "cpu"
    )]
    pub(crate) devices: Vec<String>,

    /// The most device memory the guest may use, such as 64MiB or 1GB
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) cuda_memory: Option<u64>,

    /// The longest time one launch may run, such as 500ms or 2s
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) cuda_timeout: Option<Duration>,

    /// Report every access outside a buffer, also those inside the guest's own memory. Slow, and
    /// the default while only the `cpu` device is granted
    #[arg(long, overrides_with = "no_checked")]
    pub(crate) checked: bool,

    /// Stop only accesses that leave the guest's memory. The default with a CUDA device
    #[arg(long, overrides_with = "checked")]
    pub(crate) no_checked: bool,

    /// Offer the unstable async functions of `wasi:cuda`, which async exports may call
    #[arg(long)]
    pub(crate) cuda_async: bool,

    /// Give the guest a directory of the host, under the same or another name
    #[arg(long = "dir", value_name = "HOST_DIR[::GUEST_DIR]", value_parser = parse_directory)]
    pub(crate) directories: Vec<Directory>,

    /// Set an environment variable for the guest, or pass on the host's
    #[arg(long = "env", value_name = "NAME[=VAL]", value_parser = parse_variable)]
    pub(crate) variables: Vec<Variable>,

    /// Call an exported function instead of `wasi:cli/run`, with its arguments in WAVE notation:
    /// `add(1, 2)`, `my:package/api.greet("you")`. Without parentheses the arguments after the
    /// file are the function's
    #[arg(long, value_name = "FUNCTION")]
    pub(crate) invoke: Option<String>,

    /// Which binary of a guest crate's folder to run
    #[arg(long, value_name = "NAME")]
    pub(crate) bin: Option<String>,

    /// The guest, a .wasm or .wat file or the folder of a crate, which is built first; then what
    /// the guest gets as its arguments
    // One list: clap would otherwise still take flags after the file for the runner's.
    #[arg(value_name = "FILE [ARGS]", trailing_var_arg = true, required = true)]
    file_and_arguments: Vec<String>,
}

impl RunArgs {
    /// The guest's file or folder.
    pub(crate) fn file(&self) -> &Path {
        Path::new(&self.file_and_arguments[0])
    }

    /// What follows the file.
    pub(crate) fn arguments(&self) -> &[String] {
        &self.file_and_arguments[1..]
    }

    /// Whether kernels consult the table of buffers on each access.
    pub(crate) fn checked_mode(&self) -> bool {
        let only_cpu = self.devices.iter().all(|device| device == "cpu");
        self.checked || (only_cpu && !self.no_checked)
    }
}

#[derive(Debug, Args)]
pub(crate) struct CompileArgs {
    /// The kernels: PTX, a WebAssembly module or its text; `-` for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// The device that they are for, such as sm_90; they are refused where it lacks what they need. Without it
    /// nothing is known to be lacking
    #[arg(long, value_name = "sm_XX", value_parser = parse_target)]
    pub(crate) target: Option<Target>,

    /// What to print
    #[arg(long, value_enum, default_value_t = Emit::Ptx)]
    pub(crate) emit: Emit,

    /// Where to write it; `-` for standard output. A file is written only when the kernels are accepted
    #[arg(short, long, value_name = "OUT", default_value = "-")]
    pub(crate) output: PathBuf,

    /// Add the guards that report every access outside a buffer
    #[arg(long)]
    pub(crate) checked: bool,

    /// How to print the report
    #[arg(long, value_enum)]
    pub(crate) format: Option<ReportFormat>,
}

impl CompileArgs {
    /// How to print the report; ends the process where there is none to print.
    pub(crate) fn report_format(&self) -> ReportFormat {
        if self.format.is_some() && self.emit != Emit::Report {
            let message = "--format is for --emit report";
            let mut command = Cli::command();
            command.error(ErrorKind::ArgumentConflict, message).exit();
        }
        self.format.unwrap_or(ReportFormat::Text)
    }
}

/// What `compile` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Emit {
    /// The guarded module, as a driver gets it
    Ptx,
    /// What was found: kernels, their accesses and how those are guarded
    Report,
    /// The machine code for this processor
    CpuAsm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct DevicesArgs {
    /// How to print the list
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_args(line: &str) -> RunArgs {
        let Command::Run(arguments) = Cli::parse_from(line.split(' ')).command else {
            panic!("`{line}` is no run command")
        };
        arguments
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn everything_after_the_file_is_the_guests() {
        let arguments = run_args("wasi-cuda run --device cpu guest.wasm --device x -v -- y");
        assert_eq!(arguments.devices, ["cpu"]);
        assert_eq!(arguments.arguments(), ["--device", "x", "-v", "--", "y"]);
    }

    #[test]
    fn the_default_device_is_the_cpu_in_checked_mode() {
        let arguments = run_args("wasi-cuda run guest.wasm");
        assert_eq!(arguments.devices, ["cpu"]);
        assert!(arguments.checked_mode());
    }

    #[test]
    fn the_last_of_checked_and_no_checked_holds() {
        assert!(!run_args("wasi-cuda run --checked --no-checked g.wasm").checked_mode());
        assert!(run_args("wasi-cuda run --no-checked --checked g.wasm").checked_mode());
        assert!(run_args("wasi-cuda run --device cuda:0 --checked g.wasm").checked_mode());
    }

    #[test]
    fn a_cuda_device_is_not_checked_by_default() {
        assert!(!run_args("wasi-cuda run --device cpu --device cuda:0 g.wasm").checked_mode());
    }
}
