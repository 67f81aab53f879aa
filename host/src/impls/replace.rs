//! Functions written by hand in the place of generated ones.

use crate::view::WasiCudaCtxView;
use wasmtime::component::Linker;

/// Where store data has a guest's context.
pub(super) type View<T> = fn(&mut T) -> WasiCudaCtxView<'_>;

/// Has `define` put a function in the place of one that the linker has.
pub(super) fn replace<T>(
    linker: &mut Linker<T>,
    define: impl Fn(&mut Linker<T>) -> wasmtime::Result<()>,
) -> wasmtime::Result<()> {
    // A linker does not say whether it allows shadowing, and an embedder's choice is to be left as it was.
    if define(linker).is_ok() {
        return Ok(());
    }
    linker.allow_shadowing(true);
    let defined = define(linker);
    linker.allow_shadowing(false);
    defined
}
