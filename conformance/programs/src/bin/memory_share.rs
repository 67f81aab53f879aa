//! A host either maps guest memory for its devices, or says that it does not.
//!
//! The function is unstable, so this program has bindings of its own.

use wasi_cuda_conformance_programs::{covers, default_device, refused, runs_well};

wit_bindgen::generate!({
    inline: "
        package wasi:cuda-conformance;
        world mapped-memory { import wasi:cuda/memory@0.1.0; }
    ",
    path: "../../wit",
    features: ["cuda-mapped-memory"],
    with: {
        "wasi:cuda/types@0.1.0": wasi_cuda::bindings::wasi::cuda::types,
        "wasi:cuda/device@0.1.0": wasi_cuda::bindings::wasi::cuda::device,
    },
    generate_all,
});

use wasi::cuda::memory::Buffer;
use wasi_cuda::bindings::wasi::cuda::types::ErrorCode;

const SHARE: &str = "memory#[static]buffer.share";

fn main() {
    let device = default_device();
    refused(SHARE, "invalid-argument", Buffer::share(device.raw(), &[]));

    let region = [7; 1024];
    match Buffer::share(device.raw(), &region) {
        Ok(buffer) => {
            assert_eq!(
                buffer.size(),
                1024,
                "a shared buffer should be as large as its region"
            );
            covers(SHARE, "ok");
        }
        Err(ErrorCode::Unsupported(told)) => {
            assert!(!told.is_empty(), "the text should say what is supported");
            covers(SHARE, "unsupported");
        }
        Err(error) => panic!("{SHARE} should have succeeded or be unsupported, but gave {error}"),
    }
    runs_well(&device);
}
