//! From what the user named to the source of kernels.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use wasi_cuda_jit::{Diagnostic, Source, limits, render};

use super::is_standard;
use crate::guest::looks_like_text;

/// The source of kernels, with what it is called.
pub(super) struct Kernels {
    pub(super) name: String,
    content: Content,
}

enum Content {
    Ptx(String),
    Wasm(Vec<u8>),
}

impl Kernels {
    /// Reads PTX, a WebAssembly module, or its text, which is made a module.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let (name, bytes) = if is_standard(path) {
            let name = "standard input".to_owned();
            (
                name,
                read_all(std::io::stdin().lock()).context("cannot read standard input")?,
            )
        } else {
            let name = path.display().to_string();
            let bytes = read_file(path).with_context(|| format!("cannot read `{name}`"))?;
            (name, bytes)
        };
        let content =
            content(path, bytes).with_context(|| format!("cannot use `{name}` as kernels"))?;
        Ok(Self { name, content })
    }

    pub(super) fn source(&self) -> Source<'_> {
        match &self.content {
            Content::Ptx(text) => Source::Ptx(text),
            Content::Wasm(bytes) => Source::Wasm(bytes),
        }
    }

    /// Findings, with the lines that they are about.
    pub(super) fn render(&self, found: &[Diagnostic]) -> String {
        let text = match &self.content {
            Content::Ptx(text) => Some(text.as_str()),
            Content::Wasm(_) => None,
        };
        render(found, &self.name, text)
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    if path.is_dir() {
        bail!("it is a folder; name a file of kernels in it");
    }
    read_all(File::open(path)?)
}

/// Reads one byte more than is accepted, so that the compiler says that it is too much.
fn read_all(from: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = limits::MAX_SOURCE_BYTES as u64 + 1;
    from.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn content(path: &Path, bytes: Vec<u8>) -> Result<Content> {
    if bytes.starts_with(b"\0asm") {
        return Ok(Content::Wasm(bytes));
    }
    if looks_like_text(path, &bytes) {
        return Ok(Content::Wasm(wat::parse_bytes(&bytes)?.into_owned()));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Content::Ptx(text)),
        Err(error) => bail!(
            "it is neither PTX, because byte {} is not UTF-8, nor WebAssembly, which begins with `\\0asm`",
            error.utf8_error().valid_up_to()
        ),
    }
}
