//! PTX that is cut off at any byte is refused, or is a smaller module; the host and the guest go on.

use wasi_cuda::Error;
use wasi_cuda_conformance_programs::{covers, default_device, functions::*, kernels, runs_well};

fn main() {
    let device = default_device();
    let source = kernels::INDICES;
    assert!(
        source.is_ascii() && source.len() > 1000,
        "the kernel is cut off between any two of its bytes"
    );
    let end = source.trim_end().len();
    for length in 0..end {
        match device.load_ptx(&source[..length]) {
            Err(Error::Rejected(diagnostics)) => {
                assert!(
                    !diagnostics.is_empty(),
                    "the refusal of {length} bytes should say why"
                );
            }
            // What comes before the kernel is a module without kernels.
            Ok(module) => {
                let functions = module.functions();
                assert!(
                    functions.is_empty(),
                    "{length} bytes of {end} were taken as {functions:?}"
                );
            }
            Err(error) => panic!(
                "{length} bytes of {end} should be refused with diagnostics, not with {error}"
            ),
        }
    }
    covers(LOAD, "rejected");
    runs_well(&device);
}
