//! What README.md shows works.

use std::path::PathBuf;

use crate::command::{Scratch, crate_folder, end, text, wasi_cuda};

fn repository() -> PathBuf {
    crate_folder().join("../..")
}

/// The content of README.md's fenced blocks of a language, in order.
fn blocks(language: &str) -> Vec<String> {
    let readme =
        std::fs::read_to_string(repository().join("README.md")).expect("there is a README.md");
    let parts: Vec<_> = readme.split("```").map(str::to_owned).collect();
    let inside = parts.into_iter().skip(1).step_by(2);
    inside
        .filter_map(|block| Some(block.strip_prefix(language)?.strip_prefix('\n')?.to_owned()))
        .collect()
}

#[test]
fn the_first_command_runs_the_first_lesson() {
    let commands = blocks("sh").remove(0);
    let (cargo, arguments) = commands
        .lines()
        .next()
        .and_then(|line| line.split_once(" -- "))
        .expect("a command");
    assert_eq!(cargo, "cargo run -p wasi-cuda-runner");
    let mut command = wasi_cuda(&arguments.split(' ').collect::<Vec<_>>());
    command.current_dir(repository());
    end(command)
        .well()
        .saying("wasi-cuda: device cpu")
        .printing("all right");
}

#[test]
fn the_guest_runs_and_has_at_most_fifteen_lines() {
    let guest = blocks("rust").remove(0);
    assert!(guest.lines().count() <= 15, "{guest}");
    let scratch = Scratch::new();
    let bindings = repository()
        .join("guest-bindings")
        .canonicalize()
        .expect("there is a folder");
    scratch.file(
        "Cargo.toml",
        format!(
            "[package]\nname = \"readme\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n\
             [dependencies]\nwasi-cuda = {{ path = {bindings:?} }}\n"
        ),
    );
    // The versions that everything else here is built with.
    let versions = std::fs::read(repository().join("Cargo.lock")).expect("there is a Cargo.lock");
    scratch.file("Cargo.lock", versions);
    let kernel = std::fs::read(repository().join("examples/01-vector-add/src/vector_add.ptx"));
    scratch.file("src/vector_add.ptx", kernel.expect("lesson 1 has a kernel"));
    scratch.file("src/main.rs", guest);
    let mut command = wasi_cuda(&["run", text(scratch.folder())]);
    command.env(
        "CARGO_TARGET_DIR",
        concat!(env!("CARGO_TARGET_TMPDIR"), "/readme-guest"),
    );
    end(command).well();
}

#[test]
fn the_host_is_the_embedding_examples() {
    let embed = std::fs::read_to_string(repository().join("examples/embed/src/main.rs"))
        .expect("there is an example");
    let host = blocks("rust").remove(1);
    let lines: Vec<_> = host
        .lines()
        .map(|line| line.split(" //").next().unwrap_or(line).trim())
        .collect();
    let shown: Vec<_> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    assert!(shown.len() <= 10, "{shown:#?}");
    let missing: Vec<_> = shown
        .into_iter()
        .filter(|line| !embed.contains(line))
        .collect();
    assert!(missing.is_empty(), "not in the example: {missing:#?}");
}

#[test]
fn every_link_to_a_file_leads_somewhere() {
    let documents = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .map(|name| repository().join(name))
        .into_iter();
    let docs = std::fs::read_dir(repository().join("docs")).expect("there is documentation");
    let broken: Vec<_> = documents
        .chain(docs.map(|entry| entry.expect("an entry").path()))
        .flat_map(broken_links)
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

fn broken_links(document: PathBuf) -> Vec<String> {
    let content = std::fs::read_to_string(&document).unwrap_or_default();
    let folder = document.parent().expect("a file lies in a folder");
    content
        .split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0.split('#').next()?.to_owned()))
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .filter(|target| !folder.join(target).exists())
        .map(|target| format!("{}: {target}", document.display()))
        .collect()
}
