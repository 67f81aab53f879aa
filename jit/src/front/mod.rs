//! Source languages. Each turns text or bytes into [`crate::ir`].

pub mod ptx;
pub mod wasm;
