//! NVIDIA's assembler, where it can be had.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What is said where it cannot.
pub(crate) const MISSING: &str =
    "did not run: no ptxas; `jit/corpus/tools.sh ptxas` installs it, or set PTXAS to its path";

/// `PTXAS`, the folder that `corpus/tools.sh` installs into, or the search path.
pub(crate) fn find() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("PTXAS") {
        return Some(path.into());
    }
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/bin/ptxas");
    let found = [installed, PathBuf::from("ptxas")];
    found
        .into_iter()
        .find(|path| Command::new(path).arg("--version").output().is_ok())
}

/// Assembles a text for a target by way of a file in the folder; on failure gives what the assembler says.
pub(crate) fn assemble(
    ptxas: &Path,
    folder: &Path,
    target: &str,
    printed: &str,
) -> Result<(), String> {
    let input = folder.join("module.ptx");
    std::fs::write(&input, printed).unwrap();
    // The lowest level: whether a text is well formed does not depend on how hard it is optimised.
    assemble_file(ptxas, &input, target, "-O0")
}

/// The same for a file, at a level of optimisation.
pub(crate) fn assemble_file(
    ptxas: &Path,
    input: &Path,
    target: &str,
    level: &str,
) -> Result<(), String> {
    let output = Command::new(ptxas)
        .args([level, "-arch", target, "-o", "/dev/null"])
        .arg(input)
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
