//! Compiles the guest programs to components and generates their list.
//!
//! The programs are built by a cargo of their own with a target folder of their own: the outer cargo holds
//! the lock of its target folder while this script runs, and waiting for it would never end.

#[path = "build/nested_cargo.rs"]
mod nested_cargo;

use nested_cargo::{TARGET, build_guests};
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The suites. A program belongs to the one that its name begins with, and `tests/cases.rs` runs each.
const SUITES: [&str; 7] = [
    "device",
    "memory",
    "module",
    "execution",
    "polling",
    "input",
    "types",
];

fn main() {
    if let Err(message) = run() {
        for line in message.lines() {
            println!("cargo::error={line}");
        }
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let manifest_dir = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out_dir = PathBuf::from(variable("OUT_DIR")?);
    let programs_dir = manifest_dir.join("programs");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=programs");
    println!("cargo::rerun-if-changed=../Cargo.toml");
    println!("cargo::rerun-if-changed=../guest-bindings");
    println!("cargo::rerun-if-changed=../wit");

    let names = program_names(&programs_dir.join("src/bin"))?;
    require_target()?;
    let guests = guests_folder(&out_dir);
    build_guests(&variable("CARGO")?, &programs_dir, &guests)?;

    let built = guests.join(TARGET).join("release");
    for name in &names {
        rerun_if_sources_change(&built.join(format!("{name}.d")))?;
    }
    println!("cargo::rustc-env=WASI_CUDA_GUESTS={}", guests.display());
    let generated = out_dir.join("programs.rs");
    fs::write(&generated, generate(&names, &built)?)
        .map_err(|error| format!("cannot write {}: {error}", generated.display()))
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("cargo did not set {name}: {error}"))
}

/// The names of the programs: one a file of `src/bin`, sorted.
fn program_names(folder: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(folder).map_err(|error| {
        format!(
            "cannot list the guest programs in {}: {error}",
            folder.display()
        )
    })?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let stem = path.file_stem().unwrap_or_default();
            names.push(stem.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Cargo's own message about a missing target is long and names a crate that is not at fault.
fn require_target() -> Result<(), String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(&rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .map_err(|error| format!("cannot run {}: {error}", rustc.display()))?;
    let folder = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && Path::new(folder.trim()).is_dir() {
        return Ok(());
    }
    Err(format!(
        "the guest programs need Rust's {TARGET} target, which is not installed; run `rustup target add {TARGET}`"
    ))
}

/// `target/guests`, shared by every profile of the outer cargo so that programs are compiled once; inside
/// `OUT_DIR` where the target folder cannot be told.
fn guests_folder(out_dir: &Path) -> PathBuf {
    out_dir
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        .unwrap_or(out_dir)
        .join("guests")
}

/// Names every source of a program to cargo, as the inner cargo recorded them: `output: source source`.
fn rerun_if_sources_change(dep_info: &Path) -> Result<(), String> {
    let text = fs::read_to_string(dep_info)
        .map_err(|error| format!("cannot read {}: {error}", dep_info.display()))?;
    for line in text.lines() {
        let Some((_, sources)) = line.split_once(": ") else {
            continue;
        };
        let spaces_marked = sources.replace("\\ ", "\0");
        for source in spaces_marked.split_whitespace() {
            println!("cargo::rerun-if-changed={}", source.replace('\0', " "));
        }
    }
    Ok(())
}

/// The generated module: a function a program, the table of registered cases, and a macro a suite.
fn generate(names: &[String], built: &Path) -> Result<String, String> {
    let mut code = String::new();
    for name in names {
        let suite = suite_of(name)?;
        let path = built.join(format!("{name}.wasm"));
        let _ = write!(
            code,
            "/// The program `{name}`.\n\
             pub const fn {name}() -> Program {{\n    \
                 Program {{ name: {name:?}, suite: {suite:?}, component: include_bytes!({path:?}) }}\n\
             }}\n"
        );
    }

    code.push_str("pub(crate) fn registered() -> Vec<crate::Case> {\n    vec![\n");
    for name in names {
        let _ = writeln!(code, "        crate::cases::{name}(),");
    }
    code.push_str("    ]\n}\n");

    let _ = writeln!(
        code,
        "/// The suites, in the order in which reports list them.\npub const SUITES: [&str; {}] = {SUITES:?};",
        SUITES.len()
    );
    for suite in SUITES {
        let _ = write!(
            code,
            "/// Calls the macro `$each` with the name of every program of the suite `{suite}`.\n\
             #[macro_export]\n\
             macro_rules! foreach_{suite} {{\n    ($each:ident) => {{\n"
        );
        for name in names.iter().filter(|name| suite_of(name) == Ok(suite)) {
            let _ = writeln!(code, "        $each!({name});");
        }
        code.push_str("    };\n}\n");
    }
    Ok(code)
}

fn suite_of(name: &str) -> Result<&'static str, String> {
    SUITES
        .into_iter()
        .find(|suite| name.strip_prefix(suite).is_some_and(|rest| rest.starts_with('_')))
        .ok_or_else(|| {
            format!("the program `{name}` belongs to no suite: its name must begin with one of {SUITES:?} and `_`")
        })
}
