//! Every hostile kernel in `jit/hostile`: it ends as its case says, in a house whose other guests notice nothing. `jit/hostile/README.md` says
//! which row of the sandbox's table each belongs to, `jit/filetests/README.md` how a case is written.

#[path = "../filetests/annotation.rs"]
mod annotation;
#[path = "../filetests/area.rs"]
mod area;
#[path = "../filetests/arguments.rs"]
mod arguments;
#[path = "../filetests/case.rs"]
mod case;
#[path = "../filetests/compare.rs"]
mod compare;
mod counts;
mod house;
#[path = "../filetests/launches.rs"]
mod launches;
#[path = "../filetests/observe.rs"]
mod observe;
#[path = "../support/ptxas.rs"]
mod ptxas;
mod random;
#[path = "../filetests/rewrite.rs"]
mod rewrite;
mod trespass;
#[path = "../filetests/values.rs"]
mod values;

use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile")
}

macro_rules! topics {
    ($($topic:ident,)*) => {
        const TOPICS: &[&str] = &[$(stringify!($topic),)*];

        $(
            #[test]
            fn $topic() {
                area::check_all(&folder().join(stringify!($topic)), house::run);
            }
        )*
    };
}

topics! {
    alignment,
    ends,
    forms,
    hangs,
    leaks,
    own_state,
    read_only,
    small,
    traps,
    variables,
    window,
}

#[test]
fn the_vendors_assembler_takes_every_print() {
    let paths = TOPICS
        .iter()
        .flat_map(|topic| area::paths(&folder().join(topic)));
    area::assemble(&paths.collect::<Vec<_>>(), "hostile");
}
