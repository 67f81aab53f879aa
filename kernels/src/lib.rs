//! Kernels that every `wasi:cuda` host ships, so that a guest needs no compiler of its own.
//!
//! A guest names a module, such as `linalg`, and gets its PTX's kernels. The PTX is compiled from the Rust crates
//! beside this one, `linalg/` and so on, and checked in; this library holds it, a table of what its kernels take, and a
//! [`reference`](mod@reference) implementation of each in plain Rust that gives the same bits.
//!
//! ```
//! let ptx = wasi_cuda_kernels::builtin("linalg").expect("every host ships it");
//! assert!(ptx.contains(".visible .entry saxpy("));
//!
//! let mut y = [1.0, 1.0];
//! wasi_cuda_kernels::reference::saxpy(2.0, &[3.0, 4.0], &mut y);
//! assert_eq!(y, [7.0, 9.0]);
//! ```
#![deny(missing_docs)]

mod linalg;
mod nn;
mod reduce;
pub mod reference;
mod signature;
mod table;

pub use signature::{Access, Block, KernelSignature, Length, Number, Parameter, ParameterType};

/// A module by its name: the PTX of its kernels. `None` when there is no such module.
///
/// ```
/// assert!(wasi_cuda_kernels::builtin("linalg").is_some());
/// assert!(wasi_cuda_kernels::builtin("Linalg").is_none());
/// ```
pub fn builtin(name: &str) -> Option<&'static str> {
    match name {
        "linalg" => Some(linalg::PTX),
        "nn" => Some(nn::PTX),
        "reduce" => Some(reduce::PTX),
        _ => None,
    }
}

/// The names of all modules.
///
/// ```
/// assert_eq!(wasi_cuda_kernels::builtins(), ["linalg", "nn", "reduce"]);
/// ```
pub fn builtins() -> &'static [&'static str] {
    &["linalg", "nn", "reduce"]
}

/// What the kernels of a module take, in the order of their names. `None` when there is no such module.
///
/// ```
/// let kernels = wasi_cuda_kernels::signatures("linalg").unwrap();
/// let saxpy = kernels.iter().find(|kernel| kernel.name == "saxpy").unwrap();
/// assert_eq!(saxpy.to_string(), "saxpy(a: f32, x: *const f32, y: *mut f32, n: u64)");
/// ```
pub fn signatures(module: &str) -> Option<&'static [KernelSignature]> {
    match module {
        "linalg" => Some(linalg::KERNELS),
        "nn" => Some(nn::KERNELS),
        "reduce" => Some(reduce::KERNELS),
        _ => None,
    }
}
