//! The rules of the repository: which crate may depend on which, what lies where, how code is written.

use crate::support::{assert_none, read, repository};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId, Target};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const JIT: &str = "wasi-cuda-jit";
const KERNELS: &str = "wasi-cuda-kernels";
const HOST: &str = "wasmtime-wasi-cuda";
const GUEST_BINDINGS: &str = "wasi-cuda";
const CONFORMANCE: &str = "wasi-cuda-conformance";
const RUNNER: &str = "wasi-cuda-runner";

/// Crates that call the CUDA driver.
const DRIVER_BINDINGS: [&str; 5] = ["cudarc", "cust", "cust_raw", "cuda-driver-sys", "rustacuda"];
/// Crates that run async tasks.
const ASYNC_RUNTIMES: [&str; 5] = [
    "tokio",
    "async-std",
    "smol",
    "async-executor",
    "futures-executor",
];
/// Crates that speak HTTP.
const HTTP: [&str; 5] = ["hyper", "axum", "reqwest", "ureq", "wasmtime-wasi-http"];

/// The longest file of Rust that is written by hand. A file has one subject; beyond this it has several.
const MAX_LINES: usize = 600;

#[test]
fn the_compiler_depends_on_no_wasmtime_no_driver_and_no_async_runtime() {
    let crates = Crates::load();
    let forbidden = crates.below(JIT).into_iter().filter(|name| {
        // Cranelift's own helper crates carry Wasmtime's name.
        let wasmtime = name.starts_with("wasmtime") && !name.starts_with("wasmtime-internal-");
        wasmtime
            || DRIVER_BINDINGS.contains(&name.as_str())
            || ASYNC_RUNTIMES.contains(&name.as_str())
    });
    assert_none("wasi-cuda-jit depends on", forbidden);
    let direct = crates.named(JIT).dependencies.iter();
    let wasmtime = direct.filter(|it| it.name.starts_with("wasmtime"));
    assert_none("wasi-cuda-jit names", wasmtime.map(|it| it.name.clone()));
}

#[test]
fn only_the_host_may_depend_on_a_driver_binding() {
    let crates = Crates::load();
    let offenders = crates
        .members()
        .filter(|it| it.name.as_str() != HOST)
        .flat_map(|member| {
            let direct = member.dependencies.iter();
            direct
                .filter(|it| DRIVER_BINDINGS.contains(&it.name.as_str()))
                .map(|it| format!("{} depends on {}", member.name, it.name))
        });
    assert_none("the driver is the host's alone", offenders);
}

#[test]
fn the_kernels_have_no_dependencies() {
    let crates = Crates::load();
    assert_none("wasi-cuda-kernels depends on", crates.below(KERNELS));
}

#[test]
fn the_guest_bindings_depend_on_nothing_of_a_host() {
    let crates = Crates::load();
    let members: BTreeSet<String> = crates.members().map(|it| it.name.to_string()).collect();
    let forbidden = crates
        .below(GUEST_BINDINGS)
        .into_iter()
        .filter(|name| members.contains(name) || name.starts_with("wasmtime"));
    assert_none("wasi-cuda depends on", forbidden);
}

#[test]
fn dependencies_point_from_the_runner_to_the_host_to_the_compiler() {
    let crates = Crates::load();
    let members: BTreeSet<String> = crates.members().map(|it| it.name.to_string()).collect();
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        (JIT, &[][..]),
        (KERNELS, &[]),
        (GUEST_BINDINGS, &[]),
        (HOST, &[JIT, KERNELS]),
        (CONFORMANCE, &[HOST, JIT, KERNELS]),
        (RUNNER, &[HOST, JIT, KERNELS]),
    ]);
    let wrong = allowed.iter().flat_map(|(name, allowed)| {
        crates
            .below(name)
            .into_iter()
            .filter(|below| members.contains(below) && !allowed.contains(&below.as_str()))
            .map(move |below| format!("{name} depends on {below}"))
    });
    assert_none("these dependencies point the wrong way", wrong);
    assert!(crates.below(HOST).contains(JIT));
    assert!(crates.below(RUNNER).contains(HOST));
}

