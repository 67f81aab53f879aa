//! The checked-in PTX is what its sources compile to, checked where the compiler that made it is installed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use wasi_cuda_kernels::{builtin, builtins};

/// Runs `build.sh` of this package.
fn build(arguments: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("build.sh");
    let mut command = Command::new("bash");
    // What the test's own cargo told its children is about another compiler.
    for (name, _) in std::env::vars() {
        if name.starts_with("CARGO") || name.starts_with("RUST") {
            command.env_remove(name);
        }
    }
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
        .arg(script)
        .args(arguments)
        .output()
        .expect("bash runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// Says why a test was left out, past the test harness's capture of what tests print.
fn left_out(reason: &str) {
    writeln!(std::io::stderr(), "regenerate.rs did not run: {reason}")
        .expect("standard error is open");
}

#[test]
fn compiling_the_sources_again_gives_the_same_text() {
    if !Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("linalg")
        .is_dir()
    {
        return left_out("the published package comes without the sources in linalg/");
    }
    let compiler = build(&["--compiler"]);
    if !compiler.status.success() {
        return left_out(&text(&compiler.stderr));
    }
    let compiler = text(&compiler.stdout);
    for module in builtins() {
        let first_line = checked_in(module).lines().next().unwrap_or_default();
        if !first_line.ends_with(&compiler) {
            return left_out(&format!(
                "the PTX is not of the installed {compiler}: {first_line}"
            ));
        }
    }

    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("regenerated");
    let built = build(&["--to", folder.to_str().expect("the folder's name is text")]);
    assert!(
        built.status.success(),
        "build.sh failed: {}",
        text(&built.stderr)
    );
    for module in builtins() {
        let regenerated = std::fs::read_to_string(folder.join(format!("{module}.ptx")))
            .expect("build.sh writes each module");
        assert!(
            regenerated == checked_in(module),
            "the sources of {module} have changed since: run kernels/build.sh"
        );
    }
}

fn checked_in(module: &str) -> &'static str {
    builtin(module).expect("a listed module has PTX")
}
