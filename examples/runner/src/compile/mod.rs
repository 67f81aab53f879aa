//! `wasi-cuda compile`.

mod report;
mod source;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use wasi_cuda_jit::versions::{DeviceVersion, Target};
use wasi_cuda_jit::{CompileOptions, Diagnostic, Severity, Source, limits};

use crate::args::{CompileArgs, Emit, ReportFormat};
use source::Kernels;

/// What stands for standard input and output.
const STANDARD: &str = "-";

/// Prints what was asked for; an error when the kernels are refused.
pub(crate) fn compile(arguments: &CompileArgs) -> Result<ExitCode> {
    let format = arguments.report_format();
    let kernels = Kernels::read(&arguments.file)?;
    keep_the_source(arguments)?;
    let options = CompileOptions {
        checked: arguments.checked,
        device: arguments.target.map(device),
    };
    match emit(&kernels, arguments.emit, format, &options) {
        Ok((text, found)) => {
            // A report holds them.
            if arguments.emit != Emit::Report {
                eprint!("{}", kernels.render(&found));
            }
            write(&arguments.output, &text)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(found) => {
            if format == ReportFormat::Json && is_standard(&arguments.output) {
                write(&arguments.output, &report::refused(&kernels.name, &found))?;
            }
            eprint!("{}", kernels.render(&found));
            keep_what_was_printed(&arguments.output, &found)?;
            bail!("`{}` is refused: {}", kernels.name, errors(&found))
        }
    }
}

/// What the compiler printed and could not prove is kept beside the output, for a report of its mistake.
fn keep_what_was_printed(output: &Path, found: &[Diagnostic]) -> Result<()> {
    let printed = found.iter().find_map(|found| found.printed.as_deref());
    let Some(printed) = printed.filter(|_| !is_standard(output)) else {
        return Ok(());
    };
    let mut name = output.as_os_str().to_owned();
    name.push(".refused");
    write(Path::new(&name), printed)?;
    eprintln!("what was printed is in `{}`", Path::new(&name).display());
    Ok(())
}

/// What was asked for, and the warnings and notes.
fn emit(
    kernels: &Kernels,
    emit: Emit,
    format: ReportFormat,
    options: &CompileOptions,
) -> Result<(String, Vec<Diagnostic>), Vec<Diagnostic>> {
    let source = kernels.source();
    let found = wasi_cuda_jit::report(source, options)?;
    let text = match (emit, source) {
        (Emit::Ptx, Source::Ptx(text)) => wasi_cuda_jit::sandboxed_ptx(text, options)?,
        (Emit::Ptx, Source::Wasm(bytes)) => wasi_cuda_jit::sandboxed_wasm(bytes, options)?,
        (Emit::CpuAsm, _) => assembly(source, options)?,
        (Emit::Report, _) => match format {
            ReportFormat::Text => report::text(kernels, &found),
            ReportFormat::Json => report::json(&kernels.name, &found),
        },
    };
    Ok((text, found.diagnostics))
}

fn assembly(source: Source<'_>, options: &CompileOptions) -> Result<String, Vec<Diagnostic>> {
    let kernels = wasi_cuda_jit::cpu_assembly(source, options)?;
    let texts = kernels
        .iter()
        .map(|listed| format!("; kernel {}\n{}\n", listed.kernel, listed.text.trim_end()));
    Ok(texts.collect::<Vec<_>>().join("\n"))
}

/// A device of a target's compute capability, with the newest driver that is known.
fn device(target: Target) -> DeviceVersion {
    DeviceVersion {
        ptx: limits::MAX_PTX_VERSION,
        compute_capability: target.compute_capability(),
        driver: None,
    }
}

/// Refuses to write over what was read.
fn keep_the_source(arguments: &CompileArgs) -> Result<()> {
    let same =
        |left: &Path, right: &Path| Some(left.canonicalize().ok()? == right.canonicalize().ok()?);
    let file = !is_standard(&arguments.file) && !is_standard(&arguments.output);
    if file && same(&arguments.file, &arguments.output) == Some(true) {
        bail!(
            "`{}` is the source itself; write to another file",
            arguments.output.display()
        );
    }
    Ok(())
}

fn is_standard(path: &Path) -> bool {
    path == Path::new(STANDARD)
}

fn write(output: &Path, text: &str) -> Result<()> {
    if is_standard(output) {
        let mut stdout = std::io::stdout().lock();
        let written = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
        return written.context("cannot write to standard output");
    }
    std::fs::write(output, text).with_context(|| format!("cannot write `{}`", output.display()))
}

fn errors(found: &[Diagnostic]) -> String {
    let errors = found
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .count();
    match errors {
        1 => "1 error".to_owned(),
        errors => format!("{errors} errors"),
    }
}