#[test]
fn conformance_names_no_crate_behind_the_hosts_public_interface() {
    let crates = Crates::load();
    let direct = crates.named(CONFORMANCE).dependencies.iter();
    let behind = direct.filter(|it| [JIT, KERNELS].contains(&it.name.as_str()));
    assert_none(
        "wasi-cuda-conformance names",
        behind.map(|it| it.name.clone()),
    );
}

#[test]
fn only_the_runner_speaks_http() {
    let crates = Crates::load();
    let speakers = [JIT, KERNELS, HOST, GUEST_BINDINGS, CONFORMANCE]
        .into_iter()
        .flat_map(|name| {
            let below = crates.below(name).into_iter();
            below
                .filter(|it| HTTP.contains(&it.as_str()))
                .map(move |it| format!("{name} depends on {it}"))
        });
    assert_none("HTTP belongs to the runner", speakers);
}

#[test]
fn there_is_one_version_of_what_reads_components() {
    let crates = Crates::load();
    for name in ["wasmparser", "wasmtime", "wit-component", "wit-parser"] {
        let packages = crates.metadata.packages.iter();
        let versions = packages
            .filter(|it| it.name.as_str() == name)
            .map(|it| it.version.clone());
        let versions: Vec<_> = versions.collect();
        assert_eq!(versions.len(), 1, "{name} is in the tree as {versions:?}");
    }
}

#[test]
fn every_crate_takes_its_lints_edition_and_licence_from_the_workspace() {
    let crates = Crates::load();
    let missing = crates.members().flat_map(|member| {
        let manifest = fs::read_to_string(&member.manifest_path).expect("a manifest");
        [
            "[lints]\nworkspace = true",
            "edition.workspace = true",
            "license.workspace = true",
        ]
        .into_iter()
        .filter(move |line| !manifest.contains(line))
        .map(|line| format!("{} lacks `{}`", member.name, line.replace('\n', " ")))
    });
    assert_none("these manifests differ from the workspace", missing);
}

