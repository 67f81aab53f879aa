//! From what the user named to the bytes of a component.

mod core_module;
mod folder;

use std::path::Path;

use anyhow::{Context, Result, bail};
use wasmparser::Parser;

/// A guest, ready to be compiled.
pub(crate) struct Guest {
    /// The program's name, which it gets as its argument 0.
    pub(crate) name: String,
    /// A WebAssembly component.
    pub(crate) component: Vec<u8>,
}

/// Reads a component, a core module or WAT text, or builds the crate whose folder `path` is.
/// `bin` picks one binary of a crate that has several.
pub(crate) fn load(path: &Path, bin: Option<&str>) -> Result<Guest> {
    let shown = path.display();
    if path.is_dir() {
        let file = folder::build(path, bin)
            .with_context(|| format!("cannot build the guest crate in `{shown}`"))?;
        return read(&file);
    }
    if bin.is_some() {
        bail!("--bin picks a binary of a crate's folder, but `{shown}` is none");
    }
    read(path)
}

fn read(path: &Path) -> Result<Guest> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read the guest `{shown}`"))?;
    let component =
        to_component(path, bytes).with_context(|| format!("cannot use `{shown}` as a guest"))?;
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned();
    Ok(Guest { name, component })
}

fn to_component(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>> {
    let binary = if bytes.starts_with(b"\0asm") {
        bytes
    } else if looks_like_text(path, &bytes) {
        wat::parse_bytes(&bytes)?.into_owned()
    } else {
        bail!("it is no WebAssembly: neither a binary, which begins with `\\0asm`, nor WAT text");
    };
    if Parser::is_component(&binary) {
        Ok(binary)
    } else if Parser::is_core_wasm(&binary) {
        core_module::to_component(&binary)
    } else {
        bail!(
            "it begins as a WebAssembly binary, but of a version that is neither module nor component"
        );
    }
}

/// WAT by its extension, or because it begins as every module and component in WAT does.
pub(crate) fn looks_like_text(path: &Path, bytes: &[u8]) -> bool {
    let named = path.extension().is_some_and(|extension| extension == "wat");
    let content = bytes.trim_ascii_start();
    named
        || [&b"(module"[..], b"(component", b";;", b"(;"]
            .iter()
            .any(|start| content.starts_with(start))
}
