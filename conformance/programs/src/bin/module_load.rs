//! A module tells its kernels in the order of the source, and a kernel tells what it takes.

use wasi_cuda::bindings::wasi::cuda::module::{Module, Source};
use wasi_cuda::{Parameter, ParameterType as Type, Severity};
use wasi_cuda_conformance_programs::{covers, default_device, functions::*, kernels, ok};

fn main() {
    let device = default_device();
    let module = ok(
        LOAD,
        Module::load(device.raw(), Source::Ptx(kernels::BASIC)),
    );
    assert_eq!(
        module.functions(),
        ["vector_add", "affine"],
        "the kernels of the module"
    );
    covers(FUNCTIONS, "ok");
    let errors = module
        .diagnostics()
        .into_iter()
        .filter(|it| it.severity == Severity::Error);
    assert_eq!(errors.count(), 0, "a module that was loaded has no errors");
    covers(DIAGNOSTICS, "ok");
    ok(GET_FUNCTION, module.get_function("affine"));

    let module = ok(
        LOAD,
        Module::load(device.raw(), Source::Ptx(kernels::PARAMETERS)),
    );
    let function = ok(GET_FUNCTION, module.get_function("parameters"));
    let info = function.info();
    assert_eq!(
        info.name, "parameters",
        "a kernel has the name of its source"
    );
    assert_eq!(
        info.parameters,
        expected_parameters(),
        "the parameters of the kernel"
    );
    let most = device.properties().max_threads_per_block;
    assert!(
        (1..=most).contains(&info.max_threads_per_block),
        "threads in a block: {info:?}"
    );
    assert_eq!(
        (info.shared_memory, info.local_memory),
        (0, 0),
        "this kernel uses neither: {info:?}"
    );
    assert!(info.registers > 0, "a kernel needs registers: {info:?}");
    covers(INFO, "ok");
}

/// An untyped parameter of 32 bits takes any value of that width, which the WIT calls `u32`.
fn expected_parameters() -> Vec<Parameter> {
    [
        ("out", Type::Pointer),
        ("a_s8", Type::S8),
        ("a_s16", Type::S16),
        ("a_s32", Type::S32),
        ("a_s64", Type::S64),
        ("a_u8", Type::U8),
        ("a_u16", Type::U16),
        ("a_u32", Type::U32),
        ("a_u64", Type::U64),
        ("a_f32", Type::F32),
        ("a_f64", Type::F64),
        ("a_b32", Type::U32),
        ("a_bytes", Type::Bytes(12)),
    ]
    .map(|(name, ty)| Parameter {
        name: name.into(),
        ty,
    })
    .into()
}
