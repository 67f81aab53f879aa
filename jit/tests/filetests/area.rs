//! A folder of cases: each is read, done, and held against what it expects.

use super::case::Case;
use super::launches::Device;
use super::{compare, observe, ptxas, rewrite};
use std::path::{Path, PathBuf};

/// An update may move what messages tell line numbers of; then it is done once more.
const MOST_UPDATES: usize = 3;

fn filter() -> Option<String> {
    std::env::var("FILETEST").ok()
}

/// The cases of a folder, in the order of their names.
pub(crate) fn paths(folder: &Path) -> Vec<PathBuf> {
    let wanted = filter().unwrap_or_default();
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "ptx"))
        .filter(|path| path.to_string_lossy().contains(&wanted))
        .collect();
    paths.sort();
    paths
}

pub(crate) fn read(path: &Path) -> Result<Case, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Case::read(path, text)
}

/// What is wrong with a case.
fn check(path: &Path, device: Device) -> Result<(), String> {
    let at = |what: String| format!("{}: {what}", path.display());
    let mut case = read(path)?;
    let mut observed = observe::observe(&case, device).map_err(at)?;
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        for _ in 0..MOST_UPDATES {
            let text = rewrite::rewritten(&case, &observed);
            if text == case.text {
                break;
            }
            std::fs::write(path, &text).map_err(|error| at(error.to_string()))?;
            case = Case::read(path, text)?;
            observed = observe::observe(&case, device).map_err(at)?;
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

/// Does every case of a folder.
///
/// # Panics
///
/// If one is wrong, with all that are.
pub(crate) fn check_all(folder: &Path, device: Device) {
    let paths = paths(folder);
    assert!(
        !paths.is_empty() || filter().is_some(),
        "{} has no case",
        folder.display()
    );
    let wrong: Vec<String> = paths
        .iter()
        .filter_map(|path| check(path, device).err())
        .collect();
    assert!(
        wrong.is_empty(),
        "\n{}\n{} cases are wrong; UPDATE_GOLDEN=1 writes their expectations anew",
        wrong.join("\n"),
        wrong.len()
    );
}

/// The names of the folders in one, in order.
pub(crate) fn folders(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut folders: Vec<String> = folders
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    folders.sort();
    folders
}

/// Has the vendor's assembler take every print of these cases, if it can be had.
///
/// # Panics
///
/// If it refuses one.
pub(crate) fn assemble(paths: &[PathBuf], name: &str) {
    let Some(ptxas) = ptxas::find() else {
        eprintln!("{}", ptxas::MISSING);
        return;
    };
    let folder = std::env::temp_dir().join(format!("wasi-cuda-jit-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut assembled = 0;
    for path in paths {
        let Some((target, texts)) = read(path).ok().and_then(|case| observe::printed(&case)) else {
            continue;
        };
        for (print, text) in texts {
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