#[test]
fn the_top_level_holds_exactly_what_the_architecture_names() {
    let expected: BTreeSet<String> = [
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "conformance",
        "deny.toml",
        "docs",
        "examples",
        "guest-bindings",
        "host",
        "jit",
        "kernels",
        "rust-toolchain.toml",
        "wit",
    ]
    .map(str::to_owned)
    .into();
    let found: BTreeSet<String> = files()
        .iter()
        .filter_map(|path| path.components().next())
        .map(|first| first.as_os_str().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn every_library_denies_missing_documentation() {
    let crates = Crates::load();
    let undocumented = crates
        .members()
        .flat_map(|member| &member.targets)
        .filter(|target| target.is_lib())
        .filter(|target| !source_of(target).contains("#![deny(missing_docs)]"))
        .map(|target| target.src_path.to_string());
    assert_none("these lack #![deny(missing_docs)]", undocumented);
}

#[test]
fn lessons_are_numbered_without_gaps() {
    let lessons: BTreeSet<String> = files()
        .iter()
        .filter_map(|path| path.strip_prefix("examples").ok()?.components().next())
        .map(|first| first.as_os_str().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(|first: char| first.is_ascii_digit()))
        .collect();
    let numbers: Vec<&str> = lessons
        .iter()
        .filter_map(|it| Some(it.split_once('-')?.0))
        .collect();
    let expected: Vec<String> = (1..=lessons.len())
        .map(|number| format!("{number:02}"))
        .collect();
    assert_eq!(numbers, expected, "{lessons:?}");
    assert!(!lessons.is_empty());
}

#[test]
fn no_file_written_by_hand_is_longer_than_600_lines() {
    let long = sources().into_iter().filter_map(|(path, text)| {
        let lines = text.lines().count();
        (lines > MAX_LINES).then(|| format!("{} has {lines}", path.display()))
    });
    assert_none("split these files by subject", long);
}

#[test]
fn nothing_is_left_to_do_in_the_sources() {
    // In two parts each, or this file would find itself.
    let left = [
        ("todo", "!("),
        ("unimplemented", "!("),
        ("TO", "DO"),
        ("FIX", "ME"),
    ]
    .map(|(first, second)| format!("{first}{second}"));
    let found = sources().into_iter().flat_map(|(path, text)| {
        let left = &left;
        let lines = text.lines().enumerate();
        let lines = lines.filter(|(_, line)| left.iter().any(|word| line.contains(word.as_str())));
        lines
            .map(|(number, line)| format!("{}:{}: {}", path.display(), number + 1, line.trim()))
            .collect::<Vec<_>>()
    });
    assert_none("these lines promise something", found);
}

#[test]
fn the_compiler_opens_files_in_its_cache_alone() {
    let openers = sources().into_iter().filter(|(path, text)| {
        let compiler = path.starts_with("jit/src") && path != Path::new("jit/src/cache.rs");
        compiler
            && ["std::fs", "fs::read", "File::"]
                .iter()
                .any(|it| text.contains(it))
    });
    assert_none(
        "these files open files",
        openers.map(|(path, _)| path.display().to_string()),
    );
}

#[test]
fn the_readme_begins_with_exactly_two_commands() {
    let readme = read("README.md");
    let (_, after) = readme
        .split_once("```")
        .expect("README.md has a fenced block");
    let (block, _) = after.split_once("```").expect("the block ends");
    let commands: Vec<&str> = block
        .lines()
        .skip(1)
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    assert_eq!(commands.len(), 2, "{commands:?}");
    assert!(commands[0].contains("01-vector-add"), "{commands:?}");
    assert!(commands[1].starts_with("cargo test"), "{commands:?}");
}

/// The workspace as cargo resolves it.
struct Crates {
    metadata: Metadata,
}

impl Crates {
    fn load() -> Self {
        let manifest = repository().join("Cargo.toml");
        let metadata = MetadataCommand::new().manifest_path(manifest).exec();
        Crates {
            metadata: metadata.unwrap_or_else(|error| panic!("cargo metadata: {error}")),
        }
    }

    fn members(&self) -> impl Iterator<Item = &Package> {
        self.metadata.workspace_packages().into_iter()
    }

    fn named(&self, name: &str) -> &Package {
        self.members()
            .find(|package| package.name.as_str() == name)
            .unwrap_or_else(|| panic!("no crate {name} in the workspace"))
    }

    /// The names of everything that a crate needs to be built, directly or not; tests and benches left out.
    fn below(&self, name: &str) -> BTreeSet<String> {
        let resolve = self.metadata.resolve.as_ref().expect("a resolved graph");
        let mut open: Vec<&PackageId> = vec![&self.named(name).id];
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            let node = resolve
                .nodes
                .iter()
                .find(|node| node.id == *id)
                .expect("a node");
            for dependency in &node.deps {
                let needed = dependency
                    .dep_kinds
                    .iter()
                    .any(|it| it.kind != DependencyKind::Development);
                if needed && seen.insert(&dependency.pkg) {
                    open.push(&dependency.pkg);
                }
            }
        }
        let packages = self.metadata.packages.iter();
        packages
            .filter(|package| seen.contains(&package.id))
            .map(|package| package.name.to_string())
            .collect()
    }
}

fn source_of(target: &Target) -> String {
    fs::read_to_string(&target.src_path)
        .unwrap_or_else(|error| panic!("{}: {error}", target.src_path))
}

/// The files of the repository, relative to it: as git lists them, or, without git, all but build output.
fn files() -> Vec<PathBuf> {
    let git = Command::new("git")
        .args(["ls-files"])
        .current_dir(repository())
        .output();
    if let Ok(output) = git
        && output.status.success()
    {
        let listed = String::from_utf8(output.stdout).expect("paths in UTF-8");
        return listed
            .lines()
            .map(PathBuf::from)
            .filter(|path| repository().join(path).exists())
            .collect();
    }
    let mut files = Vec::new();
    let mut folders = vec![repository()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
            let path = entry.expect("an entry of a readable folder").path();
            if path.is_file() {
                files.push(
                    path.strip_prefix(repository())
                        .expect("a path below")
                        .to_owned(),
                );
            } else if !path.join("CACHEDIR.TAG").exists() && !path.ends_with(".git") {
                folders.push(path);
            }
        }
    }
    files
}

/// The Rust sources that people write, with their text.
fn sources() -> Vec<(PathBuf, String)> {
    let rust = files()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|it| it == "rs"));
    let sources: Vec<_> = rust
        .map(|path| {
            let text = read(&path);
            (path, text)
        })
        .filter(|(_, text)| {
            !text
                .lines()
                .take(3)
                .any(|line| line.contains("Generated by"))
        })
        .collect();
    assert!(!sources.is_empty());
    sources
}
