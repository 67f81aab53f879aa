//! Builds a guest crate for `wasm32-wasip2` with Cargo.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail, ensure};
use cargo_metadata::{Message, MetadataCommand, Package, Target, TargetKind};

const TARGET: &str = "wasm32-wasip2";

/// Builds the crate in `folder` in release mode and returns the path of its component.
pub(super) fn build(folder: &Path, bin: Option<&str>) -> Result<PathBuf> {
    ensure!(
        folder.join("Cargo.toml").is_file(),
        "there is no Cargo.toml in it; name the folder of a guest crate, or a .wasm file"
    );
    let folder = folder.canonicalize()?;
    let package = package(&folder)?;
    let target = choose(&package, bin)?;
    ensure_target_installed(&folder)?;
    cargo_build(&folder, &package, target)
}

/// Cargo's own, so that a build inside `cargo run` uses the same toolchain.
fn tool(variable: &str, name: &str) -> OsString {
    env::var_os(variable).unwrap_or_else(|| name.into())
}

fn package(folder: &Path) -> Result<Package> {
    let metadata = MetadataCommand::new()
        .cargo_path(tool("CARGO", "cargo"))
        .current_dir(folder)
        .no_deps()
        .exec()
        .context("Cargo cannot read its manifest")?;
    let manifest = folder.join("Cargo.toml");
    let members: Vec<_> = metadata
        .packages
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    metadata
        .packages
        .into_iter()
        .find(|package| package.manifest_path.as_std_path() == manifest)
        .ok_or_else(|| {
            anyhow!(
                "it is a workspace without a package of its own; name a member's folder: {}",
                members.join(", ")
            )
        })
}

/// The binary that `bin` names or that is the only one, else the crate's only `cdylib`.
fn choose<'a>(package: &'a Package, bin: Option<&str>) -> Result<&'a Target> {
    let bins: Vec<_> = package
        .targets
        .iter()
        .filter(|target| target.is_bin())
        .collect();
    let names = bins
        .iter()
        .map(|target| target.name.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    if let Some(wanted) = bin.or(package.default_run.as_deref()) {
        return bins
            .into_iter()
            .find(|target| target.name == wanted)
            .ok_or_else(|| match names.as_str() {
                "" => anyhow!("it has no binary `{wanted}`, and no other"),
                _ => anyhow!("it has no binary `{wanted}`; there are {names}"),
            });
    }
    match bins.as_slice() {
        [only] => Ok(only),
        [] => package
            .targets
            .iter()
            .find(|target| target.kind.contains(&TargetKind::CDyLib))
            .context(
                "it has neither a binary nor a library of crate type `cdylib`, so nothing to run",
            ),
        _ => bail!("it has several binaries; pick one with --bin: {names}"),
    }
}

/// A missing target is the first thing that goes wrong on a new machine, and rustc's own message is long.
fn ensure_target_installed(folder: &Path) -> Result<()> {
    let rustc = tool("RUSTC", "rustc");
    let output = Command::new(&rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(folder)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| {
            format!(
                "cannot start `{}`; install Rust with rustup",
                rustc.display()
            )
        })?;
    let libraries = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    ensure!(
        output.status.success() && libraries.is_dir(),
        "the Rust target {TARGET} is not installed; install it with\n\n    rustup target add {TARGET}\n"
    );
    Ok(())
}

fn cargo_build(folder: &Path, package: &Package, target: &Target) -> Result<PathBuf> {
    let mut command = Command::new(tool("CARGO", "cargo"));
    command
        .args(["build", "--release", "--target", TARGET])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    if target.is_bin() {
        command.args(["--bin", &target.name]);
    } else {
        command.arg("--lib");
    }
    let mut cargo = command
        .spawn()
        .context("cannot start `cargo`; install Rust with rustup")?;
    let stdout = cargo.stdout.take().context("Cargo's output is piped")?;
    let component = find_component(std::io::BufReader::new(stdout), package, target)?;
    let status = cargo.wait()?;
    ensure!(
        status.success(),
        "`cargo build --release --target {TARGET}` failed, see above"
    );
    component.context("Cargo built it, but names no .wasm file")
}

fn find_component(
    output: impl std::io::BufRead,
    package: &Package,
    target: &Target,
) -> Result<Option<PathBuf>> {
    let mut component = None;
    for message in Message::parse_stream(output) {
        if let Message::CompilerArtifact(artifact) =
            message.context("cannot read what Cargo prints")?
            && artifact.manifest_path == package.manifest_path
            && artifact.target.name == target.name
            && artifact.target.kind == target.kind
        {
            component = artifact
                .filenames
                .into_iter()
                .find(|file| file.extension() == Some("wasm"));
        }
    }
    Ok(component.map(Into::into))
}
