//! Every case in `jit/filetests`, on every back end. `jit/filetests/README.md` says how a case is written.
//!
//! `UPDATE_GOLDEN=1 cargo test -p wasi-cuda-jit --test filetests` writes the expectations anew; `FILETEST=WORD` takes only
//! cases whose path has the word in it.

mod annotation;
mod arguments;
mod case;
mod compare;
mod launches;
mod mistakes;
mod observe;
#[path = "../support/ptxas.rs"]
mod ptxas;
mod rewrite;
mod values;

use case::Case;
use std::path::{Path, PathBuf};

/// An update may move what messages tell line numbers of; then it is done once more.
const MOST_UPDATES: usize = 3;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("filetests")
}

fn filter() -> Option<String> {
    std::env::var("FILETEST").ok()
}

/// The cases of an area, in the order of their names.
fn paths(area: &str) -> Vec<PathBuf> {
    let wanted = filter().unwrap_or_default();
    let entries =
        std::fs::read_dir(folder().join(area)).unwrap_or_else(|error| panic!("{area}: {error}"));
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "ptx"))
        .filter(|path| path.to_string_lossy().contains(&wanted))
        .collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> Result<Case, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Case::read(path, text)
}

/// What is wrong with a case.
fn check(path: &Path) -> Result<(), String> {
    let at = |what: String| format!("{}: {what}", path.display());
    let mut case = read(path)?;
    let mut observed = observe::observe(&case).map_err(at)?;
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        for _ in 0..MOST_UPDATES {
            let text = rewrite::rewritten(&case, &observed);
            if text == case.text {
                break;
            }
            std::fs::write(path, &text).map_err(|error| at(error.to_string()))?;
            case = Case::read(path, text)?;
            observed = observe::observe(&case).map_err(at)?;
        }
    }
    observe::print_is_stable(&case).map_err(at)?;
    let differences = compare::differences(&case, &observed);
    if differences.is_empty() {
        Ok(())
    } else {
        Err(at(differences.join("\n  ")))
    }
}

fn check_area(area: &str) {
    let paths = paths(area);
    assert!(
        !paths.is_empty() || filter().is_some(),
        "{area} has no case"
    );
    let wrong: Vec<String> = paths.iter().filter_map(|path| check(path).err()).collect();
    assert!(
        wrong.is_empty(),
        "\n{}\n{} cases are wrong; UPDATE_GOLDEN=1 writes their expectations anew",
        wrong.join("\n"),
        wrong.len()
    );
}

macro_rules! areas {
    ($($area:ident,)*) => {
        const AREAS: &[&str] = &[$(stringify!($area),)*];

        $(
            #[test]
            fn $area() {
                check_area(stringify!($area));
            }
        )*
    };
}

areas! {
    arithmetic,
    atomics,
    barriers,
    calls,
    control,
    conversions,
    faults,
    generic,
    local,
    matrix,
    memory,
    printing,
    refuse,
    shared,
    variables,
    warp,
}

#[test]
fn every_folder_is_an_area_that_is_tested() {
    let entries = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut folders: Vec<String> = folders
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(folders, AREAS);
}

#[test]
fn the_vendors_assembler_takes_every_print() {
    let Some(ptxas) = ptxas::find() else {
        eprintln!("{}", ptxas::MISSING);
        return;
    };
    let folder =
        std::env::temp_dir().join(format!("wasi-cuda-jit-filetests-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut assembled = 0;
    for path in AREAS.iter().flat_map(|area| paths(area)) {
        let Ok(case) = read(&path) else { continue };
        let target = observe::observe(&case)
            .ok()
            .and_then(|observed| observed.target);
        let Some(target) = target else { continue };
        for (print, text) in observe::printed(&case) {
            let result = ptxas::assemble(&ptxas, &folder, &target, &text);
            result.unwrap_or_else(|log| {
                panic!("{} ({}):\n{log}\n{text}", path.display(), print.name())
            });
            assembled += 1;
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    eprintln!("{} assembled {assembled} texts", ptxas.display());
}
