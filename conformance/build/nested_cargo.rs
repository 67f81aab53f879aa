//! Building guests with a cargo inside a cargo, from the build script and from tests.

use std::path::Path;
use std::process::Command;

/// The target that guests are built for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// Builds the binaries of the package in `package_dir` into `target_dir/wasm32-wasip2/release`.
pub(crate) fn build_guests(
    cargo: &str,
    package_dir: &Path,
    target_dir: &Path,
) -> Result<(), String> {
    let mut command = Command::new(cargo);
    command
        .current_dir(package_dir)
        .args(["build", "--release", "--bins", "--target", TARGET])
        .env("CARGO_TARGET_DIR", target_dir);
    // What is meant for the outer build would change or break this one: flags for another target, clippy or
    // a coverage tool in place of the compiler.
    for name in [
        "CARGO_BUILD_BUILD_DIR",
        "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
        "CARGO_BUILD_RUSTC_WRAPPER",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_ENCODED_RUSTFLAGS",
        "CLIPPY_ARGS",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
        "RUSTFLAGS",
    ] {
        command.env_remove(name);
    }
    let output = command
        .output()
        .map_err(|error| format!("cannot run {cargo}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "the guests in {} do not compile\n{}",
        package_dir.display(),
        String::from_utf8_lossy(&output.stderr)
    ))
}
