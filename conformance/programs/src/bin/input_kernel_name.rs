//! A kernel name that does not exist is refused with a text that names it and those that exist.

use wasi_cuda::Result;
use wasi_cuda_conformance_programs::{
    default_device, functions::*, kernels, refused_saying, runs_well,
};

fn main() -> Result<()> {
    let device = default_device();
    let module = device.load_ptx(kernels::BASIC)?;
    let words = ["vector_ad", "vector_add", "affine"];
    refused_saying(
        GET_FUNCTION,
        "not-found",
        &words,
        module.function("vector_ad"),
    );
    let long = "x".repeat(1 << 20);
    refused_saying(GET_FUNCTION, "not-found", &["xxx"], module.function(&long));
    runs_well(&device);
    Ok(())
}
