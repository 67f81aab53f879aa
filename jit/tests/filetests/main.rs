//! Every case in `jit/filetests`, on every back end. `jit/filetests/README.md` says how a case is written.
//!
//! `UPDATE_GOLDEN=1 cargo test -p wasi-cuda-jit --test filetests` writes the expectations anew; `FILETEST=WORD` takes only
//! cases whose path has the word in it.

mod annotation;
mod area;
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

use std::path::{Path, PathBuf};
use wasi_cuda_jit::fuzzing::device;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("filetests")
}

macro_rules! areas {
    ($($area:ident,)*) => {
        const AREAS: &[&str] = &[$(stringify!($area),)*];

        $(
            #[test]
            fn $area() {
                area::check_all(&folder().join(stringify!($area)), device::run);
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
    assert_eq!(area::folders(&folder()), AREAS);
}

#[test]
fn the_vendors_assembler_takes_every_print() {
    let paths = AREAS
        .iter()
        .flat_map(|area| area::paths(&folder().join(area)));
    area::assemble(&paths.collect::<Vec<_>>(), "filetests");
}
