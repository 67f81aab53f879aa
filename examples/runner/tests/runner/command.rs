//! Runs the command and looks at how it ended.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// How a run of the command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    #[track_caller]
    pub(crate) fn well(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// Ended with an error of the runner's own, not of its command line or its guest.
    #[track_caller]
    pub(crate) fn refused(&self) -> &Self {
        assert_eq!(self.code, Some(1), "{self:#?}");
        assert!(self.stderr.contains("wasi-cuda: error: "), "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn with_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn printing(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "no `{text}` in {self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn saying(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "no `{text}` in {self:#?}");
        self
    }
}

/// The command with these arguments, not yet run.
pub(crate) fn wasi_cuda(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wasi-cuda"));
    command.args(arguments);
    command
}

pub(crate) fn end(mut command: Command) -> Ended {
    let output = command
        .output()
        .expect("the command was built with this test");
    ended(output)
}

/// Runs `wasi-cuda` to its end with this on its standard input.
pub(crate) fn run_reading(arguments: &[&str], input: &[u8]) -> Ended {
    let mut command = wasi_cuda(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .expect("the command was built with this test");
    let mut stdin = child.stdin.take().expect("it was piped");
    // The command may end without reading all of it.
    let _ = stdin.write_all(input);
    drop(stdin);
    ended(child.wait_with_output().expect("the command ends"))
}

fn ended(output: Output) -> Ended {
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs `wasi-cuda` to its end.
pub(crate) fn run(arguments: &[&str]) -> Ended {
    end(wasi_cuda(arguments))
}

/// Runs one of this test's own guests with flags of the runner and arguments of its own.
pub(crate) fn run_guest(flags: &[&str], guest: &str, arguments: &[&str]) -> Ended {
    let folder = crate_folder().join("tests/guests");
    let mut command = wasi_cuda(&["run", "--bin", guest]);
    command.args(flags).arg(folder).args(arguments);
    end(command)
}

/// This package's folder.
pub(crate) fn crate_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the test in a folder that vanishes with it.
pub(crate) struct Scratch(tempfile::TempDir);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("the system has a folder for temporary files"))
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder().join(name);
        let parent = path.parent().expect("a file lies in a folder");
        std::fs::create_dir_all(parent).expect("a temporary folder is writable");
        std::fs::write(&path, content).expect("a temporary folder is writable");
        path
    }
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}
