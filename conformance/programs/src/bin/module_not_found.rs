//! The name of a kernel or of a builtin that does not exist is told in the error.

use wasi_cuda_conformance_programs::{
    default_device, functions::*, kernels, ok, refused_saying, runs_well,
};

fn main() -> wasi_cuda::Result<()> {
    let device = default_device();
    let builtin = device.load_builtin("no-such-builtin");
    refused_saying(LOAD, "not-found", &["no-such-builtin"], builtin);

    let module = device.load_ptx(kernels::BASIC)?;
    for name in [
        "vector_sub",
        "",
        "VECTOR_ADD",
        "vector_add ",
        "vector_add\0",
        "$L__BB0_2",
        "a",
    ] {
        refused_saying(
            GET_FUNCTION,
            "not-found",
            &[name.trim_end_matches('\0')],
            module.function(name),
        );
    }
    ok(GET_FUNCTION, module.function("vector_add"));
    runs_well(&device);
    Ok(())
}
