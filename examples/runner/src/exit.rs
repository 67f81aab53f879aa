//! How the process ends: as its guest did, or with an error on standard error.

use std::process::ExitCode;

use wasmtime::Trap;
use wasmtime_wasi::I32Exit;

/// What a shell reports for a process that aborted; `wasmtime run` ends so after a trap.
const TRAPPED: u8 = 134;

/// Prints the error unless it is the guest's own exit, and picks the process's exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return of_guest(*code);
    }
    eprintln!("wasi-cuda: error: {error:?}");
    if error.downcast_ref::<Trap>().is_some() {
        ExitCode::from(TRAPPED)
    } else {
        ExitCode::FAILURE
    }
}

/// A process has eight bits for its exit code; a failure never becomes a success by losing the others.
fn of_guest(code: i32) -> ExitCode {
    match (code, code as u8) {
        (0, _) => ExitCode::SUCCESS,
        (_, 0) => ExitCode::FAILURE,
        (_, low) => ExitCode::from(low),
    }
}
