//! A kind of source that the host does not compile is told apart from a source that is wrong.

use wasi_cuda::Error;
use wasi_cuda_conformance_programs::{covers, default_device, functions::*, runs_well};

/// The smallest WebAssembly module: its magic number and version.
const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

fn main() {
    let device = default_device();
    // A host may compile them: then this one is a module without kernels.
    match device.load_wasm(EMPTY) {
        Err(Error::Unsupported(text)) => {
            assert!(
                !text.is_empty(),
                "the error should say what is not supported"
            );
            covers(LOAD, "unsupported");
        }
        Ok(module) => assert!(
            module.functions().is_empty(),
            "an empty module has no kernels"
        ),
        Err(error) => {
            panic!("an empty WebAssembly module should be unsupported or load, but: {error}")
        }
    }
    runs_well(&device);
}
