//! The committed bindings are what wit-bindgen makes of `wit/`.

use std::path::{Path, PathBuf};

use wit_bindgen_core::{Files, WorldGenerator, wit_parser::Resolve};
use wit_bindgen_rust::{Opts, Ownership};

/// Set this environment variable to write the bindings instead of comparing them.
const UPDATE: &str = "UPDATE_BINDINGS";

#[test]
fn bindings_are_generated_from_the_wit() {
    check("src/bindings.rs", &[]);
}

#[test]
fn bindings_of_the_feature_async_are_generated_from_the_wit() {
    check("src/bindings_async.rs", &["cuda-async"]);
}

fn check(file: &str, features: &[&str]) {
    let committed = folder().join(file);
    let generated = generate(&folder().join("wit"), features);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&committed, generated).unwrap();
        return;
    }
    let current = std::fs::read_to_string(&committed).unwrap_or_default();
    // Compared line by line, so that a checkout with other line endings is no difference.
    let difference = generated
        .lines()
        .zip(current.lines().chain(std::iter::repeat("")))
        .enumerate()
        .find(|(_, (generated, current))| generated != current);
    assert!(
        difference.is_none() && generated.lines().count() == current.lines().count(),
        "{} is not what its WIT generates, beginning at {difference:?} (index, (generated, committed)); \
         run `{UPDATE}=1 cargo test -p wasi-cuda --test bindings`",
        committed.display(),
    );
}

/// A guest with a plain `fn main` traps when it calls an `async func`, so none may be in its bindings.
#[test]
fn bindings_import_no_async_function() {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(folder().join("wit")).unwrap();
    let interfaces = resolve.packages[package].interfaces.values();
    let functions = interfaces.flat_map(|&id| resolve.interfaces[id].functions.values());
    let asynchronous: Vec<_> = functions
        .filter(|f| f.kind.is_async())
        .map(|f| &f.name)
        .collect();
    assert!(
        asynchronous.is_empty(),
        "async functions that no feature gates: {asynchronous:?}"
    );
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Generates the bindings with these of the WIT's unstable features, and one whose function is no `async func`: a guest imports
/// it when it calls it.
fn generate(wit: &Path, features: &[&str]) -> String {
    let mut resolve = Resolve::default();
    let always = ["cuda-mapped-memory"];
    let features = always.iter().chain(features);
    resolve
        .features
        .extend(features.map(|&name| name.to_owned()));
    let (package, _) = resolve.push_dir(wit).unwrap();
    let world = resolve.select_world(&[package], Some("imports")).unwrap();
    let options = Opts {
        format: true,
        generate_all: true,
        // Arguments borrow: a launch, or PTX handed to the host, copies nothing on its way.
        ownership: Ownership::Borrowing {
            duplicate_if_necessary: false,
        },
        additional_derive_attributes: vec!["PartialEq".into()],
        // These two hold borrowed handles, which have no equality.
        additional_derive_ignore: vec!["buffer-offset".into(), "argument".into()],
        ..Opts::default()
    };
    let mut files = Files::default();
    options
        .build()
        .generate(&mut resolve, world, &mut files)
        .unwrap();
    let (_, text) = files.iter().next().expect("one file");
    String::from_utf8(text.to_vec()).unwrap()
}
